/** Queries: streamed ones, and several of one page at once. */

import { ApiError, call, sendJson, type ApiErrorBody } from './api';
import type { Range } from './time';

/** A value of an answer; longs that no number holds and decimals are texts. */
export type Cell = string | number | boolean | null | Cell[] | { [key: string]: Cell };

export interface Column {
  name: string;
  /** `bool datetime decimal dynamic guid int long real string timespan`. */
  type: string;
}

export interface Render {
  kind: string;
  properties: Record<string, string>;
}

export interface Trouble {
  code: string;
  message: string;
}

/** A table of an answer, column by column. */
export interface Table {
  schema: Column[];
  columns: Cell[][];
  rows: number;
  render: Render | null;
  /** Why rows are missing; shown, never hidden. */
  partial: Trouble | null;
}

export const emptyTable: Table = { schema: [], columns: [], rows: 0, render: null, partial: null };

/** The values of a column; none when there is no such column. */
export function column(table: Table, name: string): Cell[] {
  const index = table.schema.findIndex((found) => found.name === name);
  return table.columns[index] ?? [];
}

export type Row = Record<string, Cell>;

/** The rows as objects; for tables of a page, not for large answers. */
export function rows(table: Table): Row[] {
  return Array.from({ length: table.rows }, (_, index) => rowAt(table, index));
}

export function rowAt(table: Table, index: number): Row {
  const row: Row = {};
  table.schema.forEach((found, place) => {
    row[found.name] = table.columns[place]?.[index] ?? null;
  });
  return row;
}

/** As the server writes it: a property with several values is a list. */
interface WrittenRender {
  kind: string;
  properties: Record<string, string | string[]>;
}

function readRender(written: WrittenRender | null | undefined): Render | null {
  if (!written) return null;
  const properties = Object.entries(written.properties)
    .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  return { kind: written.kind, properties: Object.fromEntries(properties) };
}

/** A parameter that a text declares; offsets in UTF-16 units of the text. */
export interface Declared {
  name: string;
  type: string;
  start: number;
  end: number;
  default: { text: string; start: number; end: number } | null;
}

/** Rows as a table, for taking them elsewhere; all have the columns of the first. */
export function tableOf(list: Row[]): Table {
  const names = Object.keys(list[0] ?? {});
  return {
    ...emptyTable,
    schema: names.map((name) => ({ name, type: 'string' })),
    columns: names.map((name) => list.map((row) => row[name] ?? null)),
    rows: list.length,
  };
}

export interface Question {
  app: string;
  kql: string;
  range?: Range | null;
  /** Values of `declare query_parameters` by name: literals of KQL or plain texts. */
  parameters?: Record<string, string>;
}

interface BatchAnswer {
  results: {
    id: string;
    schema?: Column[];
    columns?: Cell[][];
    rows?: number;
    render?: WrittenRender | null;
    partial?: Trouble | null;
    error?: ApiErrorBody | null;
    elapsedMs?: number;
  }[];
}

/** What a batch gives for one of its queries. */
export type Outcome = { table: Table; error: null } | { table: null; error: ApiError };

function times(range: Range | null | undefined): { from?: string; to?: string } {
  return range ? { from: range.from.toISOString(), to: range.to.toISOString() } : {};
}

/** Answers under the tags the server gave them; it says when such an answer is still right. */
const kept = new Map<string, { tag: string; answer: BatchAnswer }>();
/** Answers that are kept, and cells of all of them. */
const KEPT_MAX = 40;
const KEPT_CELLS_MAX = 500_000;

function cellsOf({ results }: BatchAnswer): number {
  return results.reduce((sum, { rows = 0, schema = [] }) => sum + rows * schema.length, 0);
}

function keepAnswer(body: string, tag: string, answer: BatchAnswer): void {
  kept.delete(body);
  kept.set(body, { tag, answer });
  let cells = 0;
  for (const [place, found] of [...kept.entries()].toReversed().entries()) {
    cells += cellsOf(found[1].answer);
    if (place >= KEPT_MAX || cells > KEPT_CELLS_MAX) kept.delete(found[0]);
  }
}

/** The answer to a batch; one that is known is not sent again while its rows are the same. */
async function ask(body: string, signal?: AbortSignal): Promise<BatchAnswer> {
  const known = kept.get(body);
  const response = await call('api/portal/batch', {
    method: 'POST',
    signal: signal ?? null,
    headers: {
      'Content-Type': 'application/json', ...(known ? { 'If-None-Match': known.tag } : {}),
    },
    body,
  });
  if (response.status === 304 && known) return known.answer;
  const answer = (await response.json()) as BatchAnswer;
  const tag = response.headers.get('etag');
  if (tag) keepAnswer(body, tag, answer);
  else kept.delete(body);
  return answer;
}

/** Asks all of `queries` in one call; a query that fails does not fail the others. */
export async function batch<K extends string>(
  app: string,
  range: Range | null,
  queries: Record<K, string>,
  signal?: AbortSignal,
  parameters: Record<string, string> = {},
): Promise<Record<K, Outcome>> {
  const list = Object.entries<string>(queries).map(([id, kql]) => ({ id, kql }));
  const body = JSON.stringify({ app, ...times(range), queries: list, parameters });
  const answer = await ask(body, signal);
  const outcomes = {} as Record<K, Outcome>;
  for (const { id, error, render, ...found } of answer.results) {
    outcomes[id as K] = error
      ? { table: null, error: new ApiError(error.status ?? 400, error) }
      : { table: { ...emptyTable, ...found, render: readRender(render) } as Table, error: null };
  }
  return outcomes;
}

/** As `batch`, where any failure is one of the page. */
export async function tables<K extends string>(
  app: string,
  range: Range | null,
  queries: Record<K, string>,
  signal?: AbortSignal,
  parameters: Record<string, string> = {},
): Promise<Record<K, Table>> {
  const outcomes = await batch(app, range, queries, signal, parameters);
  const found = {} as Record<K, Table>;
  for (const [id, outcome] of Object.entries<Outcome>(outcomes)) {
    if (outcome.error) throw outcome.error;
    found[id as K] = outcome.table;
  }
  return found;
}

export interface QueryStats {
  rows: number;
  elapsedMs: number;
  rowsScanned?: number;
  bytesScanned?: number;
  extents?: { read: number; pruned: number };
  stages?: { name: string; ms: number; rows: number }[];
  planMs?: number;
  memoryBytes?: number;
  /** What each `where` left; `isRange`: the time range of the page. Offsets as in `Diagnostic`. */
  filters?: {
    text: string;
    start: number;
    end: number;
    isRange: boolean;
    rowsBefore: number;
    rows: number;
  }[];
}

export interface StreamHead {
  schema: Column[];
  render: Render | null;
  timeInQuery: boolean;
  /** What the text declares. */
  parameters: Declared[];
  queryId: string;
}

export interface StreamEvents {
  head?: (head: StreamHead) => void;
  /** A batch arrived; `table` holds all rows so far and is the same object each time. */
  rows?: (table: Table) => void;
}

export interface StreamEnd {
  table: Table;
  /** Further tables of the answer, which are not read. */
  moreTables: number;
  stats: QueryStats | null;
}

/** The forms a query takes on its way to a plan; of very long ones the beginning. */
export interface Forms {
  forms: { name: string; text: string }[];
  /** Of all of them together. */
  bytes: number;
  isCut: boolean;
}

/** Asks how a query would be answered; its rows are not read. */
export function explain({ range, ...rest }: Question, signal: AbortSignal): Promise<Forms> {
  const body = { ...rest, ...times(range), explain: true };
  return sendJson<Forms>('POST', 'api/portal/query', body, { signal });
}

/** Asks one query and tells of its rows as they come; ends with all of them. */
export async function stream(
  question: Question & { rowsMax?: number; history?: boolean },
  events: StreamEvents,
  signal?: AbortSignal,
): Promise<StreamEnd> {
  const { range, ...rest } = question;
  const response = await call('api/portal/query', {
    method: 'POST',
    signal: signal ?? null,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...rest, ...times(range) }),
  });
  const table: Table = { ...emptyTable, columns: [] };
  let stats: QueryStats | null = null;
  let moreTables = 0;
  for await (const line of lines(response)) {
    const part = JSON.parse(line);
    if (part.table > 0) moreTables += 1;
    const isFirstTable = moreTables === 0;
    if (part.schema && isFirstTable) {
      table.schema = part.schema;
      table.columns = part.schema.map(() => []);
      table.render = readRender(part.render);
      events.head?.({ ...part, render: table.render });
    } else if (part.batch && isFirstTable) {
      append(table, part.batch);
      table.rows += part.rows;
      events.rows?.(table);
    } else if ('stats' in part) {
      stats = part.stats;
      table.partial = part.partial ?? null;
      if (part.error) throw new ApiError(part.error.status ?? 400, part.error);
    } else if (part.error) {
      throw new ApiError(part.error.status ?? 400, part.error);
    }
  }
  if (!stats) {
    throw new ApiError(0, { code: 'broken_off', message: 'The answer broke off.' });
  }
  return { table, stats, moreTables };
}

function append(table: Table, batch: Cell[][]): void {
  batch.forEach((cells, index) => {
    const target = table.columns[index];
    // Not spread: an answer may have more cells than a call may have arguments.
    if (target) for (const cell of cells) target.push(cell);
  });
}

async function* lines(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = value.split('\n');
    parts[0] = rest + parts[0];
    rest = parts.pop() ?? '';
    for (const part of parts) if (part !== '') yield part;
  }
  if (rest !== '') yield rest;
}
