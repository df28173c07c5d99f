/** Tests that are not always good: what is asked, and the state and evidence of each. */

import { count, toNumber } from '../../lib/format';
import { lines, text } from '../../lib/kql';
import type { Row } from '../../lib/query';
import { kqlTime, parseTime, parseTimespan, type Range } from '../../lib/time';
import type { StatusKind } from '../../ui/Status.svelte';
import { scopeWheres, type Scope } from './scope';

export interface TestState {
  id: string;
  source: string;
  project: string;
  storage: string;
  name: string;
  state: string;
  why: string;
  pullRequests: number;
  /** Milliseconds of machine time of failed jobs that passed when repeated. */
  lost: number;
  rate: number | null;
  low: number | null;
  high: number | null;
  runs: number;
  assumed: number;
  fails: number;
  weight: number;
  /** Items of evidence by kind. */
  evidence: { text: string; about: string }[];
  definitions: string;
  lastSeen: Date | null;
  lastEvidence: Date | null;
}

/** The states, in the order of their chips. */
export const testStates: { state: string; kind: StatusKind; about: string }[] = [
  { state: 'Broken', kind: 'fail', about: 'The last 3 builds of main and more failed' },
  { state: 'Flaky', kind: 'flaky', about: 'Evidence of several commits, or a rate above 1 %' },
  { state: 'Suspect', kind: 'partly', about: 'Evidence within 7 days' },
  { state: 'New failing', kind: 'fail', about: 'First run within 7 days, less than 95 % passed' },
  { state: 'Healthy', kind: 'pass', about: 'It failed, but nothing says that it is flaky' },
  { state: 'Inactive', kind: 'none', about: 'It did not run for 30 days' },
];

interface EvidenceKind {
  /** Its name in the report, and the column that counts it. */
  kind: string;
  column: string;
  one: string;
  many: string;
  about: string;
}

export const evidenceKinds: EvidenceKind[] = [
  {
    kind: 'rerun', column: 'Reruns', one: 'rerun', many: 'reruns',
    about: 'passed when rerun at once',
  },
  {
    kind: 'retry', column: 'Retries', one: 'retry', many: 'retries',
    about: 'passed in a later attempt of the build',
  },
  {
    kind: 'same-commit', column: 'SameCommits', one: 'same commit', many: 'same commit',
    about: 'passed in another build of the same commit',
  },
  {
    kind: 'flip', column: 'Flips', one: 'flip', many: 'flips',
    about: 'failed on main between passes of other commits',
  },
  {
    kind: 'pr-unrelated', column: 'Unrelated', one: 'unrelated PR', many: 'unrelated PRs',
    about: 'failed in pull requests of different people while main passed',
  },
];

export function kindOfState(state: string): StatusKind {
  return testStates.find((one) => one.state === state)?.kind ?? 'none';
}

/** Tests of the list; more are told of. */
export const TESTS_LISTED = 1000;

export function listQuery(range: Range, scope: Scope): string {
  return lines(
    `TestStates(${kqlTime(range.to)})`,
    scopeWheres(scope).replaceAll('Definition contains', 'Definitions contains'),
    `| take ${TESTS_LISTED + 1}`,
  );
}

export function testStateOf(row: Row): TestState {
  const number = (name: string): number => toNumber(row[name]) ?? 0;
  return {
    id: String(row.TestId),
    source: String(row.Organization),
    project: String(row.Project),
    storage: String(row.TestStorage),
    name: String(row.TestName),
    state: String(row.State),
    why: String(row.Why),
    pullRequests: number('PullRequests'),
    lost: parseTimespan(String(row.LostTime)) ?? 0,
    rate: toNumber(row.Rate),
    low: toNumber(row.RateLow),
    high: toNumber(row.RateHigh),
    runs: number('Runs'),
    assumed: number('Assumed'),
    fails: number('Fails'),
    weight: number('Weight'),
    evidence: evidenceKinds
      .filter(({ column }) => number(column) > 0)
      .map(({ column, one, many, about }) => ({ text: count(number(column), one, many), about })),
    definitions: String(row.Definitions ?? ''),
    lastSeen: parseTime(row.LastSeen),
    lastEvidence: parseTime(row.LastEvidence),
  };
}

/** Tests in a state whose name has all words; without a state all that are not healthy. */
export function wantedTests(list: TestState[], state: string, query: string): TestState[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return list.filter((test) => {
    const has = `${test.name} ${test.storage}`.toLowerCase();
    const isIn = state === 'all' || (state === ''
      ? !['Healthy', 'Inactive'].includes(test.state) : test.state === state);
    return isIn && words.every((word) => has.includes(word));
  });
}

/** Builds that are columns of a test's results. */
const COLUMNS = 50;

export type TestQuery = 'state' | 'columns' | 'cells' | 'evidence';

/** What the page of a test asks by its id alone. */
export function testQueries(id: string, range: Range): Record<TestQuery, string> {
  const times = `${kqlTime(range.from)}, ${kqlTime(range.to)}`;
  const runs = `let Runs = TestVerdicts(${times}, ${text(id)});`;
  return {
    state: `TestStates(${kqlTime(range.to)}, ${text(id)})`,
    columns: lines(
      runs,
      'Runs',
      '| summarize Started = max(StartTime) by Organization, Project, BuildId',
      `| top ${COLUMNS} by Started`,
      '| lookup kind=inner (TimelineBuilds) on Organization, Project, BuildId',
      '| order by Started desc',
      '| project BuildId, BuildNumber, Result, FinishTime, SourceVersion, AttemptCount,',
      '    Branch = iff(isempty(TargetBranch), SourceBranch, TargetBranch)',
    ),
    cells: lines(
      runs,
      'Runs',
      '| summarize Failed = countif(Verdict == "fail"), Reruns = countif(Verdict == "rerun"),',
      '    LastFail = maxif(Attempt, Verdict == "fail"),',
      '    LastPass = maxif(Attempt, Verdict != "fail"), IsAssumed = countif(not(IsAssumed)) == 0',
      '    by Variant, BuildId',
      '| extend Parts = split(Variant, "\\n")',
      '| project BuildId, Failed, Reruns, LastFail, LastPass, IsAssumed, Group = tostring(Parts[1]),',
      '    Name = strcat(iff(isempty(tostring(Parts[5])), "", strcat(tostring(Parts[5]), " ")),',
      '        coalesce(tostring(Parts[6]), tostring(Parts[4])))',
      '| order by Group asc, Name asc',
    ),
    evidence: `TestEvidence(${kqlTime(new Date(range.to.getTime() - 30 * 86_400_000))}, ${
      kqlTime(range.to)}, ${text(id)})`,
  };
}

/** Stored results of a test that were not good, by message, and how long it takes. */
export function resultQueries(test: TestState, range: Range): Record<'messages' | 'took', string> {
  const mine = lines(
    'TestResults',
    `| where StartTime >= ${kqlTime(range.from)} and StartTime < ${kqlTime(range.to)}`,
    `| where Organization == ${text(test.source)} and Project == ${text(test.project)}`,
    `| where TestStorage == ${text(test.storage)} and TestName == ${text(test.name)}`,
  );
  return {
    messages: lines(
      mine,
      '| where isnotempty(ErrorMessage)',
      '| summarize Results = count(), Builds = count_distinct(BuildId), First = min(StartTime),',
      '    arg_max(StartTime, ErrorMessage, BuildId) by Fingerprint',
      '| top 20 by StartTime',
    ),
    took: lines(
      mine,
      '| summarize Results = count(), P50 = percentile(DurationMs, 50),',
      '    P95 = percentile(DurationMs, 95)',
    ),
  };
}

export function testPath(id: string): string {
  return `/ci/tests/${encodeURIComponent(id)}`;
}
