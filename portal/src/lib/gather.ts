/** Queries that parts of a page ask at the same moment go to the server in one call. */

import { batch, type Outcome, type Table } from './query';
import type { Range } from './time';

/** Queries of one call, as the server takes them. */
const CALL_MAX = 20;

interface Waiting {
  kql: string;
  signal: AbortSignal;
  done: (outcome: Outcome) => void;
  failed: (error: unknown) => void;
}

interface Group {
  app: string;
  range: Range | null;
  waiting: Waiting[];
}

const groups = new Map<string, Group>();

/** The answer of `kql`, asked together with what else is asked now for the same range. */
export function gather(
  app: string,
  range: Range | null,
  kql: string,
  signal: AbortSignal,
): Promise<Table> {
  return new Promise<Outcome>((done, failed) => {
    const key = `${app}\n${range?.from.getTime()}\n${range?.to.getTime()}`;
    let group = groups.get(key);
    if (!group) {
      group = { app, range, waiting: [] };
      groups.set(key, group);
      setTimeout(() => send(key), 0);
    }
    group.waiting.push({ kql, signal, done, failed });
  }).then((outcome) => {
    if (outcome.error) throw outcome.error;
    return outcome.table;
  });
}

function send(key: string): void {
  const group = groups.get(key);
  groups.delete(key);
  const wanted = group?.waiting.filter(({ signal }) => !signal.aborted) ?? [];
  for (let at = 0; group && at < wanted.length; at += CALL_MAX) {
    void call(group, wanted.slice(at, at + CALL_MAX));
  }
}

async function call({ app, range }: Group, wanted: Waiting[]): Promise<void> {
  const controller = new AbortController();
  // The call ends when nobody waits for any of its answers.
  for (const { signal } of wanted) {
    signal.addEventListener('abort', () => {
      if (wanted.every((found) => found.signal.aborted)) controller.abort(signal.reason);
    });
  }
  try {
    const queries = Object.fromEntries(wanted.map(({ kql }, index) => [`q${index}`, kql]));
    const outcomes = await batch<string>(app, range, queries, controller.signal);
    wanted.forEach(({ done, failed }, index) => {
      const outcome = outcomes[`q${index}`];
      if (outcome) done(outcome);
      else failed(new Error('The server left an answer out.'));
    });
  } catch (error) {
    for (const { failed } of wanted) failed(error);
  }
}
