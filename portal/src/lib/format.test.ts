import { describe, expect, it } from 'vitest';
import { bytes, cut, duration, number, percent, short, visible } from './format';

describe('duration', () => {
  it.each([
    [0, '0 ms'], [0.5, '0.5 ms'], [320.4, '320 ms'], [4200, '4.2 s'], [59_940, '60 s'],
    [60_000, '1 min'], [185_000, '3 min 5 s'], [7_800_000, '2 h 10 min'],
    [273_600_000, '3 d 4 h'], [-4200, '−4.2 s'], ['12', '12 ms'], [null, '–'],
  ])('%j is %s', (ms, text) => expect(duration(ms)).toBe(text));
});

describe('percent', () => {
  it.each([
    [0, '0 %'], [0.004, '0.4 %'], [0.5, '50 %'], [1, '100 %'], [0.9999, '99.9 %'], [null, '–'],
  ])('%j is %s', (share, text) => expect(percent(share)).toBe(text));
});

describe('number', () => {
  it.each([
    [1234567, '1,234,567'], [0.12345, '0.123'], [1234.5, '1,235'], ['9007199254740993', '9,007,199,254,740,992'],
    ['', '–'], [Number.NaN, '–'],
  ])('%j is %s', (value, text) => expect(number(value)).toBe(text));
  it('is short', () => expect([short(9999), short(12_345), short(2_500_000)])
    .toEqual(['9,999', '12.3K', '2.5M']));
});

it('bytes', () => expect([bytes(0), bytes(1536), bytes(1048576)])
  .toEqual(['0 B', '1.5 KiB', '1 MiB']));

it('cuts no character in two', () => {
  expect(cut('ab😀cd', 3)).toBe('ab…');
  expect(cut('abc', 3)).toBe('abc');
});

it('shows what cannot be seen', () => {
  expect(visible('a\u0000b\u202ec\td')).toBe('a␀b⟨202E⟩c\td');
});
