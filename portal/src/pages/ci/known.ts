/** Known issues: what is asked about them, how they are proposed, previewed and saved. */

import { getJson, sendJson } from '../../lib/api';
import { lines, text } from '../../lib/kql';
import { rows, type Row, type Table } from '../../lib/query';
import { grainOf, kqlTime, type Range } from '../../lib/time';
import { cleaned, followsPattern, parts } from './message';

/** What a person says of an issue. */
export interface IssueText {
  title: string;
  url: string;
  contains: string[];
  pattern: string;
  excludeLog: boolean;
  domain: string;
  retry: boolean;
  scope: { projects?: string[]; repositories?: string[]; definitions?: string[] };
  expires: string | null;
  enabled: boolean;
}

/** An issue as the server has it. */
export interface Issue extends IssueText {
  id: string;
  created: string;
  by: string;
  revision: number;
  etag: string;
}

export interface Preview {
  warnings: string[];
  summary: Record<string, number | string | null>;
  builds: Row[];
  queries: { matches: string; summary: string; builds: string };
}

/** A build and the error that is said to be known. */
export interface LinkedBuild {
  organization: string;
  project: string;
  buildId: number;
  recordId: string;
  text: string;
  fingerprint: string;
}

export const newIssue: IssueText = {
  title: '', url: '', contains: [], pattern: '', excludeLog: false, domain: '', retry: false,
  scope: {}, expires: null, enabled: true,
};

function at(app: string, path = ''): string {
  return `api/ci/known${path}?application=${encodeURIComponent(app)}`;
}

function one(app: string, id: string, more = ''): string {
  return at(app, `/${encodeURIComponent(id)}${more}`);
}

export async function listIssues(app: string, signal?: AbortSignal): Promise<Issue[]> {
  return (await getJson<{ issues: Issue[] }>(at(app), signal)).issues;
}

export function getIssue(app: string, id: string, signal?: AbortSignal): Promise<Issue> {
  return getJson<Issue>(one(app, id), signal);
}

export function preview(app: string, issue: IssueText, signal?: AbortSignal): Promise<Preview> {
  return sendJson('POST', at(app, '/preview'), issue, signal ? { signal } : {});
}

/** Saves a new issue, or another text of one that was seen as `old`. */
export function saveIssue(app: string, issue: IssueText, old: Issue | null): Promise<Issue> {
  return old === null ? sendJson('POST', at(app), issue)
    : sendJson('PUT', one(app, old.id), issue, { headers: { 'If-Match': old.etag } });
}

export function removeIssue(app: string, old: Issue): Promise<void> {
  return sendJson('DELETE', one(app, old.id), undefined, { headers: { 'If-Match': old.etag } });
}

/** Says that an issue explains builds, or that a person was wrong about it. */
export function linkBuilds(
  app: string,
  id: string,
  builds: LinkedBuild[],
  isLinked = true,
): Promise<void> {
  return sendJson(isLinked ? 'POST' : 'DELETE', one(app, id, '/builds'), { builds });
}

/** What the server keeps of it, without what it adds. */
export function textOf(issue: IssueText): IssueText {
  const { title, url, contains, pattern, excludeLog, domain, retry } = issue;
  const { scope, expires, enabled } = issue;
  return { title, url, contains, pattern, excludeLog, domain, retry, scope, expires, enabled };
}

/** Rows of builds with their primary error, as the call that links them takes them. */
export function linkedBuilds(list: Row[]): LinkedBuild[] {
  return list.map((row) => ({
    organization: String(row.Organization), project: String(row.Project),
    buildId: Number(row.BuildId), recordId: String(row.RecordId ?? ''),
    text: cleaned(String(row.Message ?? '')).slice(0, 500),
    fingerprint: String(row.Fingerprint ?? ''),
  }));
}

function escaped(part: string): string {
  return part.replace(/[\\^$.*+?()[\]{}|#&~-]/g, '\\$&');
}

/** Shorter texts are in too many messages. */
const SAYING_MIN = 8;

/**
 * What to look for, of a message: its text where nothing of it varies, else a pattern of what does
 * not. Blanks may differ, what varies may be anything.
 */
export function proposal(message: string): Pick<IssueText, 'title' | 'contains' | 'pattern'> {
  const all = parts(message);
  const title = cleaned(message).slice(0, 120);
  const stable = all.filter((part) => !part.varies && part.text.trim() !== '');
  const texts = stable.map((part) => part.text.trim());
  const saying = texts.filter((part) => part.length >= SAYING_MIN);
  if (saying.length === 0) return { title, contains: [cleaned(message)], pattern: '' };
  if (texts.length === 1) return { title, contains: [texts[0] ?? ''], pattern: '' };
  return { title, contains: [], pattern: texts.map(escaped).join('.*') };
}

/**
 * The text of an issue in a block of JSON such as .NET's issues have, with the fence around it or
 * without; `null`: it is none.
 */
export function readBlock(written: string): Partial<IssueText> | null {
  const inner = written.replace(/^[^{]*/, '').replace(/[^}]*$/, '');
  let block: Record<string, unknown>;
  try {
    block = JSON.parse(inner) as Record<string, unknown>;
  } catch {
    return null;
  }
  const listed = block.ErrorMessage ?? block.contains ?? [];
  const list = (Array.isArray(listed) ? listed : [listed])
    .filter((one) => typeof one === 'string' && one.trim() !== '') as string[];
  const pattern = block.ErrorPattern ?? block.pattern;
  const found = {
    contains: list,
    pattern: typeof pattern === 'string' ? pattern : '',
    excludeLog: (block.ExcludeConsoleLog ?? block.excludeLog) === true,
    retry: (block.BuildRetry ?? block.retry) === true,
  };
  return found.contains.length === 0 && found.pattern === '' ? null : found;
}

export function knownPath(id: unknown): string {
  return `/ci/known/${encodeURIComponent(String(id))}`;
}

/** The issue that explains an error. */
export interface KnownBy {
  id: string;
  title: string;
  builds: number;
}

/** Which issue explains most builds of each fingerprint. */
export const knownByQuery = lines(
  'KnownIssueHits()',
  '| where isnotempty(Fingerprint)',
  '| summarize Builds = count_distinct(strcat(Organization, "/", BuildId))',
  '    by Fingerprint, IssueId, Title',
  '| summarize arg_max(Builds, IssueId, Title) by Fingerprint',
);

/** The same for one fingerprint or the errors of one build, by `where`. */
export function knownByOf(where: string): string {
  return lines(
    'KnownIssueHits()',
    where,
    '| summarize Builds = count_distinct(strcat(Organization, "/", BuildId)), take_any(Title)',
    '    by IssueId, Fingerprint',
    '| order by Builds desc',
    '| take 1000',
  );
}

export function knownBy(table: Table): Map<string, KnownBy> {
  return new Map(rows(table).toReversed().map((row) => [String(row.Fingerprint), {
    id: String(row.IssueId), title: String(row.Title), builds: Number(row.Builds),
  }]));
}

export const countsQuery = 'KnownIssueCounts()';
/** Without errors that many causes share: a known issue made from one would explain them all. */
export const proposalsQuery = lines(
  'KnownIssueProposals()',
  `| where not(Sample matches regex ${text(`(?i)${followsPattern}`)})`,
  '| take 50',
);

/** Points of the small charts. */
export const POINTS = 30;

/** Builds an issue explains that are listed. */
export const BUILDS_MAX = 100;

/** What the page of an issue asks. */
export function issueQueries(id: string, range: Range): Record<
  'counts' | 'spark' | 'builds' | 'sources', string> {
  const hits = lines(
    `KnownIssueHits() | where IssueId == ${text(id)}`,
    '| lookup kind=inner (CompletedBuilds(datetime(1970-01-01))',
    '    | project Organization, BuildId, BuildNumber, Definition, Branch, Kind, Result,',
    '        FinishTime, PullRequestNumber) on Organization, BuildId',
  );
  return {
    counts: lines('KnownIssueCounts()', `| where Id == ${text(id)}`),
    spark: lines(
      hits,
      `| where FinishTime >= ${kqlTime(range.from)} and FinishTime < ${kqlTime(range.to)}`,
      '| summarize Builds = count_distinct(strcat(Organization, "/", BuildId))',
      `    by At = bin(FinishTime, ${grainOf(range, POINTS).kql})`,
    ),
    builds: lines(
      hits,
      '| extend Rank = case(Source == "issue", 1, Source == "manual", 3, 2)',
      '| summarize Lines = count(),',
      '    arg_min(Rank, RecordId, Source, LineNumber, Text, Fingerprint),',
      '    IsManual = countif(Source == "manual") > 0',
      '    by Organization, Project, BuildId, BuildNumber, Definition, Branch, Kind, Result,',
      '    FinishTime, PullRequestNumber',
      `| top ${BUILDS_MAX} by FinishTime desc`,
    ),
    sources: lines(
      hits,
      '| summarize Builds = count_distinct(strcat(Organization, "/", BuildId)), Lines = count()',
      '    by Source',
      '| order by Builds desc',
    ),
  };
}

/** Where a line of an error was found, in words. */
export const sourceLabels: Record<string, string> = {
  issue: 'error', log: 'log', test: 'test', validation: 'pipeline’s file', manual: 'by hand',
};
