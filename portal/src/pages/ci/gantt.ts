/**
 * A build drawn over time: rows in the order of its stages, one bar per attempt, where it waited,
 * and the chain of jobs that decided how long it took (D4, as the report `CriticalPath` has it).
 * Times are milliseconds since 1970.
 */

import { toNumber } from '../../lib/format';
import type { Row } from '../../lib/query';
import { parseTime, parseTimespan } from '../../lib/time';

export interface BuildRecord {
  id: string;
  /** Place in the tree of the build: `002.001.001`; equal in all attempts. */
  path: string;
  type: string;
  name: string;
  identifier: string;
  attempt: number;
  isLatest: boolean;
  state: string;
  result: string;
  resultCode: string;
  start: number | null;
  finish: number | null;
  worker: string;
  image: string;
  errors: number;
  warnings: number;
  logId: number | null;
  task: string;
  taskVersion: string;
  stage: string;
  job: string;
}

export function recordOf(row: Row): BuildRecord {
  const text = (name: string): string => String(row[name] ?? '');
  return {
    id: text('RecordId'),
    path: text('Path'),
    type: text('Type'),
    name: text('Name'),
    identifier: text('Identifier'),
    attempt: toNumber(row.EffectiveAttempt) ?? 1,
    isLatest: row.IsLatestAttempt === true,
    state: text('State'),
    result: text('Result'),
    resultCode: text('ResultCode'),
    start: parseTime(row.StartTime)?.getTime() ?? null,
    finish: parseTime(row.FinishTime)?.getTime() ?? null,
    worker: text('WorkerName'),
    image: text('ImageName'),
    errors: toNumber(row.ErrorCount) ?? 0,
    warnings: toNumber(row.WarningCount) ?? 0,
    logId: toNumber(row.LogId),
    task: text('TaskName'),
    taskVersion: text('TaskVersion'),
    stage: text('StageName'),
    job: text('JobName'),
  };
}

export interface Bar {
  record: BuildRecord;
  start: number;
  /** Now, for what still runs. */
  end: number;
  /** Since when it could have run; `null`: it did not wait. */
  ready: number | null;
  isCritical: boolean;
}

export interface GanttRow {
  key: string;
  /** The newest of its attempts. */
  record: BuildRecord;
  depth: number;
  /** Key of the row above it in the tree; empty: there is none. */
  parent: string;
  hasChildren: boolean;
  bars: Bar[];
  /** The earlier attempt it was taken over from; `null`: it ran in this one. */
  keptFrom: number | null;
}

export interface Gantt {
  rows: GanttRow[];
  from: number;
  to: number;
  critical: CriticalStep[];
}

/** All attempts beside each other. */
export const ALL = 0;

/** Waits shorter than this are how things are. */
const WAIT_MIN = 1000;

function keyOf(record: BuildRecord): string {
  return `${record.path} ${record.type} ${record.name}`;
}

/** Stage, or what stands in its place, of a path. */
function stageOf(path: string): string {
  return path.split('.')[0] ?? '';
}

/** Phases are drawn where they have no job; checkpoints where somebody waited for them. */
function isDrawn(record: BuildRecord, all: BuildRecord[]): boolean {
  if (record.type === 'Phase') {
    return !all.some((other) => other.type === 'Job' && other.path.startsWith(`${record.path}.`));
  }
  if (record.type === 'Checkpoint') {
    return (record.finish ?? 0) - (record.start ?? 0) > WAIT_MIN || record.result === 'failed';
  }
  return true;
}

/** Records by their place, those of no later attempt than `attempt`, the newest last. */
function places(records: BuildRecord[], attempt: number): Map<string, BuildRecord[]> {
  const found = new Map<string, BuildRecord[]>();
  const wanted = records
    .filter((record) => attempt === ALL || record.attempt <= attempt)
    .toSorted((a, b) => a.path.localeCompare(b.path) || a.attempt - b.attempt);
  for (const record of wanted) {
    const list = found.get(keyOf(record));
    if (list) list.push(record);
    else found.set(keyOf(record), [record]);
  }
  return found;
}

function barOf(record: BuildRecord, now: number): Bar | null {
  if (record.start === null || record.result === 'skipped') return null;
  const end = record.finish ?? now;
  return {
    record, start: record.start, end: Math.max(end, record.start), ready: null, isCritical: false,
  };
}

/** The rows for one attempt, with what it kept of earlier ones, or for all of them. */
export function gantt(
  records: BuildRecord[],
  attempt: number,
  now: number,
  steps: CriticalStep[] = [],
): Gantt {
  const rows: GanttRow[] = [];
  for (const [key, list] of places(records, attempt)) {
    const record = list[list.length - 1] as BuildRecord;
    if (!isDrawn(record, records)) continue;
    const shown = attempt === ALL ? list : list.filter((one) => one.attempt === attempt);
    const bars = shown.map((one) => barOf(one, now)).filter((bar) => bar !== null);
    const keptFrom = attempt === ALL || record.attempt === attempt ? null : record.attempt;
    rows.push({ key, record, depth: 0, parent: '', hasChildren: false, bars, keptFrom });
  }
  nest(rows);
  const bars = rows.flatMap((row) => row.bars);
  waits(bars);
  const critical = steps.filter((step) => attempt === ALL || step.attempt === attempt);
  const ids = new Set(critical.map((step) => step.record));
  for (const bar of bars) bar.isCritical = ids.has(bar.record.id);
  const from = Math.min(...bars.map((bar) => bar.ready ?? bar.start));
  const to = Math.max(...bars.map((bar) => bar.end));
  const isAny = bars.length > 0;
  return { rows, from: isAny ? from : now, to: isAny ? Math.max(to, from + 1) : now + 1, critical };
}

/** Depth and parent out of the paths; what lies between may not be drawn. */
function nest(rows: GanttRow[]): void {
  const open: GanttRow[] = [];
  for (const row of rows) {
    const isIn = (above: GanttRow): boolean => row.record.path.startsWith(`${above.record.path}.`);
    while (open.length > 0 && !isIn(open[open.length - 1] as GanttRow)) open.pop();
    const above = open[open.length - 1];
    row.depth = open.length;
    row.parent = above?.key ?? '';
    if (above) above.hasChildren = true;
    open.push(row);
  }
}

/**
 * Since when jobs and stages could have run. Nothing tells what they depend on: a job is ready
 * when its stage began or the last job before it in that stage ended, so the wait is at least this.
 */
function waits(bars: Bar[]): void {
  const stages = bars.filter((bar) => bar.record.type === 'Stage');
  const jobs = bars.filter((bar) => bar.record.type === 'Job');
  for (const bar of jobs) {
    const { path, attempt } = bar.record;
    const peers = (other: Bar): boolean =>
      stageOf(other.record.path) === stageOf(path) && other.record.attempt === attempt;
    const stage = stages.find((other) => peers(other) && other.start <= bar.start);
    if (!stage) continue;
    const ends = jobs.filter(peers).map((other) => other.end).filter((end) => end <= bar.start);
    const ready = Math.max(stage.start, ...ends);
    if (bar.start - ready >= WAIT_MIN) bar.ready = ready;
  }
}

/** A job of the critical path of an attempt. */
export interface CriticalStep {
  record: string;
  name: string;
  attempt: number;
  /** Milliseconds it ran, and waited before. */
  ran: number;
  waited: number;
  /** Of the time from the first of them to the end, between 0 and 1. */
  share: number;
}

export function stepOf(row: Row): CriticalStep {
  return {
    record: String(row.RecordId),
    name: String(row.JobName),
    attempt: toNumber(row.Attempt) ?? 1,
    ran: parseTimespan(String(row.Ran)) ?? 0,
    waited: parseTimespan(String(row.Waited)) ?? 0,
    share: toNumber(row.Share) ?? 0,
  };
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600,
  43_200, 86_400];

/** Milliseconds from the start at which lines are drawn, at most `most` of them. */
export function ticks(length: number, most = 8): number[] {
  const step = 1000 * (STEPS.find((found) => length / (found * 1000) <= most)
    ?? 86_400 * Math.ceil(length / (86_400_000 * most)));
  const found: number[] = [];
  for (let at = 0; at <= length; at += step) found.push(at);
  return found;
}

/** Rows that are seen while those of `closed` keep what is below them to themselves. */
export function unfolded(rows: GanttRow[], closed: ReadonlySet<string>): GanttRow[] {
  const hidden = new Set<string>();
  return rows.filter((row) => {
    if (row.parent !== '' && (hidden.has(row.parent) || closed.has(row.parent))) {
      hidden.add(row.key);
      return false;
    }
    return true;
  });
}

/** The rows that are closed at first: jobs in which nothing went wrong. */
export function closedAtFirst(rows: GanttRow[]): Set<string> {
  return new Set(rows
    .filter(({ record, hasChildren }) => hasChildren && record.type === 'Job'
      && !['failed', 'abandoned', 'canceled'].includes(record.result))
    .map((row) => row.key));
}
