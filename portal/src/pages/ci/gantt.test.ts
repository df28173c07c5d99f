import { describe, expect, test } from 'vitest';
import type { Row } from '../../lib/query';
import {
  ALL, closedAtFirst, gantt, stepOf, ticks, unfolded, type BuildRecord, type GanttRow,
} from './gantt';

const MIN = 60_000;

/** `path type name start–finish attempt result`, times in minutes. */
function record(
  path: string, type: string, start: number | null, finish: number | null, attempt = 1,
  result = 'succeeded',
): BuildRecord {
  return {
    id: `${path}-${attempt}`, path, type, name: `${type} ${path}`, identifier: '', attempt,
    isLatest: true, state: finish === null ? 'inProgress' : 'completed', result, resultCode: '',
    start: start === null ? null : start * MIN, finish: finish === null ? null : finish * MIN,
    worker: '', image: '', errors: 0, warnings: 0, logId: null, task: '', taskVersion: '',
    stage: '', job: '',
  };
}

const build = [
  record('001', 'Stage', 0, 10),
  record('001.001', 'Phase', 1, 10),
  record('001.001.001', 'Job', 1, 10),
  record('001.001.001.001', 'Task', 1, 10),
  record('002', 'Stage', 10, 40),
  record('002.001.001', 'Job', 12, 30),
  record('002.002.001', 'Job', 11, 40, 1, 'failed'),
  record('002.003.001', 'Job', 30, 35),
  record('002.999', 'Checkpoint', 10, 10),
  record('003', 'Stage', null, null, 1, 'skipped'),
];

const shape = (rows: GanttRow[]): string[] =>
  rows.map((row) => `${'  '.repeat(row.depth)}${row.record.path}`);

describe('rows of a build', () => {
  const found = gantt(build, 1, 0);

  test('follow its tree; phases with jobs and passed checkpoints are left out', () => {
    expect(shape(found.rows)).toEqual([
      '001', '  001.001.001', '    001.001.001.001', '002', '  002.001.001', '  002.002.001',
      '  002.003.001', '003',
    ]);
    expect([found.from, found.to]).toEqual([0, 40 * MIN]);
    expect(found.rows.at(-1)?.bars).toEqual([]);
  });

  test('show how long jobs waited since their stage or the job before them', () => {
    const ready = new Map(found.rows.map((row) => [row.record.path, row.bars[0]?.ready]));
    expect(ready.get('001.001.001')).toBe(0);
    expect(ready.get('002.001.001')).toBe(10 * MIN);
    expect(ready.get('002.003.001')).toBeNull();
  });

  test('fold', () => {
    const closed = closedAtFirst(found.rows);
    expect([...closed]).toEqual(['001.001.001 Job Job 001.001.001']);
    expect(shape(unfolded(found.rows, closed))).not.toContain('    001.001.001.001');
    const top = new Set(['001 Stage Stage 001', '002 Stage Stage 002']);
    expect(shape(unfolded(found.rows, top))).toEqual(['001', '002', '003']);
  });
});

describe('attempts', () => {
  const repeated = [...build, record('002', 'Stage', 100, 120, 2),
    record('002.002.001', 'Job', 101, 120, 2)];

  test('show what they ran, and what they kept of earlier ones', () => {
    const second = gantt(repeated, 2, 0);
    expect([second.from, second.to]).toEqual([100 * MIN, 120 * MIN]);
    const kept = new Map(second.rows.map((row) => [row.record.path, row.keptFrom]));
    expect(kept.get('001.001.001')).toBe(1);
    expect(kept.get('002.002.001')).toBeNull();
    expect(second.rows.find((row) => row.record.path === '001')?.bars).toEqual([]);
  });

  test('stand in one row where all are shown', () => {
    const all = gantt(repeated, ALL, 0);
    const row = all.rows.find((found) => found.record.path === '002.002.001');
    expect(row?.bars.map((bar) => bar.record.attempt)).toEqual([1, 2]);
    expect([all.from, all.to]).toEqual([0, 120 * MIN]);
    expect(gantt(repeated, 1, 0).to).toBe(40 * MIN);
  });
});

describe('the critical path', () => {
  const row = (RecordId: string, Attempt: number): Row => ({
    RecordId, Attempt, JobName: 'Test', Ran: '00:29:00', Waited: '00:01:00', Share: 0.5,
  });
  const steps = [row('002.002.001-1', 1), row('002.002.001-2', 2)].map(stepOf);

  test('is outlined in the attempt it is of', () => {
    const { critical, rows } = gantt(build, 1, 0, steps);
    expect(critical).toEqual([{
      record: '002.002.001-1', name: 'Test', attempt: 1, ran: 29 * MIN, waited: MIN, share: 0.5,
    }]);
    expect(rows.filter((found) => found.bars.some((bar) => bar.isCritical))
      .map((found) => found.record.path)).toEqual(['002.002.001']);
    expect(gantt(build, ALL, 0, steps).critical).toHaveLength(2);
  });
});

test('a running build reaches until now', () => {
  const found = gantt([record('001', 'Job', 1, null)], 1, 9 * MIN);
  expect(found.to).toBe(9 * MIN);
  expect(gantt([], 1, 7)).toEqual({ rows: [], from: 7, to: 8, critical: [] });
});

test.each([
  [8000, [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000]],
  [25 * MIN, [0, 5 * MIN, 10 * MIN, 15 * MIN, 20 * MIN, 25 * MIN]],
])('lines every so often of %i ms', (length, wanted) => {
  expect(ticks(length)).toEqual(wanted);
  expect(ticks(400 * 86_400_000).length).toBeLessThan(12);
});
