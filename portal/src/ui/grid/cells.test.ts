import { describe, expect, it } from 'vitest';
import type { Cell, Table } from '../../lib/query';
import { brief, shownCell, statisticsOf, totals, tsv } from './cells';

describe('cells', () => {
  it.each([
    ['2026-11-29T16:08:00.1234567Z', 'datetime', '2026-11-29 16:08:00.123'],
    ['2026-11-29T16:08:00Z', 'datetime', '2026-11-29 16:08:00'],
    [0.1 + 0.2, 'real', '0.3'],
    ['NaN', 'real', 'NaN'],
    [null, 'string', ''],
    ['a\nb\u202ec\u0000', 'string', 'a ↵ b⟨202E⟩c␀'],
    [{ a: ['x', 1, null] }, 'dynamic', '{"a":["x",1,null]}'],
    [true, 'bool', 'true'],
  ] as [Cell, string, string][])('%j of %s', (cell, type, shown) => {
    expect(shownCell(cell, type, 'UTC')).toBe(shown);
  });

  it('are cut before they are shown', () => {
    expect(shownCell('x'.repeat(1_000_000), 'string', 'UTC').length).toBeLessThan(310);
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, at]));
    expect(brief(many, 300).length).toBeLessThan(310);
  });

  it('are copied as spreadsheets take them', () => {
    expect(tsv([['a', 1, null], ['b\tc', '"', { d: 1 }]])).toBe(
      'a\t1\t\n"b\tc"\t""""\t"{""d"":1}"',
    );
  });
});

it('statistics', () => {
  const cells: Cell[] = [3, 1, null, 3];
  const table: Table = {
    schema: [{ name: 'n', type: 'long' }], columns: [cells], rows: 4, render: null, partial: null,
  };
  const found = statisticsOf(table, 0, (visit) => cells.forEach((_, row) => visit(row)));
  expect(found).toEqual({
    rows: 4, nulls: 1, empty: 0, distinct: 2, min: '1', max: '3', sum: 7, average: 7 / 3,
    top: [{ value: '3', rows: 2 }, { value: '1', rows: 1 }],
  });
});

it('totals', () => {
  expect(totals([1, 'x', 3, null])).toEqual({ cells: 4, numbers: 2, sum: 4, min: 1, max: 3 });
});
