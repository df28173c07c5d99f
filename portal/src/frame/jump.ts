/** What the jump box finds for a text. */

import { getJson } from '../lib/api';
import { count, cut, visible } from '../lib/format';
import { allItems, arrivalOf, kindOf, whatKql } from '../lib/items';
import { lines, text as literal } from '../lib/kql';
import { batch, rows, type Row } from '../lib/query';
import { appPath, currentApp, session } from '../lib/session.svelte';
import { kqlTime } from '../lib/time';
import { navigation } from '../routes';
import type { IconName } from '../ui/Icon.svelte';

export interface Place {
  label: string;
  about: string;
  icon: IconName;
  path: string;
  /** The path has a query of its own. */
  isPath?: boolean;
}

/** Places of one sort that are listed. */
const PLACES_MAX = 5;
/** Longest text that is looked up. */
const TEXT_MAX = 200;
/** How long typing must rest before the server is asked, in milliseconds. */
const REST_MS = 150;
const HOUR = 3_600_000;

function pages(): Place[] {
  return navigation.flatMap((group) => group.items.map((item) => ({
    label: item.label,
    about: item.key ? `g ${item.key}` : '',
    icon: item.icon,
    path: item.path.replace('/a/{app}/', `${appPath('')}`),
  })));
}

function applications(): Place[] {
  return (session.info?.apps ?? []).map((app) => ({
    label: app.name,
    about: 'Application',
    icon: 'overview' as const,
    path: `/a/${encodeURIComponent(app.name)}/overview`,
  }));
}

export type Sort = 'builds' | 'traced' | 'operations' | 'items' | 'pipelines' | 'tests';

/** What the server is asked about a text; each answer is a few rows. */
export function lookups(written: string): Partial<Record<Sort, string>> {
  const word = written.trim().slice(0, TEXT_MAX);
  const found: Partial<Record<Sort, string>> = {};
  const take = `| take ${PLACES_MAX}`;
  const number = /^#?(\d[\d.]{0,30})$/.exec(word)?.[1];
  if (number !== undefined) {
    const isId = /^\d{1,15}$/.test(number);
    found.builds = lines(
      'TimelineBuilds',
      `| where BuildNumber startswith ${literal(number)}${isId ? ` or BuildId == ${number}` : ''}`,
      `| order by StartTime desc ${take}`,
      '| project Organization, Project, BuildId, BuildNumber, Definition, Result',
    );
  }
  if (/^[0-9a-f]{32}$/i.test(word)) {
    found.traced = lines(
      'TimelineBuilds',
      `| where OperationId == ${literal(word.toLowerCase())}`,
      '| project Organization, Project, BuildId, BuildNumber, Definition, Result | take 1',
    );
  }
  if (/^[0-9a-f|.-]{8,}$/i.test(word) && number === undefined) {
    found.operations = lines(
      allItems,
      `| where operation_Id == ${literal(word)}`,
      '| summarize items = sum(itemCount), name = take_any(operation_Name) by operation_Id',
    );
  }
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word)) found.items = itemLookup(word);
  // An id is no part of a name.
  if (/^[0-9a-f|.-]{16,}$/i.test(word)) return found;
  if (/\p{L}{2}/u.test(word)) {
    found.pipelines = lines(
      'TimelineBuilds',
      `| where StartTime > ago(90d) and Definition contains ${literal(word)}`,
      '| summarize builds = count() by Organization, Project, Definition',
      `| top ${PLACES_MAX} by builds desc`,
    );
  }
  if (/\p{L}{3}/u.test(word)) {
    found.tests = lines(
      'TestResults',
      `| where StartTime > ago(30d) and TestName contains ${literal(word)}`,
      '| summarize results = count() by TestName',
      `| top ${PLACES_MAX} by results desc`,
    );
  }
  return found;
}

function itemLookup(itemId: string): string {
  const arrival = arrivalOf(itemId)?.getTime();
  return lines(
    allItems,
    // An item arrives near its time, which spares reading the others.
    arrival !== undefined && `| where timestamp > ${kqlTime(new Date(arrival - 49 * HOUR))}`
      + ` and timestamp < ${kqlTime(new Date(arrival + 3 * HOUR))}`,
    `| where itemId == ${literal(itemId.toLowerCase())}`,
    `| project itemId, itemType, what = ${whatKql}`,
    '| take 1',
  );
}

function path(...parts: unknown[]): string {
  return parts.map((part) => encodeURIComponent(String(part))).join('/');
}

function shown(cell: unknown): string {
  return cut(visible(String(cell ?? '')), 120);
}

function build(row: Row): Place {
  return {
    label: `${shown(row.Definition)} · ${shown(row.BuildNumber)}`,
    about: `Build ${shown(row.BuildId)}, ${shown(row.Result) || 'running'}`,
    icon: 'builds',
    path: `/ci/builds/${path(row.Organization, row.Project, row.BuildId)}`,
  };
}

const makers: Record<Sort, (row: Row) => Place> = {
  builds: build,
  traced: build,
  operations: (row) => ({
    label: shown(row.name) || shown(row.operation_Id),
    about: `Operation of ${count(row.items, 'item')}`,
    icon: 'dependency',
    path: appPath(`op/${path(row.operation_Id)}`),
  }),
  items: (row) => ({
    label: shown(row.what) || shown(row.itemId),
    about: kindOf(row.itemType)?.label ?? 'Item',
    icon: kindOf(row.itemType)?.icon ?? 'event',
    path: appPath(`item/${path(row.itemId)}`),
  }),
  pipelines: (row) => ({
    label: shown(row.Definition),
    about: `Pipeline, ${shown(row.Project)}`,
    icon: 'health',
    path: `/ci/pipelines/${path(row.Organization, row.Project, row.Definition)}`,
  }),
  tests: (row) => ({
    label: shown(row.TestName),
    about: `Test, ${count(row.results, 'result')}`,
    icon: 'tests',
    path: logs(testQuery(String(row.TestName)), 'P30D'),
    isPath: true,
  }),
};

/** What became of a test lately. */
export function testQuery(name: string): string {
  return lines(
    'TestResults',
    `| where TestName == ${literal(name)}`,
    '| order by StartTime desc',
    '| project StartTime, Outcome, DurationMs, Branch, BuildId, ErrorMessage',
  );
}

function logs(kql: string, range?: string): string {
  const query = new URLSearchParams({ q: kql, run: '1', ...(range ? { t: range } : {}) });
  return `${appPath('logs')}?${query}`;
}

interface Saved {
  queries: { name: string; folder: string; kql: string }[];
}

async function saved(word: string, signal: AbortSignal): Promise<Place[]> {
  if (word.length < 2) return [];
  const { queries } = await getJson<Saved>('api/portal/saved', signal);
  return queries
    .filter((query) => `${query.folder}/${query.name}`.toLowerCase().includes(word.toLowerCase()))
    .slice(0, PLACES_MAX)
    .map((query) => ({
      label: shown(query.name), about: 'Saved query', icon: 'saved', isPath: true,
      path: logs(query.kql),
    }));
}

async function remote(word: string, signal: AbortSignal): Promise<Record<Sort, Place[]>> {
  const found: Record<Sort, Place[]> = {
    builds: [], traced: [], operations: [], items: [], pipelines: [], tests: [],
  };
  const asked = lookups(word);
  if (Object.keys(asked).length === 0) return found;
  const answers = await batch<string>(currentApp(), null, asked, signal);
  for (const [sort, { table }] of Object.entries(answers)) {
    if (table) found[sort as Sort] = rows(table).map(makers[sort as Sort]);
  }
  return found;
}

function rest(signal: AbortSignal): Promise<void> {
  return new Promise((done, stopped) => {
    const timer = setTimeout(done, REST_MS);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      stopped(signal.reason as Error);
    });
  });
}

/** Whether a text is all of a name, or of a pipeline's last part. */
function isNamed({ label }: Place, word: string): boolean {
  const name = label.toLowerCase();
  const wanted = word.toLowerCase();
  return name === wanted || name.endsWith(`\\${wanted}`);
}

/**
 * Tells of places for `text`, first those known here, then those the server finds. What an id or
 * number names stands first. Fails with the abort's reason, or when the server does.
 */
export async function places(
  text: string,
  signal: AbortSignal,
  found: (list: Place[]) => void,
): Promise<void> {
  const word = text.trim();
  const known = [...pages(), ...applications()];
  const here = known.filter((place) => place.label.toLowerCase().includes(word.toLowerCase()));
  if (word === '') {
    found(here);
    return;
  }
  const search: Place = {
    label: `Search for “${cut(word, 80)}”`,
    about: 'Search',
    icon: 'search',
    path: `${appPath('search')}?q=${encodeURIComponent(word)}`,
    isPath: true,
  };
  found([...here, search]);
  await rest(signal);
  const [answers, queries] = await Promise.all([
    remote(word, signal),
    saved(word, signal).catch(() => []),
  ]);
  signal.throwIfAborted();
  const named = [...answers.pipelines, ...queries, ...answers.tests];
  const exact = [
    ...answers.items, ...answers.operations, ...answers.traced, ...answers.builds,
    ...named.filter((place) => isNamed(place, word)),
  ];
  const others = named.filter((place) => !exact.includes(place));
  found([...exact, ...here, search, ...others]);
}
