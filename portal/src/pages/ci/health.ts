/** The overview of pipelines: what it asks, and one row per pipeline out of the answers. */

import { toNumber } from '../../lib/format';
import { lines } from '../../lib/kql';
import { rows, type Row, type Table } from '../../lib/query';
import { before, parseTime, parseTimespan, type Range } from '../../lib/time';
import { pipelineKey, report, scoped, scopeArguments, scopeWheres, type Pipeline, type Scope }
  from './scope';

/** How many of a pipeline's newest builds are drawn. */
export const SQUARES = 30;

/** How far back the newest builds of a pipeline are looked for, in milliseconds. */
const SQUARES_BACK = 90 * 86_400_000;

export type HealthQuery =
  | 'rate' | 'rateBefore' | 'first' | 'green' | 'greenBefore' | 'duration' | 'durationBefore'
  | 'categories' | 'categoriesBefore' | 'lost' | 'lostBefore'
  | 'flaky' | 'builds' | 'fingerprints' | 'any';

function byCategory(range: Range, scope: Scope): string {
  return lines(
    scoped('PrimaryErrors', range, scope),
    '| summarize Builds = count() by Organization, Project, Definition, Category, Domain',
  );
}

/** Tests with evidence of flakiness, and how many results it is, per pipeline. */
export function flakyQuery(range: Range, scope: Scope): string {
  return lines(
    report('CountedTestResults', range),
    '| where Outcome in ("Failed", "Aborted", "Timeout", "Error", "Passed", "PassedOnRerun")',
    '| summarize Reruns = countif(Outcome == "PassedOnRerun"),',
    '    FirstFail = minif(Attempt, Outcome !in ("Passed", "PassedOnRerun")),',
    '    LastPass = maxif(Attempt, Outcome in ("Passed", "PassedOnRerun"))',
    '    by Organization, Project, BuildId, TestStorage, TestName',
    '| where Reruns > 0 or LastPass > FirstFail',
    `| join kind=inner (${report('CompletedBuilds', { ...range, to: later(range.to) },
      scopeArguments(scope))}`,
    '    | project Organization, Project, BuildId, Definition)',
    '    on Organization, Project, BuildId',
    scopeWheres(scope),
    '| summarize Hits = count(), Tests = count_distinct(strcat(TestStorage, "\\n", TestName))',
    '    by Organization, Project, Definition',
  );
}

/** Builds end after their tests began. */
function later(time: Date): Date {
  return new Date(time.getTime() + 86_400_000);
}

export function healthQueries(range: Range, scope: Scope): Record<HealthQuery, string> {
  const past = before(range);
  const squares = { from: new Date(range.to.getTime() - SQUARES_BACK), to: range.to };
  return {
    rate: scoped('PassRate', range, scope),
    rateBefore: scoped('PassRate', past, scope),
    first: scoped('FirstAttemptPassRate', range, scope),
    green: scoped('TimeToGreen', range, scope, false),
    greenBefore: scoped('TimeToGreen', past, scope, false),
    duration: scoped('BuildDuration', range, scope),
    durationBefore: scoped('BuildDuration', past, scope),
    categories: byCategory(range, scope),
    categoriesBefore: byCategory(past, scope),
    lost: scoped('LostPeopleTime', range, scope, false),
    lostBefore: scoped('LostPeopleTime', past, scope, false),
    flaky: flakyQuery(range, scope),
    builds: lines(
      scoped('CompletedBuilds', squares, scope),
      '| sort by Organization asc, Project asc, Definition asc, FinishTime desc',
      '| extend Position = row_number(1, Organization != prev(Organization)',
      '    or Project != prev(Project) or Definition != prev(Definition))',
      `| where Position <= ${SQUARES}`,
      '| project Organization, Project, Definition, BuildId, BuildNumber, Result, FinishTime,',
      '    AttemptCount',
    ),
    fingerprints: lines(
      scoped('PrimaryErrors', { from: past.from, to: range.to }, scope),
      '| where isnotempty(Fingerprint)',
      '| summarize Builds = count(), First = min(FinishTime), Sample = take_any(Message)',
      '    by Fingerprint, Category',
      `| where First >= datetime(${range.from.toISOString()})`,
      '| top 5 by Builds',
    ),
    any: lines(
      'TimelineBuilds',
      '| summarize Builds = count(), Newest = max(FinishTime), Oldest = min(FinishTime)',
    ),
  };
}

export interface Square {
  build: string;
  number: string;
  result: string;
  finished: Date | null;
  attempts: number;
}

export interface Share {
  category: string;
  domain: string;
  builds: number;
}

export interface Health extends Pipeline {
  key: string;
  builds: number;
  passed: number;
  rate: number | null;
  rateLow: number | null;
  rateHigh: number | null;
  rateBefore: number | null;
  buildsBefore: number;
  firstRate: number | null;
  /** Since when a main branch is red; `null`: none is. */
  redSince: Date | null;
  redBranch: string;
  /** Milliseconds, medians of the main branch whose is longest. */
  timeToGreen: number | null;
  closed: number;
  p95: number | null;
  p95Before: number | null;
  durations: number;
  shares: Share[];
  failed: number;
  flakyHits: number;
  flakyTests: number;
  /** Milliseconds of people's time lost to repetitions (C3). */
  lost: number;
  squares: Square[];
}

function ms(cell: unknown): number | null {
  return typeof cell === 'string' ? parseTimespan(cell) : null;
}

function blank(row: Row): Health {
  return {
    key: pipelineKey(row),
    source: String(row.Organization),
    project: String(row.Project),
    definition: String(row.Definition),
    builds: 0, passed: 0, rate: null, rateLow: null, rateHigh: null, rateBefore: null,
    buildsBefore: 0, firstRate: null, redSince: null, redBranch: '', timeToGreen: null, closed: 0,
    p95: null, p95Before: null, durations: 0, shares: [], failed: 0, flakyHits: 0, flakyTests: 0,
    lost: 0, squares: [],
  };
}

type Answers = Record<HealthQuery, Table>;
type Fill = (health: Health, row: Row) => void;

const fills: Partial<Record<HealthQuery, Fill>> = {
  rate: (health, row) => {
    health.builds = toNumber(row.Builds) ?? 0;
    health.passed = toNumber(row.Passed) ?? 0;
    health.rate = toNumber(row.PassRate);
    health.rateLow = toNumber(row.PassRateLow);
    health.rateHigh = toNumber(row.PassRateHigh);
  },
  rateBefore: (health, row) => {
    health.rateBefore = toNumber(row.PassRate);
    health.buildsBefore = toNumber(row.Builds) ?? 0;
  },
  first: (health, row) => {
    health.firstRate = toNumber(row.FirstAttemptPassRate);
  },
  green: (health, row) => {
    const since = row.Open === true ? parseTime(row.OpenSince) : null;
    if (since && (health.redSince === null || since < health.redSince)) {
      health.redSince = since;
      health.redBranch = String(row.Branch);
    }
    const median = ms(row.MedianTimeToGreen);
    if (median !== null) health.timeToGreen = Math.max(median, health.timeToGreen ?? 0);
    health.closed += toNumber(row.Closed) ?? 0;
  },
  duration: (health, row) => {
    health.p95 = ms(row.P95);
    health.durations = toNumber(row.Builds) ?? 0;
  },
  durationBefore: (health, row) => {
    health.p95Before = (toNumber(row.Builds) ?? 0) >= 10 ? ms(row.P95) : null;
  },
  categories: (health, row) => {
    const builds = toNumber(row.Builds) ?? 0;
    health.shares.push({
      category: String(row.Category), domain: String(row.Domain), builds,
    });
    health.failed += builds;
  },
  lost: (health, row) => {
    health.lost = ms(row.LostTime) ?? 0;
  },
  flaky: (health, row) => {
    health.flakyHits = toNumber(row.Hits) ?? 0;
    health.flakyTests = toNumber(row.Tests) ?? 0;
  },
  builds: (health, row) => {
    health.squares.push({
      build: String(row.BuildId),
      number: String(row.BuildNumber),
      result: String(row.Result),
      finished: parseTime(row.FinishTime),
      attempts: toNumber(row.AttemptCount) ?? 1,
    });
  },
};

export function healths(answers: Answers): Health[] {
  const found = new Map<string, Health>();
  for (const [id, fill] of Object.entries(fills)) {
    for (const row of rows(answers[id as HealthQuery])) {
      const key = pipelineKey(row);
      const health = found.get(key) ?? blank(row);
      found.set(key, health);
      fill(health, row);
    }
  }
  const all = [...found.values()];
  for (const health of all) {
    health.shares.sort((a, b) => b.builds - a.builds || a.category.localeCompare(b.category));
  }
  return all;
}

export type HealthSort = 'hurts' | 'rate' | 'worse' | 'name' | 'slow' | 'flaky' | 'red';

export const sorts: { sort: HealthSort; label: string }[] = [
  { sort: 'hurts', label: 'Hurts most: people’s time lost' },
  { sort: 'rate', label: 'Lowest pass rate' },
  { sort: 'worse', label: 'Largest fall' },
  { sort: 'red', label: 'Red longest' },
  { sort: 'flaky', label: 'Most flaky hits' },
  { sort: 'slow', label: 'Slowest' },
  { sort: 'name', label: 'Name' },
];

/** Change of the pass rate in shares; 0 where one of the two is not known. */
function change(health: Health): number {
  return health.rate === null || health.rateBefore === null ? 0 : health.rate - health.rateBefore;
}

/** In the wanted order; equal ones by what fails most, then by name. */
export function sorted(list: Health[], sort: HealthSort): Health[] {
  const by: Record<HealthSort, (health: Health) => number> = {
    hurts: (health) => -health.lost,
    rate: (health) => health.rate ?? 2,
    worse: change,
    red: (health) => health.redSince?.getTime() ?? Infinity,
    flaky: (health) => -health.flakyHits,
    slow: (health) => -(health.p95 ?? 0),
    name: () => 0,
  };
  const value = by[sort];
  return list.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x !== y) return x < y ? -1 : 1;
    if (sort !== 'name' && a.failed !== b.failed) return b.failed - a.failed;
    return a.definition.localeCompare(b.definition) || a.key.localeCompare(b.key);
  });
}

export interface Totals {
  builds: number;
  passed: number;
  rate: number | null;
  rateBefore: number | null;
  failed: number;
  unknown: number;
  unknownShare: number | null;
  unknownShareBefore: number | null;
  /** Milliseconds. */
  lost: number;
  lostBefore: number;
  open: number;
  openBefore: number;
}

function sum(table: Table, of: (row: Row) => number | null): number {
  return rows(table).reduce((all, row) => all + (of(row) ?? 0), 0);
}

function share(part: number, all: number): number | null {
  return all === 0 ? null : part / all;
}

/** What UnknownShare counts, out of the same primary errors. */
function unknownOf(table: Table): number {
  return sum(table, (row) =>
    (['Unknown', 'NoError'].includes(String(row.Category)) ? toNumber(row.Builds) : 0));
}

export function totals(answers: Answers): Totals {
  const count = (table: Table, name: string): number => sum(table, (row) => toNumber(row[name]));
  const builds = count(answers.rate, 'Builds');
  const passed = count(answers.rate, 'Passed');
  const failed = count(answers.categories, 'Builds');
  const unknown = unknownOf(answers.categories);
  return {
    builds,
    passed,
    rate: share(passed, builds),
    rateBefore: share(count(answers.rateBefore, 'Passed'), count(answers.rateBefore, 'Builds')),
    failed,
    unknown,
    unknownShare: share(unknown, failed),
    unknownShareBefore: share(
      unknownOf(answers.categoriesBefore), count(answers.categoriesBefore, 'Builds')),
    lost: sum(answers.lost, (row) => ms(row.LostTime)),
    lostBefore: sum(answers.lostBefore, (row) => ms(row.LostTime)),
    open: sum(answers.green, (row) => (row.Open === true ? 1 : 0)),
    openBefore: sum(answers.greenBefore, (row) => (row.Open === true ? 1 : 0)),
  };
}
