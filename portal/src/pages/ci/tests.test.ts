import { describe, expect, test } from 'vitest';
import type { Row } from '../../lib/query';
import { everything } from './scope';
import { listQuery, testQueries, testStateOf, wantedTests } from './tests';

const range = { from: new Date('2026-11-08T00:00:00Z'), to: new Date('2026-11-15T00:00:00Z') };

const row = (over: Row): Row => ({
  TestId: 'a1', Organization: 'o', Project: 'p', TestStorage: 'unit.dll', TestName: 'Web.Loads',
  State: 'Flaky', Why: 'evidence of 2 commits in 14 days', PullRequests: 2,
  LostTime: '00:10:00', Rate: 0.03, RateLow: 0.01, RateHigh: 0.06, Runs: 100, Assumed: 90,
  Fails: 1, Weight: 2.5, Reruns: 2, Retries: 0, SameCommits: 0, Flips: 1, Unrelated: 0,
  LastSeen: '2026-11-14T00:00:00Z', LastEvidence: null, Definitions: '\\ci', ...over,
});

describe('tests', () => {
  test('have a state, a rate and their evidence by kind', () => {
    const found = testStateOf(row({}));
    expect(found).toMatchObject({
      state: 'Flaky', lost: 600_000, rate: 0.03, runs: 100, assumed: 90, lastEvidence: null,
    });
    expect(found.evidence.map((one) => one.text)).toEqual(['2 reruns', '1 flip']);
    expect(testStateOf(row({ Rate: null })).rate).toBeNull();
  });

  const list = [
    row({}), row({ TestName: 'Web.Saves', State: 'Healthy' }), row({ State: 'Inactive' }),
  ].map(testStateOf);

  test.each([
    ['', '', 1], ['all', '', 3], ['Healthy', '', 1], ['all', 'web saves', 1], ['Broken', '', 0],
  ])('in state %j with the words %j', (state, query, wanted) => {
    expect(wantedTests(list, state, query)).toHaveLength(wanted);
  });

  test('are asked for as of the end of the range, those of a pipeline by its name', () => {
    const kql = listQuery(range, { ...everything, source: 'o', pipeline: 'we"b' });
    expect(kql).toContain('TestStates(datetime(2026-11-15T00:00:00.000Z))');
    expect(kql).toContain('| where Definitions contains "we\\"b"');
    expect(testQueries('x"', range).state).toContain('"x\\""');
  });
});
