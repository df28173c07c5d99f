/**
 * The query box of builds: `definition:web result:failed started:~7 -kind:PR message:"no space"`.
 * Values may be quoted and listed with commas; `-` before a word excludes. A text that is not
 * finished is not an error.
 */

import { lines, text } from '../../lib/kql';
import { kqlTime, type Range } from '../../lib/time';
import { kinds, report, scopeWheres, everything } from './scope';

export interface Term {
  word: string;
  values: string[];
  isNot: boolean;
}

interface Word {
  about: string;
  /** Values that are always offered. */
  values?: string[];
}

/** Every word, in the order they are offered. */
export const words: Record<string, Word> = {
  definition: { about: 'part of the pipeline’s name' },
  result: {
    about: 'how it ended',
    values: ['failed', 'succeeded', 'partiallySucceeded', 'canceled'],
  },
  kind: { about: 'what started it', values: kinds },
  branch: { about: 'branch it is about' },
  targetBranch: { about: 'branch of the pull request’s target' },
  started: { about: '~7: in the last 7 days; or a date', values: ['~1', '~7', '~30'] },
  bucket: { about: 'category of its primary error' },
  message: { about: 'part of an error’s message' },
  known: { about: 'whether a known issue explains it', values: ['false', 'true'] },
  task: { about: 'a task that failed in it' },
  worker: { about: 'a machine that ran it' },
  attempts: { about: 'such as >1', values: ['>1'] },
  duration: { about: 'such as >30m', values: ['>30m', '>1h'] },
  number: { about: 'part of the build’s number' },
  pr: { about: 'number of the pull request' },
  commit: { about: 'beginning of the commit' },
  source: { about: 'organization or collection' },
  project: { about: 'project' },
  fingerprint: { about: 'of an error' },
};

/** Parts of a text: a word with its values, or a bare text that messages contain. */
const term = /-?([A-Za-z]+):(?=\s|$)|(-)?(?:([A-Za-z]+):)?((?:"(?:[^"\\]|\\.)*"?|[^\s"])+)/g;

export interface Parsed {
  terms: Term[];
  /** What is not understood, in words for the reader. */
  problems: string[];
}

function wordOf(written: string): string | undefined {
  return Object.keys(words).find((word) => word.toLowerCase() === written.toLowerCase());
}

/** Values of a list; commas within quotes are part of a value. */
function valuesOf(written: string): string[] {
  return [...written.matchAll(/((?:"(?:[^"\\]|\\.)*"?|[^,"])+)/g)]
    .map(([part]) => part.replace(/"((?:[^"\\]|\\.)*)"?/g,
      (_, inner: string) => inner.replace(/\\(.)/g, '$1')))
    .filter((value) => value !== '');
}

export function parse(query: string): Parsed {
  const terms: Term[] = [];
  const problems: string[] = [];
  for (const [all, empty, not, name, value] of query.matchAll(term)) {
    if (empty !== undefined) continue;
    const word = name === undefined ? 'message' : wordOf(name);
    if (word === undefined) {
      problems.push(`“${name}:” is no word of builds.`);
      continue;
    }
    const values = name === undefined && value?.startsWith('"') === false
      ? [all.slice(not ? 1 : 0)] : valuesOf(value ?? '');
    if (values.length > 0) terms.push({ word, values, isNot: not !== undefined });
  }
  for (const { word, values } of terms) {
    const wrong = values.find((value) => !isUsable(word, value));
    if (wrong !== undefined) problems.push(`${word}: cannot be “${wrong}”: ${words[word]?.about}.`);
  }
  return { terms: terms.filter(({ word, values }) => values.every((v) => isUsable(word, v))),
    problems };
}

const SPAN = /^(>=?|<=?)?(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const COUNT = /^(>=?|<=?)?(\d+)$/;

function isUsable(word: string, value: string): boolean {
  switch (word) {
    case 'started': return startOf(value, new Date()) !== null;
    case 'duration': return SPAN.test(value);
    case 'attempts': return COUNT.test(value);
    case 'pr': return /^\d+$/.test(value);
    case 'known': return /^(true|false|[0-9a-f]{12})$/i.test(value);
    default: return true;
  }
}

/** `~7` (days), or a day, or a moment. */
function startOf(value: string, now: Date): Date | null {
  const days = /^~(\d{1,4})$/.exec(value);
  if (days) return new Date(now.getTime() - Number(days[1]) * 86_400_000);
  if (!/^\d{4}-\d\d-\d\d/.test(value)) return null;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? null : time;
}

/** The time the builds are of: what `started` says, else that of the page. */
export function rangeFor(terms: Term[], range: Range): Range {
  const found = terms.find((one) => one.word === 'started' && !one.isNot);
  const from = found ? startOf(found.values[0] ?? '', range.to) : null;
  return from && from < range.to ? { from, to: range.to } : range;
}

function any(values: string[], of: (value: string) => string): string {
  const all = values.map(of);
  return all.length === 1 ? (all[0] ?? '') : `(${all.join(' or ')})`;
}

function compared(column: string, value: string, pattern: RegExp): string {
  const [, sign, amount, unit] = pattern.exec(value) ?? [];
  return `${column} ${sign ?? '=='} ${amount}${unit ?? ''}`;
}

/** Conditions on columns of a build, or of the record and error that belong to it. */
const conditions: Record<string, (value: string) => string> = {
  definition: (value) => `Definition contains ${text(value)}`,
  result: (value) => `Result =~ ${text(/^passed$/i.test(value) ? 'succeeded' : value)}`,
  kind: (value) => `Kind =~ ${text(value)}`,
  branch: (value) => `Branch == ${text(value)}`,
  targetBranch: (value) => `TargetBranch == ${text(value)}`,
  attempts: (value) => compared('coalesce(AttemptCount, 1)', value, COUNT),
  duration: (value) => compared('Duration', value, SPAN),
  number: (value) => `(BuildNumber contains ${text(value)} or tostring(BuildId) == ${text(value)})`,
  pr: (value) => `PullRequestNumber == ${value}`,
  commit: (value) => `SourceVersion startswith ${text(value)}`,
  source: (value) => `Organization == ${text(value)}`,
  project: (value) => `Project == ${text(value)}`,
  bucket: (value) => `Category =~ ${text(value)}`,
};

const errors = ['bucket'];

/** Rows of other tables a build must have one of. */
const others: Record<string, (values: string[]) => string> = {
  message: (values) => `BuildErrors() | where ${
    any(values, (value) => `Message contains ${text(value)}`)}`,
  fingerprint: (values) => `BuildErrors() | where ${
    any(values, (value) => `Fingerprint == ${text(value)}`)}`,
  task: (values) => `TimelineRecords | where Type == "Task" and Result == "failed" and ${
    any(values, (value) => `(Name contains ${text(value)} or TaskName =~ ${text(value)})`)}`,
  worker: (values) => `TimelineRecords | where Type == "Job" and ${
    any(values, (value) => `WorkerName =~ ${text(value)}`)}`,
  known: ([value = '']) => `KnownIssueHits()${
    /^(true|false)$/i.test(value) ? '' : ` | where IssueId == ${text(value)}`}`,
};

const key = 'Organization, Project, BuildId';

/** The builds a text means, each with its primary error, as KQL without order or limit. */
export function buildsQuery(terms: Term[], range: Range): string {
  const span = rangeFor(terms, range);
  const wanted = terms.filter((one) => one.word !== 'started');
  const conditionsOf = (isError: boolean): string[] => wanted
    .filter(({ word }) => conditions[word] && errors.includes(word) === isError)
    .map(({ word, values, isNot }) => {
      const condition = any(values, conditions[word] as (value: string) => string);
      return `| where ${isNot ? `not(${condition})` : condition}`;
    });
  const joins = wanted.filter(({ word }) => others[word]).map(({ word, values, isNot }) => {
    const isOut = isNot !== (word === 'known' && /^false$/i.test(values[0] ?? ''));
    return `| join kind=${isOut ? 'leftanti' : 'leftsemi'} (${others[word]?.(values)}) on ${key}`;
  });
  return lines(
    report('CompletedBuilds', span),
    scopeWheres(everything),
    ...conditionsOf(false),
    ...joins,
    '| lookup kind=leftouter (',
    `    PrimaryErrors(${kqlTime(span.from)}, ${kqlTime(span.to)})`,
    '    | project Organization, Project, BuildId, Category, Domain, Source, RecordId,',
    `        RecordName, Message, Fingerprint) on ${key}`,
    ...conditionsOf(true),
  );
}

export interface Completion {
  /** What the choice replaces. */
  start: number;
  end: number;
  options: { text: string; label: string; about: string }[];
}

function quoted(value: string): string {
  return /[\s",]/.test(value) || value === ''
    ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : value;
}

/** What could stand at the caret; `known` are values that were seen. */
export function complete(
  query: string,
  caret: number,
  known: Record<string, string[]>,
  most = 12,
): Completion {
  const before = query.slice(0, caret);
  const start = caret - (/(?:"[^"]*"?|[^\s"])*$/.exec(before)?.[0].length ?? 0);
  const piece = before.slice(start);
  const [, not = '', word = '', list] = /^(-)?([A-Za-z]*)(?::(.*))?$/.exec(piece) ?? [];
  if (list === undefined) {
    const options = Object.entries(words)
      .filter(([name]) => name.toLowerCase().startsWith(word.toLowerCase()))
      .map(([name, { about }]) => ({ text: `${not}${name}:`, label: `${name}:`, about }));
    return { start, end: caret, options: /^-?[A-Za-z]*$/.test(piece) ? options : [] };
  }
  const name = wordOf(word);
  if (name === undefined) return { start, end: caret, options: [] };
  const last = list.slice(list.lastIndexOf(',') + 1);
  const typed = last.replaceAll('"', '').toLowerCase();
  const seen = [...new Set([...(words[name]?.values ?? []), ...(known[name] ?? [])])];
  const options = seen
    .filter((value) => value.toLowerCase().includes(typed) && value.toLowerCase() !== typed)
    .slice(0, most)
    .map((value) => ({ text: `${quoted(value)} `, label: value, about: '' }));
  return { start: caret - last.length, end: caret, options };
}

function distinct(source: string, column: string, most = 200): string {
  return lines(
    source,
    `| summarize Builds = count() by Value = ${column}`,
    '| where isnotempty(Value)',
    `| top ${most} by Builds`,
  );
}

const newest = 'TimelineBuilds | where FinishTime > ago(30d)';

/** Values that were seen, by the word they are offered for. */
export const valuesQuery: Record<string, string> = {
  definition: distinct(newest, 'Definition'),
  branch: distinct(newest, 'iff(isempty(TargetBranch), SourceBranch, TargetBranch)'),
  targetBranch: distinct(newest, 'TargetBranch'),
  source: distinct(newest, 'Organization'),
  project: distinct(newest, 'Project'),
  bucket: distinct('BuildErrors()', 'Category'),
  task: distinct('TimelineRecords | where Type == "Task" and Result == "failed"', 'Name'),
  worker: distinct('TimelineRecords | where Type == "Job"', 'WorkerName'),
};
