import { describe, expect, it } from 'vitest';
import { ago, grainOf, parseDuration, parseTime, parseTimespan, rangeOf } from './time';

const now = new Date('2026-11-29T12:00:00Z');

describe('ranges', () => {
  it.each([
    ['t=PT1H', '2026-11-29T11:00:00.000Z'],
    ['', '2026-11-28T12:00:00.000Z'],
    ['t=nonsense', '2026-11-28T12:00:00.000Z'],
    ['from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', '2026-11-28T12:00:00.000Z'],
  ])('%s', (query, from) => {
    expect(rangeOf(new URLSearchParams(query), now).from.toISOString()).toBe(from);
  });
});

it.each([
  ['P1D', 86_400_000], ['PT30M', 1_800_000], ['P1DT2H3M4S', 93_784_000], ['P', null], ['PT', null],
  ['1D', null], ['P0D', null],
])('duration %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

it.each([
  ['00:00:01.5000000', 1500], ['1.02:03:04', 93_784_000], ['-00:01:00', -60_000], ['x', null],
])('timespan %s', (text, ms) => expect(parseTimespan(text)).toBe(ms));

it('takes ticks', () => {
  expect(parseTime('2026-11-29T16:08:00.1234567Z')?.toISOString()).toBe('2026-11-29T16:08:00.123Z');
  expect(parseTime(null)).toBeNull();
});

it.each([
  [1, '1s'], [24 * 60, '5m'], [7 * 24 * 60, '1h'], [90 * 24 * 60, '12h'],
])('grain of %i minutes', (minutes, kql) => {
  const from = new Date(now.getTime() - minutes * 60_000);
  expect(grainOf({ from, to: now }).kql).toBe(kql);
});

it('ago', () => {
  expect(ago(new Date(now.getTime() - 3000), now)).toBe('3 s ago');
  expect(ago(new Date(now.getTime() - 7_300_000), now)).toBe('2 h ago');
  expect(ago(new Date(now.getTime() + 10), now)).toBe('just now');
});
