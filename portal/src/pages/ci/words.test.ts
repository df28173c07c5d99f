import { describe, expect, test } from 'vitest';
import { buildsQuery, complete, parse, rangeFor } from './words';

const range = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-08T00:00:00Z') };
const term = (word: string, values: string | string[], isNot = false) =>
  ({ word, values: [values].flat(), isNot });

describe('a text is read as', () => {
  test.each([
    ['', []],
    ['definition:web', [term('definition', 'web')]],
    ['DEFINITION:web result:failed,canceled',
      [term('definition', 'web'), term('result', ['failed', 'canceled'])]],
    ['message:"no space, left" -kind:PR',
      [term('message', 'no space, left'), term('kind', 'PR', true)]],
    ['definition:"a b","c,d"', [term('definition', ['a b', 'c,d'])]],
    ['definition:\\team\\web', [term('definition', '\\team\\web')]],
    ['refused -proxy', [term('message', 'refused'), term('message', 'proxy', true)]],
    ['"not finished', [term('message', 'not finished')]],
    ['definition: result:', []],
    ['definition:"', []],
    ['message:"say \\"no\\""', [term('message', 'say "no"')]],
    ['started:~7 attempts:>1 duration:>=30m',
      [term('started', '~7'), term('attempts', '>1'), term('duration', '>=30m')]],
  ])('%j', (query, wanted) => {
    expect(parse(query)).toEqual({ terms: wanted, problems: [] });
  });

  test.each([
    ['colour:red', '“colour:” is no word of builds.'],
    ['started:soon', 'started: cannot be “soon”: ~7: in the last 7 days; or a date.'],
    ['pr:1|drop', 'pr: cannot be “1|drop”: number of the pull request.'],
    ['duration:>30', 'duration: cannot be “>30”: such as >30m.'],
    ['known:maybe', 'known: cannot be “maybe”: whether a known issue explains it.'],
  ])('%j is told to be wrong and left out', (query, problem) => {
    expect(parse(query)).toEqual({ terms: [], problems: [problem] });
  });
});

describe('the query', () => {
  const kql = (query: string): string => buildsQuery(parse(query).terms, range);

  test('is about the time of the page, unless the text has one', () => {
    expect(kql('')).toContain('CompletedBuilds(datetime(2026-11-01T00:00:00.000Z), ');
    expect(kql('started:~2')).toContain('CompletedBuilds(datetime(2026-11-06T00:00:00.000Z), ');
    expect(rangeFor(parse('started:2027-01-01').terms, range)).toEqual(range);
  });

  test('has a condition for each word', () => {
    const found = kql('definition:a,b result:passed -kind:PR duration:>30m pr:7 bucket:Unknown');
    expect(found).toContain('| where (Definition contains "a" or Definition contains "b")\n');
    expect(found).toContain('| where Result =~ "succeeded"\n');
    expect(found).toContain('| where not(Kind =~ "PR")\n');
    expect(found).toContain('| where Duration > 30m\n');
    expect(found).toContain('| where PullRequestNumber == 7\n');
    expect(found).toMatch(/\| where Category =~ "Unknown"$/);
  });

  test('asks other tables for messages, tasks and machines', () => {
    const found = kql('message:"a\\"b" task:Bash -worker:w1');
    expect(found).toContain('leftsemi (BuildErrors() | where Message contains "a\\"b")');
    expect(found).toContain('leftsemi (TimelineRecords | where Type == "Task"');
    expect(found).toContain('leftanti (TimelineRecords | where Type == "Job" '
      + 'and WorkerName =~ "w1")');
    expect(kql('known:true')).toContain('leftsemi (KnownIssueHits()) on');
    expect(kql('-known:true')).toContain('leftanti (KnownIssueHits()) on');
    expect(kql('known:false')).toContain('leftanti (KnownIssueHits()) on');
    expect(kql('known:0123456789ab'))
      .toContain('leftsemi (KnownIssueHits() | where IssueId == "0123456789ab") on');
  });
});

describe('completion', () => {
  const known = { definition: ['\\web-ci', '\\a b'], branch: ['main'] };
  const offered = (query: string): string[] =>
    complete(query, query.length, known).options.map((option) => option.text);

  test.each([
    ['def', ['definition:']],
    ['result:failed -ki', ['-kind:']],
    ['definition:web', ['\\web-ci ']],
    ['definition:x,', ['\\web-ci ', '"\\\\a b" ']],
    ['branch:', ['main ']],
    ['result:suc', ['succeeded ', 'partiallySucceeded ']],
    ['colour:', []],
    ['message:"no def', []],
  ])('of %j', (query, wanted) => {
    expect(offered(query)).toEqual(wanted);
  });

  test('replaces the piece at the caret', () => {
    expect(complete('a def b', 5, known)).toMatchObject({ start: 2, end: 5 });
    expect(complete('result:fa', 9, known)).toMatchObject({ start: 7, end: 9 });
    expect(complete('', 0, known).options.length).toBeGreaterThan(10);
  });
});
