import { describe, expect, test } from 'vitest';
import { emptyTable, type Cell, type Table } from '../../lib/query';
import { changes } from './changes';
import { errorRows, healthQueries, healths, sorted, totals, type HealthQuery } from './health';
import { everything } from './scope';

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

const web = { Organization: 'exorg', Project: 'p', Definition: '\\web' };
const core = { Organization: 'exorg', Project: 'p', Definition: '\\core' };

function answers(given: Partial<Record<HealthQuery, Table>>): Record<HealthQuery, Table> {
  const ids = Object.keys(healthQueries(range, everything)) as HealthQuery[];
  return Object.fromEntries(ids.map((id) => [id, given[id] ?? emptyTable])) as
    Record<HealthQuery, Table>;
}

const error = { Before: 0, Fingerprint: '', First: null, Sample: '' };
const given = answers({
  health: table(
    {
      ...web, Builds: 40, Passed: 30, FirstPassed: 28, PassRate: 0.75, PassRateLow: 0.6,
      PassRateHigh: 0.86, BuildsBefore: 50, PassedBefore: 45, PassRateBefore: 0.9,
      LostTime: '00:00:00', LostTimeBefore: '00:00:00', LostBuilds: 0,
    },
    {
      ...core, Builds: 10, Passed: 10, FirstPassed: 9, PassRate: 1, PassRateLow: 0.72,
      PassRateHigh: 1, BuildsBefore: 0, PassedBefore: 0, PassRateBefore: null,
      LostTime: '02:00:00', LostTimeBefore: '01:00:00', LostBuilds: 1,
    },
  ),
  green: table(
    { ...web, Branch: 'main', Open: true, OpenSince: '2026-11-14T10:00:00Z', Closed: 2,
      MedianTimeToGreen: '01:00:00', OpenBefore: false },
    { ...web, Branch: 'master', Open: false, OpenSince: null, Closed: 1,
      MedianTimeToGreen: '03:00:00', OpenBefore: true },
  ),
  errors: table(
    { ...web, ...error, Category: 'Unknown', Domain: 'unknown', Builds: 3 },
    { ...web, ...error, Category: 'Build', Domain: 'code', Builds: 7, Before: 5 },
    { ...web, ...error, Category: 'Test', Domain: 'code', Builds: 0, Before: 1 },
    { ...error, Fingerprint: 'f1', Category: 'Build', Builds: 4, Sample: 'it broke' },
  ),
});

describe('the overview of pipelines', () => {
  const list = healths(given);
  const [first] = list;

  test('has a row for each pipeline any answer names', () => {
    expect(list.map((health) => health.definition)).toEqual(['\\web', '\\core']);
    expect(first).toMatchObject({
      builds: 40, rate: 0.75, rateBefore: 0.9, redBranch: 'main', closed: 3, failed: 10,
      timeToGreen: 3 * 3_600_000, firstPassed: 28, redSince: new Date('2026-11-14T10:00:00Z'),
    });
    expect(first?.shares.map((share) => share.category)).toEqual(['Build', 'Unknown']);
  });

  test.each([
    ['hurts', ['\\core', '\\web']],
    ['rate', ['\\web', '\\core']],
    ['red', ['\\web', '\\core']],
    ['name', ['\\core', '\\web']],
  ] as const)('sorts by %s', (sort, wanted) => {
    expect(sorted(list, sort).map((health) => health.definition)).toEqual(wanted);
  });

  test('adds up to four numbers', () => {
    expect(totals(given)).toMatchObject({
      builds: 50, passed: 40, rate: 0.8, rateBefore: 0.9, failed: 10, unknown: 3,
      unknownShare: 0.3, unknownShareBefore: 0, lost: 7_200_000, lostBefore: 3_600_000,
      open: 1, openBefore: 1,
    });
    expect(totals(answers({}))).toMatchObject({ rate: null, unknownShare: null, lost: 0 });
  });

  test('says what changed, the worst first', () => {
    const found = changes(list, totals(given), errorRows(given.errors, true), range, 'UTC');
    expect(found.map((change) => change.text)).toEqual([
      'web is red on main since 14 Nov, 10:00.',
      'The pass rate of web fell from 90 % to 75 %.',
      'Failure not seen the span before, in 4 builds: “it broke”',
    ]);
    expect(found[2]?.path).toBe('/ci/failures/f1');
    expect(changes([], totals(answers({})), [], range, 'UTC')).toEqual([]);
  });
});
