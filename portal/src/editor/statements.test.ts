import { describe, expect, it } from 'vitest';
import { callAt, statementAt, statements } from './statements';

const two = 'a\n| b\n\n \nc';

it('are divided by blank lines', () => {
  expect(statements(two).map(({ start, end }) => two.slice(start, end))).toEqual(['a\n| b', 'c']);
  expect(statements('\n\n')).toEqual([]);
});

it.each([
  [0, 'a\n| b'], [5, 'a\n| b'], [7, 'a\n| b'], [8, 'a\n| b'], [9, 'c'],
])('at %i', (at, expected) => {
  const { start, end } = statementAt(two, at);
  expect(two.slice(start, end)).toBe(expected);
});

describe('calls', () => {
  it.each([
    ['x | where bin(', ['bin', 0]], ['x | where bin(timestamp, ', ['bin', 1]],
    ['bin(ago(1h), ', ['bin', 1]], ['bin(ago(', ['ago', 0]], ['bin(1, 2)', null],
    ['strcat("a(", ', ['strcat', 1]], ['f(dynamic([1, 2]), ', ['f', 1]], ['(a, ', null],
    ['f(@"a\\", ', ['f', 1]], ['f(1 // (g\n, ', ['f', 1]],
  ] as [string, [string, number] | null][])('%s', (text, expected) => {
    const found = callAt(text, text.length);
    expect(found && [found.name, found.argument]).toEqual(expected);
  });
});
