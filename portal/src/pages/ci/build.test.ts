import { describe, expect, test } from 'vitest';
import {
  because, buildQueries, groupErrors, logLink, overflowOf, type Issue,
} from './build';

function issue(record: string, index: number, message: string, fingerprint = message): Issue {
  return {
    key: `${record} ${index}`, record, index, type: 'error', category: 'Build', domain: 'code',
    source: 'rule', triagedBy: '', message, file: '', line: null, column: null, code: '',
    logLine: null, fingerprint, attempt: 1, isLatest: true, isFromLog: false,
  };
}

describe('errors', () => {
  const exit = "Bash exited with code '1'.";
  const list = [
    issue('a', 0, 'warning as error'), issue('b', 0, 'no space'), issue('b', 1, exit),
    issue('c', 0, 'no space'), issue('c', 1, exit), issue('d', 0, exit),
  ];

  test('are grouped by fingerprint, the primary one first, what follows folded', () => {
    const found = groupErrors(list, { record: 'a', fingerprint: 'warning as error' });
    expect(found.map((group) =>
      [group.fingerprint, group.issues.length, group.folded.length, group.isPrimary])).toEqual([
      ['warning as error', 1, 0, true], ['no space', 2, 2, false], [exit, 1, 0, false],
    ]);
  });

  test('that say nothing stay when they are the primary one', () => {
    const found = groupErrors(list, { record: 'd', fingerprint: exit });
    expect(found[0]).toMatchObject({ fingerprint: exit, isPrimary: true });
    expect(found.reduce((all, group) => all + group.issues.length + group.folded.length, 0))
      .toBe(list.length);
  });

  test('tell why they have their category', () => {
    expect(because(issue('a', 0, 'x'))).toBe('a rule for this text');
    expect(because({ ...issue('a', 0, 'x'), triagedBy: 'kim' })).toBe('set by kim');
  });

  test('beyond what the service keeps are counted', () => {
    const lines = [issue('a', -1, 'l1'), issue('a', -1, 'l2'), issue('b', -1, 'l3')];
    const records = [{ id: 'a', errors: 5 }, { id: 'b', errors: 2 }];
    expect(overflowOf(records, list, lines)).toEqual({ dropped: 4, recovered: 2 });
  });
});

test.each([
  ['https://dev.azure.com/o/p/_build/results?buildId=7', 'Task', 'job', 12,
    'https://dev.azure.com/o/p/_build/results?buildId=7&view=logs&j=job&t=id&l=12'],
  ['https://dev.azure.com/o/p/_build/results?buildId=7', 'Job', null, null,
    'https://dev.azure.com/o/p/_build/results?buildId=7&view=logs&j=id'],
  ['http://plain', 'Job', null, null, null],
  ['javascript:alert(1)', 'Job', null, null, null],
  ['', 'Job', null, null, null],
])('the log of a record of %s', (url, type, job, line, wanted) => {
  expect(logLink(url, { id: 'id', type }, job, line)).toBe(wanted);
});

test('a build that is no number finds nothing', () => {
  const id = { source: 'o"', project: 'p', build: '1 or true' };
  expect(buildQueries(id).build).toContain('Organization == "o\\"" and Project == "p"');
  expect(buildQueries(id).build).toContain('BuildId == -1');
});
