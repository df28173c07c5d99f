/** The tiles of Overview: what each asks, draws and leads to. */

import type { Unit } from '../../chart/units';
import { OTHER } from '../../chart/tokens';
import { lines, text } from '../../lib/kql';
import type { Changes } from '../../lib/router.svelte';
import { kqlTime, type Range } from '../../lib/time';

export interface Tile {
  id: string;
  title: string;
  /** Its table; the tile is there when this has rows. */
  table: string;
  /** Name of the query of the page it reads from. */
  query: QueryId;
  /** Columns of that query it draws; empty: all. */
  columns: string[];
  /** How it is drawn, as a `render` kind. */
  kind: string;
  unit: Unit;
  /** A missing bin is zero, or a gap. */
  fill: 'zero' | 'gap';
  /** The page behind it. */
  page: 'metrics' | 'search';
  parameters: Changes;
}

export type QueryId =
  | 'requests' | 'events' | 'exceptions' | 'availability' | 'dependencies' | 'traces'
  | 'pageViews' | 'customMetrics' | 'counters';

function chart(metric: string, rest: object = {}): Changes {
  return { c: JSON.stringify({ m: metric, a: 'count', ...rest }) };
}

function counted(part: Partial<Tile> & Pick<Tile, 'id' | 'title' | 'table' | 'query'>): Tile {
  return {
    columns: [], kind: 'columnchart', unit: 'none', fill: 'zero', page: 'metrics',
    parameters: {}, ...part,
  };
}

/** In this order; the first six whose table has rows are shown. */
export const tiles: Tile[] = [
  counted({
    id: 'failed', title: 'Failed requests', table: 'requests', query: 'requests',
    columns: ['Failed'], page: 'search',
    parameters: { type: 'request', f: ['success:eq:False'] },
  }),
  counted({
    id: 'duration', title: 'Duration', table: 'requests', query: 'requests',
    columns: ['p50', 'p95'], kind: 'timechart', unit: 'ms', fill: 'gap',
    parameters: { c: JSON.stringify({ m: 'requests.duration', a: 'p95' }) },
  }),
  counted({
    id: 'requests', title: 'Requests', table: 'requests', query: 'requests',
    columns: ['Requests'], parameters: chart('requests'),
  }),
  counted({
    id: 'events', title: 'Events by name', table: 'customEvents', query: 'events',
    parameters: chart('events', { s: ['name'] }),
  }),
  counted({
    id: 'exceptions', title: 'Exceptions by type', table: 'exceptions', query: 'exceptions',
    page: 'search', parameters: { type: 'exception' },
  }),
  counted({
    id: 'availability', title: 'Availability', table: 'availabilityResults',
    query: 'availability', columns: ['Availability'], kind: 'timechart', unit: 'share',
    fill: 'gap', parameters: chart('availability', { s: ['success'] }),
  }),
  counted({
    id: 'dependencies', title: 'Failed dependencies', table: 'dependencies',
    query: 'dependencies', columns: ['Failed'], parameters: chart('dependencies.failed'),
  }),
  counted({
    id: 'traces', title: 'Traces by severity', table: 'traces', query: 'traces',
    parameters: chart('traces', { s: ['severityLevel'] }),
  }),
  counted({
    id: 'pageViews', title: 'Page views by name', table: 'pageViews', query: 'pageViews',
    parameters: chart('pageViews', { s: ['name'] }),
  }),
  counted({
    id: 'customMetrics', title: 'Metric values by name', table: 'customMetrics',
    query: 'customMetrics', parameters: chart('customMetrics', { s: ['name'] }),
  }),
  counted({
    id: 'counters', title: 'Performance counter values', table: 'performanceCounters',
    query: 'counters', parameters: chart('performanceCounters', { s: ['counter'] }),
  }),
];

export const TILES_MAX = 6;

/** Series of a tile that is split; the rest is one more. */
const SERIES = 5;

/** Counts split by the most frequent values of a field. */
function splitKql(table: string, field: string, bin: string, count = 'sum(itemCount)'): string {
  return lines(
    `let Items = ${table} | extend Series = iff(isempty(${field}), "(empty)", ${field});`,
    `let Largest = Items | summarize Count = ${count} by Series `
      + `| top ${SERIES} by Count | project Series;`,
    'Items',
    `| extend Series = iff(Series in (Largest), Series, ${text(OTHER)})`,
    `| summarize Count = ${count} by ${bin}, Series`,
    '| order by timestamp asc',
    '| render columnchart with (kind=stacked)',
  );
}

const severity = 'case(severityLevel == 0, "Verbose", severityLevel == 1, "Information", '
  + 'severityLevel == 2, "Warning", severityLevel == 3, "Error", '
  + 'severityLevel == 4, "Critical", "")';

function weighted(percent: number): string {
  return `percentilew(duration, itemCount, ${percent})`;
}

/** The query of a tile; `step` is the width of a bin. */
export function tileKql(query: QueryId, step: string): string {
  const bin = `bin(timestamp, ${step})`;
  const end = '| order by timestamp asc';
  switch (query) {
    case 'requests':
      return lines(
        'requests',
        '| summarize Requests = sum(itemCount), Failed = sumif(itemCount, success == false), '
          + `(p50, p95) = percentilesw(duration, itemCount, 50, 95) by ${bin}`,
        end, '| render timechart',
      );
    case 'events': return splitKql('customEvents', 'name', bin);
    case 'exceptions': return splitKql('exceptions', 'type', bin);
    case 'availability':
      return lines(
        'availabilityResults',
        '| summarize Passed = sumif(itemCount, success == true), Results = sum(itemCount) '
          + `by ${bin}`,
        '| extend Availability = 1.0 * Passed / Results',
        end, '| render timechart',
      );
    case 'dependencies':
      return lines(
        'dependencies',
        '| summarize Dependencies = sum(itemCount), '
          + `Failed = sumif(itemCount, success == false) by ${bin}`,
        end, '| render columnchart',
      );
    case 'traces': return splitKql('traces', severity, bin);
    case 'pageViews': return splitKql('pageViews', 'name', bin);
    case 'customMetrics': return splitKql('customMetrics', 'name', bin, 'sum(valueCount)');
    case 'counters': return splitKql('performanceCounters', 'counter', bin, 'count()');
  }
}

/** The tables that had rows in the last 30 days. */
export function presenceKql(now: Date): string {
  const since = kqlTime(new Date(now.getTime() - 30 * 86_400_000));
  const all = [...new Set(tiles.map(({ table }) => table))];
  const parts = all.map((table) =>
    `(${table} | where timestamp > ${since} | take 1 | project Table = ${text(table)})`);
  return `union\n  ${parts.join(',\n  ')}`;
}

const IDS = 'Projects = count_distinctif(tostring(customDimensions.projectId), '
  + 'isnotempty(customDimensions.projectId)), '
  + 'Users = count_distinctif(user_Id, isnotempty(user_Id))';

/** The numbers above the tiles, of the range and of the span before it. */
export function numbersKql(table: 'requests' | 'customEvents', range: Range): string {
  const from = range.from.getTime();
  const start = new Date(from - (range.to.getTime() - from));
  const failed = table === 'requests'
    ? `Failed = sumif(itemCount, success == false), p95 = ${weighted(95)}, ` : '';
  return lines(
    table,
    `| where timestamp >= ${kqlTime(start)} and timestamp < ${kqlTime(range.to)}`,
    `| extend Span = iff(timestamp >= ${kqlTime(range.from)}, "now", "before")`,
    `| summarize Count = sum(itemCount), ${failed}${IDS} by Span`,
  );
}

/** What was kept and what it stands for, by table. */
const sampledKql = lines(
  'union withsource = Table requests, dependencies, exceptions, traces, customEvents, pageViews, '
    + 'availabilityResults',
  '| summarize Kept = count(), Sent = sum(itemCount) by Table',
);

export const operationsKql = lines(
  'requests',
  '| summarize Count = sum(itemCount), Failed = sumif(itemCount, success == false), '
    + `p95 = ${weighted(95)} by name`,
  '| top 5 by Count',
);

export const eventsKql = lines(
  'customEvents',
  `| summarize Count = sum(itemCount), ${IDS} by name`,
  '| top 5 by Count',
);

export const exceptionsKql = lines(
  'exceptions',
  '| summarize Count = sum(itemCount), arg_max(timestamp, outerMessage) by type, problemId',
  '| top 5 by timestamp',
  '| project type, problemId, Message = outerMessage, Count, LastSeen = timestamp',
);

/** The tiles of an application whose tables `present` have rows. */
export function chosenTiles(present: string[]): Tile[] {
  return tiles.filter(({ table }) => present.includes(table)).slice(0, TILES_MAX);
}

/** All queries of the page. */
export function pageQueries(
  present: string[],
  range: Range,
  step: string,
): Record<string, string> {
  const queries: Record<string, string> = {};
  for (const { query } of chosenTiles(present)) queries[query] = tileKql(query, step);
  const main = present.includes('requests') ? 'requests'
    : present.includes('customEvents') ? 'customEvents' : null;
  if (main) queries.numbers = numbersKql(main, range);
  if (main === 'requests') queries.operations = operationsKql;
  if (main === 'customEvents') queries.topEvents = eventsKql;
  if (present.includes('exceptions')) queries.newest = exceptionsKql;
  if (present.length > 0) queries.sampled = sampledKql;
  return queries;
}
