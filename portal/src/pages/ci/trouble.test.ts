import { expect, test } from 'vitest';
import { troubles, type CollectStatus } from './trouble';

const now = new Date('2026-11-29T10:00:00Z');
const run = (error: string) => ({ finished: '2026-11-29T09:00:00Z', error });
const project = (over: object) =>
  ({
    source: 'exorg', project: 'web', lagSeconds: 60, pending: 0, dead: 0, runs: [run('')], ...over,
  });

test.each<[string, Partial<CollectStatus>, string[]]>([
  ['nothing', { projects: [project({})] }, []],
  ['an alarm', { sources: [{ source: 'exorg', alarm: 'answered 401.', succeeded: null }] },
    ['exorg: answered 401.']],
  ['an alarm since before the start', {
    projects: [project({ lagSeconds: 7200, runs: [run('')] }), project({ lagSeconds: 60 })],
    sources: [{ source: 'exorg', alarm: 'answered 401', succeeded: null }],
  }, ['exorg: answered 401. The last good pass was 2 h ago, at 29 Nov, 08:00.']],
  ['the same of source and project once', {
    projects: [project({ lagSeconds: null, runs: [run('answered 401.')] })],
    sources: [{ source: 'exorg', alarm: 'answered 401', succeeded: null }],
  }, ['exorg: answered 401.']],
  ['age', { projects: [project({ lagSeconds: 10_800, runs: [run('answered 401')] })] },
    ['Data of project web is 3 h old: answered 401.']],
  ['a remark', { projects: [project({ runs: [run('2 logs were left out'), run('older')] })] },
    ['Project web: 2 logs were left out.']],
  ['dead builds', { projects: [project({ dead: 2 })] },
    ['2 builds of project web were given up; `telltale collect retry` tries them again.']],
  ['another source', { projects: [project({ source: 'other', dead: 2 })] }, []],
])('%s', (_, status, wanted) => {
  const all = { projects: [], ...status };
  expect(troubles(all, 'exorg', 'UTC', now).map((trouble) => trouble.text)).toEqual(wanted);
});
