import { describe, expect, it } from 'vitest';
import { itemOf, marksOf, precise } from './items';
import type { Item } from './layout';

it.each([
  ['2026-11-29T16:08:00.1234567Z', 0.4567], ['2026-11-29T16:08:00.123Z', 0],
  ['2026-11-29T16:08:00Z', 0], [null, 0],
])('%j keeps its ticks', (cell, fraction) => {
  const found = precise(cell);
  expect(found - Math.floor(found)).toBeCloseTo(fraction, 3);
});

it('makes hostile names harmless', () => {
  const item = itemOf({ itemId: 'a', itemType: 'request', what: `a\n\u202eb${'x'.repeat(400)}` });
  expect(item.what.startsWith('a ⟨202E⟩bxx')).toBe(true);
  expect(item.what).toHaveLength(301);
  expect(item).toMatchObject({ id: '', parentId: '', duration: null, isError: false });
});

describe('marks', () => {
  const tick = (at: number, isError = false) => ({
    at, item: { itemId: `${at}`, isError } as Item,
  });

  it('joins those that lie upon each other, errors first', () => {
    const marks = marksOf([tick(0), tick(50), tick(50.1, true), tick(100)], 0, 100);
    expect(marks.map((mark) => [mark.item.itemId, mark.count, mark.isError])).toEqual([
      ['0', 1, false], ['50.1', 2, true], ['100', 1, false],
    ]);
  });

  it('are few whatever there is', () => {
    const many = Array.from({ length: 9000 }, (_, at) => tick(at));
    expect(marksOf(many, 0, 9000).length).toBeLessThanOrEqual(161);
  });
});
