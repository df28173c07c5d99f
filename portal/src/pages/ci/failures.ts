/** Errors of builds by fingerprint: what is asked, and in which state each is. */

import { toNumber } from '../../lib/format';
import { lines, text } from '../../lib/kql';
import { rows, type Row, type Table } from '../../lib/query';
import { before, grainOf, kqlTime, parseTime, span, type Range } from '../../lib/time';
import { knownBy, knownByOf, knownByQuery, POINTS, type KnownBy } from './known';
import { follows } from './message';
import { everything, report, scopeArguments, scopeWheres, type Scope } from './scope';

export type FailureState = 'new' | 'known' | 'gone' | 'unknown' | 'before';

export const states: { state: FailureState; label: string; about: string }[] = [
  { state: 'new', label: 'New', about: 'First seen in this time range' },
  { state: 'before', label: 'Seen before', about: 'Seen before this time range as well' },
  { state: 'known', label: 'Known', about: 'A known issue explains it' },
  { state: 'gone', label: 'Gone', about: 'Seen in the span before, not in this one' },
  { state: 'unknown', label: 'Unknown', about: 'Without a category: nobody can tell the cause' },
];

export interface Failure {
  key: string;
  fingerprint: string;
  category: string;
  domain: string;
  sample: string;
  hits: number;
  /** Of these, those that only logs tell of. */
  inLogs: number;
  builds: number;
  definitions: number;
  pullRequests: number | null;
  first: Date | null;
  last: Date | null;
  states: FailureState[];
  /** The known issue that explains most of its builds. */
  knownBy: KnownBy | null;
  /** Builds per step of time, oldest first. */
  spark: number[];
}

export type FailuresQuery = 'now' | 'past' | 'ever' | 'spark' | 'pulls' | 'known' | 'any';

/** Times of everything that was collected until the end of a range. */
function ever(range: Range): Range {
  return { from: new Date(0), to: range.to };
}

/** Errors of the latest attempts of a scope with the build they belong to. */
export function errorsOf(range: Range, scope: Scope): string {
  return lines(
    'BuildErrors()',
    '| where IsLatestAttempt',
    '| join kind=inner (',
    `    ${report('CompletedBuilds', range, scopeArguments(scope))}`,
    scopeWheres(scope),
    '    | project Organization, Project, BuildId, Definition, FinishTime, PullRequestNumber,',
    '        BuildUrl = Url, Repository)',
    '    on Organization, Project, BuildId',
    '| extend Build = strcat(Organization, "/", Project, "/", BuildId)',
  );
}

/** The report, or the same for a part of it that the report has no parameter for. */
function breakdown(range: Range, scope: Scope): string {
  if (scopeWheres(scope) === '') {
    return report('FailureBreakdown', range, scopeArguments(scope));
  }
  return lines(
    errorsOf(range, scope),
    '| summarize Hits = count(), InLogs = countif(Source == "log"),',
    '    Builds = count_distinct(Build), Definitions = count_distinct(Definition),',
    '    First = min(FinishTime), arg_max(FinishTime, Message, BuildUrl)',
    '    by Category, Domain, Fingerprint',
    '| project-rename Last = FinishTime, Sample = Message, SampleUrl = BuildUrl',
    '| order by Builds desc, Hits desc, Fingerprint asc',
  );
}

export function stepOf(range: Range): { kql: string; ms: number } {
  return grainOf(range, POINTS);
}

export function failuresQueries(range: Range, scope: Scope): Record<FailuresQuery, string> {
  return {
    now: lines(breakdown(range, scope), `| take ${FAILURES_MAX + 1}`),
    past: lines(breakdown(before(range), scope), `| take ${FAILURES_MAX + 1}`),
    ever: lines(
      breakdown(ever(range), everything),
      '| summarize First = min(First) by Fingerprint',
    ),
    spark: lines(
      errorsOf(range, scope),
      '| summarize Builds = count_distinct(Build)',
      `    by Fingerprint, Category, At = bin(FinishTime, ${stepOf(range).kql})`,
    ),
    pulls: lines(
      errorsOf(range, scope),
      '| where isnotnull(PullRequestNumber)',
      '| summarize PullRequests = count_distinct(strcat(Repository, "#", PullRequestNumber))',
      '    by Fingerprint, Category',
    ),
    known: knownByQuery,
    any: anyQuery,
  };
}

/** Whether anything was collected, and of which time. */
export const anyQuery = lines(
  'TimelineBuilds',
  '| summarize Builds = count(), Newest = max(FinishTime), Oldest = min(FinishTime)',
);

/** Rows of the list; more are told of. */
export const FAILURES_MAX = 500;

/** Errors that look alike may have different causes, which are rows of their own. */
function keyOf(row: Row): string {
  return `${String(row.Fingerprint)} ${categoryOf(row)}`;
}

function categoryOf({ Category }: Row): string {
  return Category ? String(Category) : 'Unknown';
}

function failureOf(row: Row): Failure {
  const text = (name: string): string => String(row[name] ?? '');
  return {
    key: keyOf(row),
    fingerprint: text('Fingerprint'),
    category: categoryOf(row),
    domain: text('Domain'),
    sample: text('Sample'),
    hits: toNumber(row.Hits) ?? 0,
    inLogs: toNumber(row.InLogs) ?? 0,
    builds: toNumber(row.Builds) ?? 0,
    definitions: toNumber(row.Definitions) ?? 0,
    pullRequests: 0,
    first: parseTime(row.First),
    last: parseTime(row.Last),
    states: [],
    knownBy: null,
    spark: [],
  };
}

function grouped(table: Table, keyOf: (row: Row) => string): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows(table)) {
    const key = keyOf(row);
    const list = found.get(key);
    if (list) list.push(row);
    else found.set(key, [row]);
  }
  return found;
}

/** Counts per step, for the whole range, also where nothing was. */
export function sparkOf(list: Row[], range: Range): number[] {
  const { ms } = stepOf(range);
  const start = Math.floor(range.from.getTime() / ms);
  const length = Math.min(400, Math.ceil(range.to.getTime() / ms) - start);
  const found = new Array<number>(Math.max(1, length)).fill(0);
  for (const row of list) {
    const time = parseTime(row.At);
    const at = time === null ? -1 : Math.floor(time.getTime() / ms) - start;
    if (at >= 0 && at < found.length) found[at] = toNumber(row.Builds) ?? 0;
  }
  return found;
}

/** Whether builds from before a range were collected: else nobody can tell what is new in it. */
export function reachesBack(any: Table, range: Range): boolean {
  const oldest = parseTime(rows(any)[0]?.Oldest);
  return oldest !== null && oldest < range.from;
}

/** Those that tell why first: that a step failed is said by most builds, whatever the cause. */
function tellingFirst(list: Failure[]): Failure[] {
  return list.toSorted((a, b) => Number(follows(a.sample)) - Number(follows(b.sample)));
}

/** Of the range first, then what is gone; each in the order of the report but for those. */
export function failures(answers: Record<FailuresQuery, Table>, range: Range): Failure[] {
  const ever = grouped(answers.ever, (row) => String(row.Fingerprint));
  const sparks = grouped(answers.spark, keyOf);
  const pulls = grouped(answers.pulls, keyOf);
  const now = rows(answers.now).slice(0, FAILURES_MAX).map(failureOf);
  const isPastKnown = reachesBack(answers.any, range);
  for (const failure of now) {
    const first = parseTime(ever.get(failure.fingerprint)?.[0]?.First) ?? failure.first;
    if (first !== null && first < range.from) failure.states.push('before');
    else if (isPastKnown) failure.states.push('new');
    failure.first = first;
    failure.pullRequests = toNumber(pulls.get(failure.key)?.[0]?.PullRequests) ?? 0;
    failure.spark = sparkOf(sparks.get(failure.key) ?? [], range);
  }
  const here = new Set(now.map((failure) => failure.fingerprint));
  const gone = rows(answers.past).slice(0, FAILURES_MAX).map(failureOf)
    .filter((failure) => !here.has(failure.fingerprint));
  for (const failure of gone) {
    failure.states.push('gone');
    failure.first = parseTime(ever.get(failure.fingerprint)?.[0]?.First) ?? failure.first;
    failure.pullRequests = null;
    failure.spark = sparkOf([], range);
  }
  const all = [...tellingFirst(now), ...tellingFirst(gone)];
  const known = knownBy(answers.known);
  for (const failure of all) {
    failure.knownBy = known.get(failure.fingerprint) ?? null;
    if (failure.knownBy) failure.states.push('known');
    if (failure.category === 'Unknown') failure.states.push('unknown');
  }
  return all;
}

/** Failures in a state whose text or category has all words. */
export function wanted(list: Failure[], state: string, query: string): Failure[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return list.filter((failure) => {
    const has = `${failure.category} ${failure.fingerprint} ${failure.sample}`.toLowerCase();
    const isIn = state === '' ? !failure.states.includes('gone')
      : failure.states.includes(state as FailureState);
    return isIn && words.every((word) => has.includes(word));
  });
}

export type FailureQuery =
  | 'summary' | 'builds' | 'spark' | 'pipelines' | 'tasks' | 'any' | 'issues' | 'known';

/** Every place an error with a fingerprint was seen, issues and lines of logs. */
function sightings(fingerprint: string): string {
  return lines(
    `BuildErrors() | where Fingerprint == ${text(fingerprint)}`,
    '| join kind=inner (TimelineBuilds',
    '    | where Status == "completed" and not(coalesce(IsDeleted, false))',
    '    | project Organization, Project, BuildId, BuildNumber, Definition, Result, FinishTime,',
    '        Branch = iff(isempty(TargetBranch), SourceBranch, TargetBranch),',
    '        PullRequestNumber, Repository, Kind = BuildKind(Reason, Organization, Definition))',
    '    on Organization, Project, BuildId',
    '| extend Build = strcat(Organization, "/", Project, "/", BuildId)',
  );
}

export function failureQueries(fingerprint: string, range: Range): Record<FailureQuery, string> {
  const all = sightings(fingerprint);
  const isNow = `FinishTime >= ${kqlTime(range.from)} and FinishTime < ${kqlTime(range.to)}`;
  return {
    summary: lines(
      all,
      `| extend IsNow = ${isNow}`,
      '| summarize Hits = count(), Builds = count_distinct(Build),',
      '    BuildsNow = count_distinctif(Build, IsNow), Definitions = count_distinct(Definition),',
      '    PullRequests = count_distinctif(strcat(Repository, "#", PullRequestNumber),',
      '        isnotnull(PullRequestNumber)),',
      '    First = min(FinishTime), Issues = countif(Source == "issue"),',
      '    arg_max(FinishTime, Message, Category, Domain, BucketSource, TriagedBy)',
    ),
    builds: lines(
      all,
      '| lookup kind=leftouter (TimelineRecords | project Organization, Project, BuildId,',
      '    RecordId, RecordName = Name, WorkerName)',
      '    on Organization, Project, BuildId, RecordId',
      '| summarize arg_min(RecordName, RecordId, WorkerName), Hits = count()',
      '    by Organization, Project, BuildId, BuildNumber, Definition, Branch, Kind, Result,',
      '    FinishTime',
      `| top ${BUILDS_MAX} by FinishTime desc`,
    ),
    spark: lines(
      all,
      `| where ${isNow}`,
      '| summarize Builds = count_distinct(Build)',
      `    by At = bin(FinishTime, ${stepOf(range).kql})`,
    ),
    pipelines: lines(
      all,
      '| summarize Builds = count_distinct(Build), Last = max(FinishTime)',
      '    by Organization, Project, Definition',
      '| top 20 by Builds',
    ),
    tasks: lines(
      all,
      '| lookup kind=leftouter (TimelineRecords | project Organization, Project, BuildId,',
      '    RecordId, RecordName = Name, JobName)',
      '    on Organization, Project, BuildId, RecordId',
      '| summarize Builds = count_distinct(Build) by RecordName',
      '| top 10 by Builds',
    ),
    any: anyQuery,
    known: knownByOf(`| where Fingerprint == ${text(fingerprint)}`),
    issues: lines(
      'TimelineIssues',
      `| where Fingerprint == ${text(fingerprint)} and Type == "error"`,
      '| project Organization, Project, BuildId, RecordId, Index',
      `| take ${TRIAGED_MAX}`,
    ),
  };
}

/** Builds that are listed of one failure. */
export const BUILDS_MAX = 50;

/** Issues that get a category at once; the server takes no more in a call. */
export const TRIAGED_MAX = 10_000;

/** Whether a range is so long that a day has a point of its own. */
export function stepLabel(range: Range): string {
  const { ms } = stepOf(range);
  if (ms >= 86_400_000) return ms === 86_400_000 ? 'day' : `${ms / 86_400_000} days`;
  return span(range) > 0 && ms >= 3_600_000 ? `${ms / 3_600_000} h` : `${ms / 60_000} min`;
}
