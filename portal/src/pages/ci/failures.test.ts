import { describe, expect, test } from 'vitest';
import { emptyTable, type Cell, type Table } from '../../lib/query';
import {
  failureQueries, failures, failuresQueries, reachesBack, sparkOf, stepLabel, wanted,
} from './failures';
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

const seen = (Fingerprint: string, Category: string, First: string): Record<string, Cell> => ({
  Fingerprint, Category, Domain: 'code', Hits: 2, Builds: 2, Definitions: 1, First, Last: First,
  Sample: `Sample of ${Fingerprint}`,
});

const none = {
  now: emptyTable, past: emptyTable, ever: emptyTable, spark: emptyTable, pulls: emptyTable,
  known: emptyTable, any: emptyTable,
};

const list = failures({
  now: table(seen('a', 'Build', '2026-11-09T00:00:00Z'), seen('b', '', '2026-11-09T00:00:00Z')),
  past: table(seen('b', '', '2026-11-02T00:00:00Z'), seen('c', 'Test', '2026-11-02T00:00:00Z')),
  ever: table({ Fingerprint: 'a', First: '2026-11-09T00:00:00Z' },
    { Fingerprint: 'b', First: '2026-10-01T00:00:00Z' }),
  spark: table({ Fingerprint: 'a', Category: 'Build', Builds: 2, At: '2026-11-09T06:00:00Z' },
    { Fingerprint: 'a', Category: 'Network', Builds: 9, At: '2026-11-09T06:00:00Z' }),
  pulls: table({ Fingerprint: 'a', Category: 'Build', PullRequests: 1 },
    { Fingerprint: 'b', Category: 'Network', PullRequests: 7 }),
  known: table({ Fingerprint: 'c', IssueId: '1', Title: 'one', Builds: 3 }),
  any: table({ Builds: 9, Newest: '2026-11-14T00:00:00Z', Oldest: '2026-10-01T00:00:00Z' }),
}, range);

describe('failures', () => {
  test('are new, known or gone, and unknown besides', () => {
    expect(list.map(({ fingerprint, states }) => [fingerprint, ...states])).toEqual([
      ['a', 'new'], ['b', 'before', 'unknown'], ['c', 'gone', 'known'],
    ]);
    expect(list[1]).toMatchObject({ category: 'Unknown', first: new Date('2026-10-01T00:00:00Z') });
    expect(list.map((failure) => failure.pullRequests)).toEqual([1, 0, null]);
  });

  test('that tell only that a step failed come after those that tell why', () => {
    const step = { ...seen('s', 'Unknown', '2026-11-09T00:00:00Z'),
      Sample: "##[error]Bash exited with code '1'." };
    const found = failures({
      ...none, now: table(step, seen('a', 'Build', '2026-11-09T00:00:00Z')),
      past: table(step, seen('c', 'Test', '2026-11-02T00:00:00Z')),
    }, range);
    expect(found.map(({ fingerprint }) => fingerprint)).toEqual(['a', 's', 'c']);
  });

  test.each([
    ['', '', ['a', 'b']],
    ['gone', '', ['c']],
    ['unknown', '', ['b']],
    ['', 'SAMPLE build', ['a']],
    ['new', 'nothing', []],
  ])('in state %j with %j', (state, query, fingerprints) => {
    expect(wanted(list, state, query).map((failure) => failure.fingerprint)).toEqual(fingerprints);
  });

  test('are new only where the past is known', () => {
    const young = table({ Oldest: '2026-11-08T01:00:00Z' });
    expect(reachesBack(young, range)).toBe(false);
    const now = table(seen('a', 'Build', '2026-11-09T00:00:00Z'));
    const none = { past: emptyTable, ever: emptyTable, spark: emptyTable, pulls: emptyTable,
      known: emptyTable };
    expect(failures({ ...none, now, any: young }, range)[0]?.states).toEqual([]);
  });

  test('have a point for each step', () => {
    expect(list[0]?.spark.reduce((all, one) => all + one, 0)).toBe(2);
    expect(sparkOf([], range)).toHaveLength(28);
    expect(stepLabel(range)).toBe('6 h');
  });
});

test('names are quoted', () => {
  expect(failureQueries('a"b', range).summary).toContain('Fingerprint == "a\\"b"');
  expect(failuresQueries(range, everything).now).toMatch(/^FailureBreakdown\(/);
  expect(failuresQueries(range, { ...everything, source: 'x' }).now)
    .toContain('| where Organization == "x"');
});
