/** One pipeline as a grid of what ran in its newest builds, in the manner of TestGrid. */

import { toNumber } from '../../lib/format';
import { lines, text } from '../../lib/kql';
import { rows, type Table } from '../../lib/query';
import { grainOf, kqlTime, parseTime, span, type Range } from '../../lib/time';
import type { StatusKind } from '../../ui/Status.svelte';
import { piped, type Pipeline, type Scope } from './scope';
import { testPath } from './tests';

export type GridRows = 'stages' | 'jobs' | 'tasks' | 'tests';

export const gridRows: { rows: GridRows; label: string }[] = [
  { rows: 'stages', label: 'Stages' },
  { rows: 'jobs', label: 'Jobs' },
  { rows: 'tasks', label: 'Tasks' },
  { rows: 'tests', label: 'Tests' },
];

/** Builds that are columns. */
export const COLUMNS = 50;

/** Runs of tests begin before their build ends. */
const DAY = 86_400_000;

/** Cells that are asked for; more are told of. */
export const CELLS_MAX = 10_000;

export type Given = Pick<Scope, 'branch' | 'kind'>;

function columnsQuery(range: Range, pipeline: Pipeline, given: Given): string {
  return lines(
    piped('CompletedBuilds', range, pipeline, given),
    `| top ${COLUMNS} by FinishTime desc`,
    '| project Organization, Project, BuildId, BuildNumber, Result, FinishTime, SourceVersion,',
    '    AttemptCount, Branch, Kind',
  );
}

/** What ran in the newest builds, a row for each cell. */
export function cellsQuery(
  range: Range,
  pipeline: Pipeline,
  given: Given,
  kind: GridRows,
): string {
  const columns = `let Columns = ${columnsQuery(range, pipeline, given)};`;
  const among = '| join kind=leftsemi Columns on Organization, Project, BuildId';
  if (kind === 'tests') {
    return lines(
      columns,
      `let Runs = TestVerdicts(${kqlTime(new Date(range.from.getTime() - DAY))}, ${
        kqlTime(range.to)})`,
      `    ${among};`,
      'Runs',
      '| summarize Failed = countif(Verdict == "fail"), Reruns = countif(Verdict == "rerun"),',
      '    LastFail = maxif(Attempt, Verdict == "fail"),',
      '    LastPass = maxif(Attempt, Verdict != "fail")',
      '    by Name = TestName, Group = TestStorage, TestId, BuildId',
      '| join kind=inner (Runs | where Verdict != "pass"',
      '    | summarize Builds = count_distinct(BuildId) by TestId | top 150 by Builds) on TestId',
      '| order by Builds desc, Group asc, Name asc',
      '| project Name, Group, TestId, BuildId, Failed, Reruns, LastFail, LastPass',
      `| take ${CELLS_MAX}`,
    );
  }
  const type = { stages: 'Stage', jobs: 'Job', tasks: 'Task' }[kind];
  return lines(
    columns,
    `TimelineRecords | where Type == ${text(type)}`, among,
    '| summarize Bad = countif(Result in ("failed", "abandoned", "canceled")),',
    '    Attempts = count_distinct(EffectiveAttempt), Path = min(Path),',
    '    arg_max(EffectiveAttempt, Result, RecordId, Duration)',
    `    by Name, Group = ${{ stages: '""', jobs: 'StageName', tasks: 'JobName' }[kind]}, BuildId`,
    '| order by Path asc',
    `| take ${CELLS_MAX}`,
  );
}

/** The step of the trends: about as many points as a small chart can show. */
function trendStep(range: Range): string {
  return span(range) > 45 * 86_400_000 ? '7d' : grainOf(range, 31).kql;
}

export type PipelineQuery =
  | 'columns' | 'rate' | 'first' | 'green' | 'duration' | 'wait' | 'flaky' | 'critical'
  | 'rateTrend' | 'durationTrend' | 'categories' | 'any';

export function pipelineQueries(
  range: Range,
  pipeline: Pipeline,
  given: Given,
): Record<PipelineQuery, string> {
  const step = trendStep(range);
  const branch = { branch: given.branch };
  return {
    columns: columnsQuery(range, pipeline, given),
    rate: piped('PassRate', range, pipeline, given),
    first: piped('FirstAttemptPassRate', range, pipeline, given),
    green: piped('TimeToGreen', range, pipeline, branch),
    duration: piped('BuildDuration', range, pipeline, given),
    wait: piped('TimeToAnswer', range, pipeline, given),
    flaky: piped('FlakyHits', range, pipeline, given),
    critical: lines(piped('CriticalPathShare', range, pipeline, given), '| take 10'),
    rateTrend: lines(
      piped('PassRateTrend', range, pipeline, { ...given, step }),
      '| project Period, ["Pass rate"] = round(100 * PassRate, 1),',
      '    ["First attempt"] = round(100 * FirstAttemptPassRate, 1)',
      '| order by Period asc',
      '| render timechart with (ymin=0, ymax=100, ytitle="%")',
    ),
    durationTrend: lines(
      piped('CompletedBuilds', range, pipeline, given),
      '| where Result == "succeeded" and coalesce(AttemptCount, 1) <= 1',
      '| extend Minutes = (FinishTime - StartTime) / 1m',
      '| summarize p50 = round(percentile(Minutes, 50), 1),',
      '    p95 = round(percentile(Minutes, 95), 1)',
      `    by Period = bin(FinishTime, ${step})`,
      '| order by Period asc',
      '| render timechart with (ymin=0, ytitle="min")',
    ),
    categories: lines(
      piped('PrimaryErrors', range, pipeline, given),
      `| summarize Builds = count() by Period = bin(FinishTime, ${step}), Category`,
      '| order by Period asc, Category asc',
      '| render columnchart with (kind=stacked, ytitle="failed builds")',
    ),
    any: lines(
      'TimelineBuilds',
      `| where Organization == ${text(pipeline.source)} and Project == ${text(pipeline.project)}`,
      `| where Definition == ${text(pipeline.definition)}`,
      '| summarize Builds = count(), Newest = max(FinishTime)',
    ),
  };
}

export interface GridColumn {
  build: string;
  number: string;
  result: string;
  finished: Date | null;
  commit: string;
  attempts: number;
  branch: string;
}

export interface GridCell {
  kind: StatusKind;
  record: string;
  about: string;
}

export interface GridRow {
  key: string;
  name: string;
  group: string;
  /** Page of the test it is about; empty: it is about none. */
  path: string;
  cells: (GridCell | null)[];
  failures: number;
  flakes: number;
  runs: number;
}

export function columnsOf(table: Table): GridColumn[] {
  return rows(table).map((row) => ({
    build: String(row.BuildId),
    number: String(row.BuildNumber),
    result: String(row.Result),
    finished: parseTime(row.FinishTime),
    commit: String(row.SourceVersion ?? ''),
    attempts: toNumber(row.AttemptCount) ?? 1,
    branch: String(row.Branch ?? ''),
  }));
}

/** What a cell shows: what passed in the end and failed before is flaky. */
function kindOf(row: Record<string, unknown>, kind: GridRows): StatusKind {
  if (kind === 'tests') {
    const failed = toNumber(row.Failed) ?? 0;
    const isFlaky = (toNumber(row.Reruns) ?? 0) > 0
      || (failed > 0 && (toNumber(row.LastPass) ?? -1) > (toNumber(row.LastFail) ?? 0));
    if (isFlaky) return 'flaky';
    return failed > 0 ? 'fail' : 'pass';
  }
  const bad = toNumber(row.Bad) ?? 0;
  switch (String(row.Result ?? '')) {
    case 'succeeded': case 'succeededWithIssues': return bad > 0 ? 'flaky' : 'pass';
    case 'failed': case 'abandoned': return 'fail';
    case 'canceled': case 'skipped': return 'canceled';
    case '': return 'running';
    default: return 'none';
  }
}

/** Rows in the order of the answer, each with a cell or a gap for every column. */
export function gridOf(columns: GridColumn[], table: Table, kind: GridRows): GridRow[] {
  const places = new Map(columns.map((column, index) => [column.build, index]));
  const found = new Map<string, GridRow>();
  for (const row of rows(table)) {
    const place = places.get(String(row.BuildId));
    if (place === undefined) continue;
    const name = String(row.Name);
    const group = String(row.Group ?? '');
    const key = JSON.stringify([group, name]);
    let line = found.get(key);
    if (!line) {
      const cells = new Array<GridCell | null>(columns.length).fill(null);
      const path = row.TestId ? testPath(String(row.TestId)) : '';
      line = { key, name, group, path, cells, failures: 0, flakes: 0, runs: 0 };
      found.set(key, line);
    }
    const state = kindOf(row, kind);
    line.cells[place] = {
      kind: state,
      record: String(row.RecordId ?? ''),
      about: String(row.Result ?? ''),
    };
    if (state === 'fail') line.failures += 1;
    if (state === 'flaky') line.flakes += 1;
    if (state !== 'canceled') line.runs += 1;
  }
  return [...found.values()];
}

export interface GridWish {
  include: string;
  exclude: string;
  failuresOnly: boolean;
  sort: string;
}

/** The expression of a text; `null`: it is not one. */
export function expression(text: string): RegExp | null {
  try {
    return new RegExp(text, 'i');
  } catch {
    return null;
  }
}

/** Longest name an expression is tried on: names come from others, expressions from the reader. */
const NAME_MAX = 300;

export function chosen(list: GridRow[], wish: GridWish): GridRow[] {
  const include = wish.include === '' ? null : expression(wish.include);
  const exclude = wish.exclude === '' ? null : expression(wish.exclude);
  const kept = list.filter((row) => {
    const name = `${row.group} ${row.name}`.slice(0, NAME_MAX);
    if (include && !include.test(name)) return false;
    if (exclude?.test(name)) return false;
    return !wish.failuresOnly || row.failures + row.flakes > 0;
  });
  switch (wish.sort) {
    case 'failures': return kept.toSorted((a, b) => b.failures - a.failures || b.flakes - a.flakes);
    case 'flaky': return kept.toSorted((a, b) => b.flakes - a.flakes || b.failures - a.failures);
    case 'name': return kept.toSorted((a, b) => a.name.localeCompare(b.name));
    default: return kept;
  }
}
