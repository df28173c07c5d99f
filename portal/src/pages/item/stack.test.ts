import { describe, expect, it } from 'vitest';
import { chainOf, chainText, parseStack } from './stack';

describe('lines of stacks', () => {
  it.each([
    ['   at Tasks.Publish.Run(String feed) in /src/Publish.cs:line 77',
      ['Tasks.Publish.Run(String feed)', '/src/Publish.cs', 77, true]],
    ['   at System.Net.Http.HttpClient.SendAsync(HttpRequestMessage request)',
      ['System.Net.Http.HttpClient.SendAsync(HttpRequestMessage request)', '', 0, false]],
    ['    at publish (/src/tasks/publish.js:12:5)', ['publish', '/src/tasks/publish.js', 12, true]],
    ['    at /src/tasks/publish.js:12:5', ['', '/src/tasks/publish.js', 12, true]],
    ['    at async Feed.push (C:\\src\\feed.js:3:1)',
      ['async Feed.push', 'C:\\src\\feed.js', 3, true]],
    ['    at node:internal/main/run:28:49', ['', 'node:internal/main/run', 28, false]],
    ['    at run (/src/node_modules/x/index.js:1:1)',
      ['run', '/src/node_modules/x/index.js', 1, false]],
    ['\tat org.example.Task.run(Task.java:31)', ['org.example.Task.run', 'Task.java', 31, true]],
    ['\tat java.lang.Thread.run(Thread.java:5)', ['java.lang.Thread.run', 'Thread.java', 5, false]],
    ['  File "/src/task.py", line 9, in main', ['main', '/src/task.py', 9, true]],
  ] as const)('%j', (line, [method, file, number, isOwn]) => {
    expect(parseStack(line)).toEqual([
      { frame: { method, module: '', file, line: number, isOwn } },
    ]);
  });

  it('keeps what is no frame', () => {
    expect(parseStack('--- End of stack trace ---\n\n')).toEqual([
      { text: '--- End of stack trace ---' },
    ]);
  });

  it('is quick with hostile lines', () => {
    const hostile = ['('.repeat(1900), `${'a '.repeat(900)}(`, 'x'.repeat(50_000)];
    const lines = parseStack(hostile.map((line) => `at ${line}`).join('\n'));
    expect(lines).toHaveLength(3);
  });
});

describe('chains', () => {
  const chain = chainOf([
    {
      type: 'A', message: 'outer', rawStack: '',
      parsedStack: [
        { level: 0, method: 'T.Run', assembly: 'T, Version=1', fileName: '/t.cs', line: 7 },
        { level: 1, method: 'Go', assembly: 'System.Private.CoreLib', line: 0 },
      ],
    },
    { type: 'B', message: 'inner', rawStack: '   at T.In()' },
  ]);

  it('takes frames or the text', () => {
    expect(chain.map((link) => link.lines.map((line) => 'frame' in line && line.frame.isOwn)))
      .toEqual([[true, false], [true]]);
    expect(chainText(chain)).toBe(
      'A: outer\n   at T.Run in /t.cs:line 7\n   at Go\n---\nB: inner\n   at T.In()',
    );
  });

  it.each([null, 'x', 5, {}, [null, 'x']])('takes %j for no chain', (details) => {
    expect(chainOf(details as never)).toEqual([]);
  });
});
