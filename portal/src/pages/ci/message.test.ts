import { describe, expect, test } from 'vitest';
import { cleaned, follows, parts } from './message';

const shown = (message: string): string =>
  parts(message).map(({ text, varies }) => (varies ? `[${text}]` : text)).join('');

test.each([
  ['(NETCORE_ENGINEERING_TELEMETRY=Build) Build failed.', 'Build failed.'],
  ['\u001b[31merror\u001b[0m: no\nsecond line', 'error: no'],
  ['\n\n  late  line ', 'late line'],
  ['a\u202eb', 'a⟨202E⟩b'],
  ['', ''],
])('%j is read as %j', (message, wanted) => {
  expect(cleaned(message)).toBe(wanted);
});

describe('what varies', () => {
  test.each([
    ["Bash exited with code '1'.", "Bash exited with code '1'."],
    ['agent Linux 9 ran longer than 60 minutes', 'agent Linux [9] ran longer than [60] minutes'],
    ['error CS0103: nothing', 'error CS0103: nothing'],
    ['GET https://feed.example.com/a?b=1 failed', 'GET [https://feed.example.com/a?b=1] failed'],
    ['at 2026-11-29T16:08:00.12Z of 1b4e28ba-2fa1-11d2-883f-0016d3cca427',
      'at [2026-11-29T16:08:00.12Z] of [1b4e28ba-2fa1-11d2-883f-0016d3cca427]'],
    ['src/a.cs(12,5): in /build/1/s/x.cs',
      'src/a.cs([12],[5]): in [/build/1/s/]x.cs'],
    ['commit 0dba99f of deadbeef', 'commit [0dba99f] of deadbeef'],
  ])('%s', (message, wanted) => {
    expect(shown(message)).toBe(wanted);
  });

  test('is found in time in long messages', () => {
    const start = performance.now();
    parts('/a'.repeat(200_000));
    parts('1'.repeat(200_000));
    expect(performance.now() - start).toBeLessThan(200);
  });
});

test.each([
  ["Bash exited with code '1'.", true],
  ['Process completed with exit code 1.', true],
  ['Build failed.', true],
  ['error CS1061: Build failed to resolve', false],
])('whether “%s” only says that a step failed', (message, wanted) => {
  expect(follows(message)).toBe(wanted);
});
