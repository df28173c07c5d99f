/** The overview of pipelines: what it asks, and one row per pipeline out of the answers. */

import { toNumber } from '../../lib/format';
import { lines } from '../../lib/kql';
import { rows, type Row, type Table } from '../../lib/query';
import { before, kqlTime, parseTime, parseTimespan, type Range } from '../../lib/time';
import { pipelineKey, scoped, type Pipeline, type Scope } from './scope';

/** How many of a pipeline's newest builds are drawn. */
export const SQUARES = 30;

/** How far back the newest builds of a pipeline are looked for, in milliseconds. */
const SQUARES_BACK = 90 * 86_400_000;

export type HealthQuery = 'health' | 'green' | 'errors' | 'flaky' | 'squares' | 'any';

/** Red intervals of main branches, of this span and the one before. */
function greenQuery(range: Range, scope: Scope): string {
  const past = before(range);
  const from = kqlTime(range.from);
  return lines(
    scoped('RedIntervals', { from: past.from, to: range.to }, scope, false),
    `| extend IsNow = IsOpen or End > ${from}`,
    '| summarize Closed = countif(IsNow and not(IsOpen)),',
    '    MedianTimeToGreen = percentile(',
    '        iff(IsNow and not(IsOpen), Length, timespan(null)), 50),',
    '    Open = countif(IsOpen) > 0, OpenSince = minif(Start, IsOpen),',
    `    OpenBefore = countif(Start < ${from} and (IsOpen or End >= ${from})) > 0`,
    '    by Organization, Project, Definition, Branch',
  );
}

/** Primary errors of both spans by category, and the most frequent that the one before had not. */
function errorsQuery(range: Range, scope: Scope): string {
  const from = kqlTime(range.from);
  const both = { from: before(range).from, to: range.to };
  return lines(
    `let Errors = materialize(${scoped('PrimaryErrors', both, scope)});`,
    'union',
    '    (Errors',
    `    | summarize Builds = countif(FinishTime >= ${from}),`,
    `        Before = countif(FinishTime < ${from})`,
    '        by Organization, Project, Definition, Category, Domain),',
    '    (Errors',
    '    | where isnotempty(Fingerprint)',
    '    | summarize Builds = count(), First = min(FinishTime), Sample = take_any(Message)',
    '        by Fingerprint, Category',
    `    | where First >= ${from}`,
    '    | order by Builds desc, Fingerprint asc',
    '    | take 5)',
  );
}

export function healthQueries(range: Range, scope: Scope): Record<HealthQuery, string> {
  const squares = { from: new Date(range.to.getTime() - SQUARES_BACK), to: range.to };
  return {
    health: scoped('PipelineHealth', range, scope),
    green: greenQuery(range, scope),
    errors: errorsQuery(range, scope),
    flaky: scoped('FlakyHits', range, scope),
    squares: lines(
      scoped('CompletedBuilds', squares, scope),
      '| sort by Organization asc, Project asc, Definition asc, FinishTime desc',
      '| extend Position = row_number(1, Organization != prev(Organization)',
      '    or Project != prev(Project) or Definition != prev(Definition))',
      `| where Position <= ${SQUARES}`,
      '| project Organization, Project, Definition, BuildId, BuildNumber, Result, FinishTime,',
      '    AttemptCount',
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
  firstPassed: number;
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
  flakyBuilds: number;
  /** Milliseconds of people's time lost to repetitions (C3). */
  lost: number;
  lostBuilds: number;
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
    buildsBefore: 0, firstPassed: 0, firstRate: null, redSince: null, redBranch: '',
    timeToGreen: null, closed: 0, p95: null, p95Before: null, durations: 0, shares: [], failed: 0,
    flakyHits: 0, flakyTests: 0, flakyBuilds: 0, lost: 0, lostBuilds: 0, squares: [],
  };
}

type Answers = Record<HealthQuery, Table>;
type Fill = (health: Health, row: Row) => void;

const fills: Partial<Record<HealthQuery, Fill>> = {
  health: (health, row) => {
    const count = (name: string): number => toNumber(row[name]) ?? 0;
    health.builds = count('Builds');
    health.passed = count('Passed');
    health.rate = toNumber(row.PassRate);
    health.rateLow = toNumber(row.PassRateLow);
    health.rateHigh = toNumber(row.PassRateHigh);
    health.rateBefore = toNumber(row.PassRateBefore);
    health.buildsBefore = count('BuildsBefore');
    health.firstPassed = count('FirstPassed');
    health.firstRate = toNumber(row.FirstAttemptPassRate);
    health.p95 = ms(row.P95);
    health.durations = count('Durations');
    health.p95Before = count('DurationsBefore') >= 10 ? ms(row.P95Before) : null;
    health.lost = ms(row.LostTime) ?? 0;
    health.lostBuilds = count('LostBuilds');
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
  errors: (health, row) => {
    const builds = toNumber(row.Builds) ?? 0;
    if (builds === 0) return;
    health.shares.push({ category: String(row.Category), domain: String(row.Domain), builds });
    health.failed += builds;
  },
  flaky: (health, row) => {
    health.flakyHits = toNumber(row.Hits) ?? 0;
    health.flakyTests = toNumber(row.Tests) ?? 0;
    health.flakyBuilds = toNumber(row.Builds) ?? 0;
  },
  squares: (health, row) => {
    health.squares.push({
      build: String(row.BuildId),
      number: String(row.BuildNumber),
      result: String(row.Result),
      finished: parseTime(row.FinishTime),
      attempts: toNumber(row.AttemptCount) ?? 1,
    });
  },
};

/** Of the answer about errors, the rows of pipelines and those of new failures. */
export function errorRows(table: Table, isNew: boolean): Row[] {
  return rows(table).filter((row) => (String(row.Fingerprint ?? '') !== '') === isNew);
}

export function healths(answers: Answers): Health[] {
  const found = new Map<string, Health>();
  for (const [id, fill] of Object.entries(fills)) {
    const table = answers[id as HealthQuery];
    for (const row of id === 'errors' ? errorRows(table, false) : rows(table)) {
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
  lostBuilds: number;
  open: number;
  openBefore: number;
}

function share(part: number, all: number): number | null {
  return all === 0 ? null : part / all;
}

export function totals(answers: Answers): Totals {
  const sum = (list: Row[], of: (row: Row) => number | null): number =>
    list.reduce((all, row) => all + (of(row) ?? 0), 0);
  const named = (list: Row[], name: string): number => sum(list, (row) => toNumber(row[name]));
  const health = rows(answers.health);
  const green = rows(answers.green);
  const errors = errorRows(answers.errors, false);
  // What UnknownShare counts.
  const unknown = errors.filter((row) => ['Unknown', 'NoError'].includes(String(row.Category)));
  return {
    builds: named(health, 'Builds'),
    passed: named(health, 'Passed'),
    rate: share(named(health, 'Passed'), named(health, 'Builds')),
    rateBefore: share(named(health, 'PassedBefore'), named(health, 'BuildsBefore')),
    failed: named(errors, 'Builds'),
    unknown: named(unknown, 'Builds'),
    unknownShare: share(named(unknown, 'Builds'), named(errors, 'Builds')),
    unknownShareBefore: share(named(unknown, 'Before'), named(errors, 'Before')),
    lost: sum(health, (row) => ms(row.LostTime)),
    lostBefore: sum(health, (row) => ms(row.LostTimeBefore)),
    lostBuilds: named(health, 'LostBuilds'),
    open: sum(green, (row) => (row.Open === true ? 1 : 0)),
    openBefore: sum(green, (row) => (row.OpenBefore === true ? 1 : 0)),
  };
}
