import { describe, expect, it } from 'vitest';
import { cutsOf, keptAt, placeName } from './cuts';
import type { Row } from './query';

const row: Row = {
  name: 'n'.repeat(512),
  customDimensions: { log: 'l'.repeat(8192), ['k'.repeat(150)]: 'v' },
  customMeasurements: { ['k'.repeat(150)]: 1 },
  details: [{ message: 'm'.repeat(9), parsedStack: [{ method: 'f'.repeat(5) }] }, { type: 'T' }],
  _Cut: { name: 600, 'customDimensions.log': 9000, 'details[0].message': 40_000, bad: 'x' },
};

describe('what was cut', () => {
  it('is told by the column, and only by it', () => {
    expect([...cutsOf(row)]).toEqual([
      ['name', 600], ['customDimensions.log', 9000], ['details[0].message', 40_000],
    ]);
    for (const _Cut of [null, 'x', [], {}, 7]) expect(cutsOf({ ...row, _Cut }).size).toBe(0);
    expect(cutsOf({ name: 'n'.repeat(512) }).size).toBe(0);
  });

  it.each([
    ['name', 512], ['customDimensions.log', 8192],
    [`customDimensions.${'k'.repeat(150)} (key)`, 150],
    [`customMeasurements.${'k'.repeat(150)} (key)`, 150],
    ['details[0].message', 9], ['details[0].parsedStack[0].method', 5], ['details[1].type', 1],
    ['details[7].type', 0], ['details[0].parsedStack.x', 0], ['ai.user.userAgent', 0],
    ['__proto__', 0], ['customDimensions.toString', 0],
  ])('kept of %s are %i characters', (place, kept) => expect(keptAt(row, place)).toBe(kept));

  it.each([
    ['name', 'name'], ['details[0].message', 'message'], ['details[0].rawStack', 'stack'],
    ['details[2].type', 'type of exception 3'],
    ['details[0].parsedStack[4].fileName', 'file of frame 5'],
    ['details[1].parsedStack[0].method', 'method of frame 1 of exception 2'],
    ['customDimensions.kk (key)', 'name of customDimensions.kk'],
  ])('%s is called %s', (place, name) => expect(placeName(place)).toBe(name));
});
