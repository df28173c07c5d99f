import { describe, expect, test } from 'vitest';
import { emptyTable, type Cell, type Table } from '../../lib/query';
import {
  cellsQuery, chosen, columnsOf, expression, gridOf, pipelineQueries, type GridWish,
} from './pipeline';

const range = { from: new Date('2026-11-08T00:00:00Z'), to: new Date('2026-11-15T00:00:00Z') };

function table(...list: Record<string, Cell>[]): Table {
  const names = Object.keys(list[0] ?? {});
  return {
    ...emptyTable,
    schema: names.map((name) => ({ name, type: 'dynamic' })),
    columns: names.map((name) => list.map((row) => row[name] ?? null)),
    rows: list.length,
  };
}

const columns = columnsOf(table(
  { BuildId: 2, BuildNumber: '2', Result: 'failed', AttemptCount: 2 },
  { BuildId: 1, BuildNumber: '1', Result: 'succeeded', AttemptCount: 1 },
));

const job = (Name: string, BuildId: number, Result: string, Bad = 0): Record<string, Cell> =>
  ({ Name, Group: 'Test', BuildId, Result, RecordId: `r${BuildId}`, Bad });

const grid = gridOf(columns, table(
  job('linux', 2, 'failed', 1), job('linux', 1, 'succeeded', 1), job('mac', 1, 'succeeded'),
  job('mac', 9, 'failed'), job('win', 2, 'skipped'),
), 'jobs');

describe('the grid of a pipeline', () => {
  test('has a cell for each build a row ran in', () => {
    expect(grid.map((row) => [row.name, ...row.cells.map((cell) => cell?.kind ?? '')])).toEqual([
      ['linux', 'fail', 'flaky'], ['mac', '', 'pass'], ['win', 'canceled', ''],
    ]);
    expect(grid[0]).toMatchObject({ failures: 1, flakes: 1, runs: 2 });
  });

  test('tells flaky tests from failed ones', () => {
    const tests = (over: Record<string, Cell>): Record<string, Cell> => ({
      Name: 't', Group: 'g', BuildId: 1, Failed: 0, Reruns: 0, LastFail: null, LastPass: 1, ...over,
    });
    const kind = (over: Record<string, Cell>): string | undefined =>
      gridOf(columns, table(tests(over)), 'tests')[0]?.cells[1]?.kind;
    expect(kind({})).toBe('pass');
    expect(kind({ Reruns: 1 })).toBe('flaky');
    expect(kind({ Failed: 1, LastFail: 1, LastPass: 2 })).toBe('flaky');
    expect(kind({ Failed: 1, LastFail: 2, LastPass: 1 })).toBe('fail');
  });

  const none: GridWish = { include: '', exclude: '', failuresOnly: false, sort: '' };
  test.each<[Partial<GridWish>, string[]]>([
    [{}, ['linux', 'mac', 'win']],
    [{ include: '^test (l|m)' }, ['linux', 'mac']],
    [{ exclude: 'MAC' }, ['linux', 'win']],
    [{ include: '(' }, ['linux', 'mac', 'win']],
    [{ failuresOnly: true }, ['linux']],
    [{ sort: 'name', exclude: 'linux' }, ['mac', 'win']],
    [{ sort: 'failures' }, ['linux', 'mac', 'win']],
  ])('is chosen by %j', (wish, names) => {
    expect(chosen(grid, { ...none, ...wish }).map((row) => row.name)).toEqual(names);
  });

  test('says what is no expression', () => {
    expect(expression('(')).toBeNull();
    expect(expression('a|b')).toBeInstanceOf(RegExp);
  });
});

test('queries name the pipeline with its folder', () => {
  const pipeline = { source: 'o', project: 'p', definition: '\\a\\b' };
  const given = { branch: 'main', kind: '' };
  const queries = pipelineQueries(range, pipeline, given);
  const cells = cellsQuery(range, pipeline, given, 'tests');
  for (const kql of [queries.rate, cells, queries.categories, queries.flaky]) {
    expect(kql).toContain('definition = "\\\\a\\\\b"');
  }
  expect(queries.rateTrend).toContain('step = 6h');
  expect(Object.keys(queries).length).toBeLessThanOrEqual(19);
});
