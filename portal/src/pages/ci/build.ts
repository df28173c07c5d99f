/** One build: what is asked about it, and its errors with what follows from them folded away. */

import { toNumber } from '../../lib/format';
import { lines, text } from '../../lib/kql';
import { rows, type Row, type Table } from '../../lib/query';
import { knownByOf, type KnownBy } from './known';
import { follows } from './message';

export interface BuildId {
  source: string;
  project: string;
  build: string;
}

/** A build's number as KQL; what is none finds nothing. */
function numberOf(build: string): string {
  return /^\d{1,15}$/.test(build) ? build : '-1';
}

function where({ source, project, build }: BuildId): string {
  return `| where Organization == ${text(source)} and Project == ${text(project)}`
    + ` and BuildId == ${numberOf(build)}`;
}

const key = 'Organization, Project, BuildId';

/** A report for the moment this build finished, which is what reports are called by. */
function reportOf(name: string, id: BuildId): string {
  return lines(
    `let finished = toscalar(TimelineBuilds ${where(id)} | project FinishTime);`,
    `${name}(finished, finished + 1ms)`,
    where(id),
  );
}

export type BuildQuery =
  | 'build' | 'attempts' | 'records' | 'issues' | 'lines' | 'primary' | 'blocked' | 'known'
  | 'critical';

/** Records that are drawn; the service itself keeps far fewer. */
export const RECORDS_MAX = 10_000;

export const ISSUES_MAX = 2000;

export function buildQueries(id: BuildId): Record<BuildQuery, string> {
  return {
    build: lines(
      'TimelineBuilds', where(id),
      '| extend Kind = BuildKind(Reason, Organization, Definition),',
      '    Branch = iff(isempty(TargetBranch), SourceBranch, TargetBranch)',
    ),
    attempts: lines('TimelineBuildAttempts', where(id), '| order by Attempt asc'),
    records: lines(
      'TimelineRecords', where(id),
      '| project RecordId, Path, Type, Name, Identifier, EffectiveAttempt, IsLatestAttempt, State,',
      '    Result, ResultCode, StartTime, FinishTime, WorkerName, ImageName, ErrorCount,',
      '    WarningCount, LogId, TaskName, TaskVersion, StageName, JobName',
      `| top ${RECORDS_MAX} by Path asc`,
    ),
    issues: lines(
      'CategorizedIssues()', where(id),
      '| order by Path asc, Index asc',
      `| take ${ISSUES_MAX}`,
    ),
    lines: lines(
      'TimelineLogErrors', where(id),
      '| extend Domain = CategoryDomain(Bucket)',
      '| order by LogId asc, LineNumber asc',
      `| take ${ISSUES_MAX}`,
    ),
    primary: reportOf('PrimaryErrors', id),
    blocked: reportOf('BlockedFailures', id),
    known: knownByOf(where(id)),
    critical: reportOf('CriticalPath', id),
  };
}

/** Where else the errors of this build were seen; needs a build that has errors. */
export function elsewhereQuery(id: BuildId): string {
  return lines(
    `let mine = BuildErrors() ${where(id)} | distinct Fingerprint;`,
    'BuildErrors()',
    '| where Fingerprint in (mine)',
    `| where not(Organization == ${text(id.source)} and Project == ${text(id.project)}`
      + ` and BuildId == ${numberOf(id.build)})`,
    '| join kind=inner (TimelineBuilds',
    '    | where Status == "completed" and not(coalesce(IsDeleted, false))',
    `    | project ${key}, FinishTime) on ${key}`,
    '| extend Build = strcat(Organization, "/", Project, "/", BuildId)',
    '| summarize Builds = count_distinct(Build), First = min(FinishTime), Last = max(FinishTime)',
    '    by Fingerprint',
  );
}

/** Usual durations of this pipeline's records in the 30 days before the build. */
export function usualQuery(id: BuildId): string {
  return lines(
    `let this = TimelineBuilds ${where(id)};`,
    'let definition = toscalar(this | project Definition);',
    'let finished = toscalar(this | project coalesce(FinishTime, now()));',
    'CompletedBuilds(finished - 30d, finished, definition = definition)',
    `| where Organization == ${text(id.source)} and Project == ${text(id.project)}`,
    `| project ${key}`,
    `| join kind=inner (TimelineRecords`,
    '    | where Type in ("Stage", "Job", "Task") and isnotnull(Duration)',
    '    | where Result in ("succeeded", "succeededWithIssues")',
    `    | project ${key}, Type, Name, StageName, JobName, Duration) on ${key}`,
    '| summarize P50 = percentile(Duration, 50), P95 = percentile(Duration, 95), Runs = count()',
    '    by Type, Name, StageName, JobName',
  );
}

export type TestsQuery = 'runs' | 'results' | 'flaky' | 'known';

export const TESTS_MAX = 500;

export function testsQueries(id: BuildId): Record<TestsQuery, string> {
  return {
    runs: lines(
      'TestRuns', where(id),
      '| project RunId, RunName, StageName, JobName, Attempt, Total, Passed, Failed,',
      '    PassedOnRerun, NotExecuted, StartTime, FinishTime',
      '| order by Attempt asc, RunName asc',
      `| take ${TESTS_MAX}`,
    ),
    results: lines(
      'TestResults', where(id),
      '| where Outcome in ("Failed", "Aborted", "Timeout", "Error", "PassedOnRerun")',
      '| project TestName, TestStorage, Outcome, Attempt, DurationMs, ErrorMessage, FailingSince,',
      '    Fingerprint, TestId = TestId(Organization, Project, TestStorage, TestName), RunId,',
      '    ResultId',
      '| order by Outcome asc, TestName asc',
      `| take ${TESTS_MAX}`,
    ),
    flaky: lines(
      `let started = toscalar(TimelineBuilds ${where(id)} | project StartTime);`,
      'FlakyEvidence(started - 14d, started)',
      `| where Organization == ${text(id.source)} and Project == ${text(id.project)}`,
      '| project TestName, TestStorage, Evidence',
    ),
    // A match does not say of which result it is: of those that hold the line it was found by.
    known: lines(
      'TestResults', where(id),
      '| where Outcome in ("Failed", "Aborted", "Timeout", "Error")',
      '| project RunId, ResultId, Fingerprint,',
      '    All = strcat(TestName, "\\n", ErrorMessage, "\\n", StackTrace)',
      `| join kind=inner (KnownIssueHits() ${where(id)}`,
      '    | where Source == "test"',
      '    | distinct IssueId, Title, Fingerprint, Text) on Fingerprint',
      '| where All contains_cs Text',
      '| distinct RunId, ResultId, IssueId, Title',
      '| order by Title asc',
    ),
  };
}

/** The known issues that explain each result of a test, by {@link resultKey}. */
export function knownByResult(table: Table): Map<string, KnownBy[]> {
  const found = Map.groupBy(rows(table), resultKey);
  return new Map([...found].map(([key, list]) => [key, list.map((row) => ({
    id: String(row.IssueId), title: String(row.Title), builds: 1,
  }))]));
}

export function resultKey(row: Row): string {
  return `${row.RunId} ${row.ResultId}`;
}

/** Items sent from inside the build. */
export const ITEMS_MAX = 500;

export function telemetryQueries(operation: string): Record<'kinds' | 'items', string> {
  const all = lines(
    `BuildOperation(${text(operation)})`,
    '| where joinedBy != "timeline"',
  );
  return {
    kinds: lines(
      all,
      '| summarize Items = sum(coalesce(itemCount, 1)), Most = max(coalesce(itemCount, 1))'
        + ' by itemType, joinedBy',
      '| order by Items desc',
    ),
    items: lines(
      all,
      '| project timestamp, itemType, name, message, type, success, duration, itemId, joinedBy',
      `| take ${ITEMS_MAX}`,
    ),
  };
}

export interface Issue {
  key: string;
  record: string;
  /** Number within its record; -1: a line of a log, which has no category to change. */
  index: number;
  type: string;
  category: string;
  domain: string;
  source: string;
  triagedBy: string;
  message: string;
  file: string;
  line: number | null;
  column: number | null;
  code: string;
  logLine: number | null;
  fingerprint: string;
  attempt: number;
  isLatest: boolean;
  isFromLog: boolean;
}

export function issueOf(row: Row): Issue {
  const text = (name: string): string => String(row[name] ?? '');
  return {
    key: `${text('RecordId')} ${text('Index')}`,
    record: text('RecordId'),
    index: toNumber(row.Index) ?? 0,
    type: text('Type'),
    category: text('EffectiveCategory') || 'Unknown',
    domain: text('Domain'),
    source: text('BucketSource'),
    triagedBy: text('TriagedBy'),
    message: text('Message'),
    file: text('SourcePath'),
    line: toNumber(row.LineNumber),
    column: toNumber(row.ColumnNumber),
    code: text('Code'),
    logLine: toNumber(row.LogFileLineNumber),
    fingerprint: text('Fingerprint'),
    attempt: toNumber(row.EffectiveAttempt) ?? 1,
    isLatest: row.IsLatestAttempt === true,
    isFromLog: false,
  };
}

/** A line of a log, as an error of the record that wrote it. */
export function lineOf(row: Row, attempts: Map<string, { attempt: number; isLatest: boolean }>):
  Issue {
  const text = (name: string): string => String(row[name] ?? '');
  const place = attempts.get(text('RecordId'));
  return {
    key: `${text('LogId')}:${text('LineNumber')}`,
    record: text('RecordId'),
    index: -1,
    type: 'error',
    category: text('Bucket') || 'Unknown',
    domain: text('Domain'),
    source: text('BucketSource'),
    triagedBy: '',
    message: text('Text'),
    file: '',
    line: null,
    column: null,
    code: '',
    logLine: toNumber(row.LineNumber),
    fingerprint: text('Fingerprint'),
    attempt: place?.attempt ?? 1,
    isLatest: place?.isLatest ?? true,
    isFromLog: true,
  };
}

export interface ErrorGroup {
  fingerprint: string;
  category: string;
  isPrimary: boolean;
  issues: Issue[];
  /** Errors of the same records that only say that something failed. */
  folded: Issue[];
}

/**
 * Errors of one attempt by fingerprint, the primary one first, then those of most places. What
 * only repeats that its step failed is folded under the first other error of that step.
 */
export function groupErrors(
  issues: Issue[],
  primary: { record: string; fingerprint: string } | null,
): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  const later: Issue[] = [];
  const isSaying = (issue: Issue): boolean => !follows(issue.message);
  const saying = new Set(issues.filter(isSaying).map((issue) => issue.record));
  const firstOf = new Map<string, ErrorGroup>();
  for (const issue of issues) {
    const isPrimary = issue.fingerprint === primary?.fingerprint;
    if (!isSaying(issue) && !isPrimary && saying.has(issue.record) && issue.record !== '') {
      later.push(issue);
      continue;
    }
    let group = groups.get(issue.fingerprint);
    if (!group) {
      group = {
        fingerprint: issue.fingerprint, category: issue.category, isPrimary, issues: [], folded: [],
      };
      groups.set(issue.fingerprint, group);
    }
    group.issues.push(issue);
    if (!firstOf.has(issue.record)) firstOf.set(issue.record, group);
  }
  for (const issue of later) firstOf.get(issue.record)?.folded.push(issue);
  return [...groups.values()].toSorted((a, b) =>
    Number(b.isPrimary) - Number(a.isPrimary) || b.issues.length - a.issues.length);
}

/** Why an error has its category. */
export function because(issue: Issue): string {
  if (issue.triagedBy !== '') {
    return issue.triagedBy === 'rules' ? 'set later by rules' : `set by ${issue.triagedBy}`;
  }
  switch (issue.source) {
    case 'marker': return 'named by a marker in the message';
    case 'bare': return 'named at the start of the message';
    case 'rule': return 'a rule for this text';
    case 'service': return 'Azure DevOps says so';
    case 'validation': return 'the pipeline’s file is not valid';
    default: return 'no rule fits it';
  }
}

export interface Overflow {
  dropped: number;
  recovered: number;
}

/** Errors the service did not keep, and how many of them logs had (E5), of some records. */
export function overflowOf(
  records: { id: string; errors: number }[],
  issues: Issue[],
  found: Issue[],
): Overflow {
  const count = (list: Issue[], id: string): number =>
    list.filter((issue) => issue.record === id && issue.type === 'error').length;
  let dropped = 0;
  let recovered = 0;
  for (const record of records) {
    const missing = Math.max(0, record.errors - count(issues, record.id));
    dropped += missing;
    if (missing > 0) recovered += count(found, record.id);
  }
  return { dropped, recovered };
}

/** The record of a fingerprint's usual duration. */
export function usualKey(type: string, name: string, stage: string, job: string): string {
  return JSON.stringify([type, name, stage, job]);
}

export function usualOf(table: Table): Map<string, Row> {
  return new Map(rows(table).map((row) => [
    usualKey(String(row.Type), String(row.Name), String(row.StageName), String(row.JobName)), row,
  ]));
}

/** The address of a record's log at the service, at a line when there is one. */
export function logLink(
  buildUrl: string,
  record: { id: string; type: string },
  job: string | null,
  line: number | null = null,
): string | null {
  if (!/^https:\/\//i.test(buildUrl)) return null;
  const url = URL.parse(buildUrl);
  if (!url) return null;
  url.searchParams.set('view', 'logs');
  if (record.type === 'Task' && job) {
    url.searchParams.set('j', job);
    url.searchParams.set('t', record.id);
  } else {
    url.searchParams.set('j', record.id);
  }
  if (line !== null) url.searchParams.set('l', String(line));
  return url.href;
}
