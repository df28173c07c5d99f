import { describe, expect, it } from 'vitest';
import type { Cell, Table } from '../../lib/query';
import {
  ANY, cellFilter, detailsOf, groupsOf, HEIGHT_MAX, Lines, orderOf, scrolledTo,
} from './lines';

function table(types: string, ...columns: Cell[][]): Table {
  const schema = types.split(' ').map((type, index) => ({ name: `c${index}`, type }));
  return { schema, columns, rows: columns[0]?.length ?? 0, render: null, partial: null };
}

const none = new Map<number, string>();

describe('sorting', () => {
  it.each([
    ['long', [3, 1, null, 2], false, [1, 3, 0, 2]],
    ['long', [3, 1, null, 2], true, [0, 3, 1, 2]],
    ['long', ['9007199254740993', '9007199254740992', 1], false, [2, 1, 0]],
    ['real', ['Infinity', 1.5, 'NaN', '-Infinity'], false, [3, 1, 0, 2]],
    ['decimal', ['10.5', '9.25'], false, [1, 0]],
    ['timespan', ['1.00:00:00', '00:00:01', '-00:00:01'], false, [2, 1, 0]],
    ['datetime', ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'], false, [1, 0]],
    ['string', ['b', 'A', 'c', 'a'], false, [1, 3, 0, 2]],
    ['bool', [true, false], false, [1, 0]],
  ] as [string, Cell[], boolean, number[]][])('%s %j', (type, cells, isDescending, expected) => {
    const order = orderOf(table(type, cells), { column: 0, isDescending }, none);
    expect([...(order ?? [])]).toEqual(expected);
  });

  it('is nothing when nothing is asked', () => {
    expect(orderOf(table('long', [1]), null, new Map([[0, ' ']]))).toBeNull();
  });
});

describe('filters of cells', () => {
  it.each([
    ['lin', 'string', 'Linux', true], ['=lin', 'string', 'Linux', false],
    ['=linux', 'string', 'Linux', true], ['!lin', 'string', 'Linux', false],
    ['!lin', 'string', 'macOS', true], ['>10', 'long', 11, true], ['>= 11', 'long', 11, true],
    ['<11', 'long', 11, false], ['>10', 'long', null, false], ['>x', 'long', 1, false],
    ['>2026-01-02', 'datetime', '2026-01-03T00:00:00Z', true],
    ['>00:00:05', 'timespan', '00:00:06', true], ['b', 'dynamic', { a: 'b' }, true],
  ] as [string, string, Cell, boolean][])('%s on %s %j', (typed, type, cell, passes) => {
    expect(cellFilter(typed, type)(cell)).toBe(passes);
  });

  it('find a time as it is shown and as it is written', () => {
    const at = '2026-11-30T01:03:15.2310000Z';
    for (const typed of ['11-30 01:03', 'T01:03', `=${at}`]) {
      expect(cellFilter(typed, 'datetime')(at)).toBe(true);
    }
  });

  it('look into all columns', () => {
    const data = table('string long', ['Ab', 'cd', 'x1'], [1, 2, 3]);
    const found = (typed: string) => [...(orderOf(data, null, new Map([[ANY, typed]])) ?? [])];
    expect(found('1')).toEqual([0, 2]);
    expect(found('!1')).toEqual([1]);
    expect(found('b')).toEqual([0]);
  });
});

describe('lines', () => {
  const data = table('string dynamic', ['x', 'y', 'x'], [{ a: 1, b: { c: [] } }, null, 'no']);

  it('are the rows', () => {
    const lines = new Lines(data, null, null, new Set(), new Map());
    expect(lines.total).toBe(3);
    expect(lines.at(2)).toEqual({ kind: 'row', row: 2, isOpen: false });
    expect(lines.at(3)).toBeNull();
  });

  it('hold the parts of open rows', () => {
    const lines = new Lines(data, null, null, new Set(), new Map([[0, new Set<string>()]]));
    const kinds = Array.from({ length: lines.total }, (_, index) => {
      const line = lines.at(index);
      return line?.kind === 'detail' ? `${line.detail.depth} ${line.detail.name}` : line?.kind;
    });
    expect(kinds).toEqual(['row', '0 c0', '0 c1', '1 a', '1 b', 'row', 'row']);
  });

  it('open and close parts', () => {
    const names = (...toggled: string[]) =>
      detailsOf(data, 0, new Set(toggled)).map((found) => found.name);
    expect(names('c1')).toEqual(['c0', 'c1']);
    expect(names('c1\u0000b')).toEqual(['c0', 'c1', 'a', 'b', 'c']);
  });

  it('take JSON in texts apart', () => {
    const text = table('string', ['{"a":[1]}', '{broken']);
    expect(detailsOf(text, 0, new Set()).map((found) => found.name)).toEqual(['c0', 'a']);
    expect(detailsOf(text, 1, new Set()).map((found) => found.name)).toEqual(['c0']);
  });

  it('are grouped, the largest first', () => {
    const groups = groupsOf(data, 0, null);
    expect(groups.map(({ key, rows }) => [key, [...rows]])).toEqual([['x', [0, 2]], ['y', [1]]]);
    const lines = new Lines(data, null, groups, new Set(['x']), new Map());
    expect(lines.total).toBe(4);
    expect(lines.at(2)).toEqual({ kind: 'row', row: 2, isOpen: false });
    expect(lines.at(3)?.kind).toBe('group');
  });

  it('follow order and filter', () => {
    const order = orderOf(data, { column: 0, isDescending: true }, new Map([[0, 'x']]));
    const lines = new Lines(data, order, null, new Set(), new Map([[2, new Set<string>()]]));
    expect(lines.rows).toBe(2);
    expect(lines.at(1)).toEqual({ kind: 'row', row: 2, isOpen: true });
    expect(lines.total).toBe(4);
  });
});

describe('scrolling', () => {
  const full = 28_000_000;
  it.each([
    [{ top: 500, before: 400, view: 600 }, 400, 10_000, 500],
    [{ top: 500, before: 400, view: 600 }, 800, full, 900],
    [{ top: 0, before: 400, view: 600 }, 800, full, 0],
    [{ top: HEIGHT_MAX - 600, before: 0, view: 600 }, 0, full, full - 600],
    [{ top: (HEIGHT_MAX - 600) / 2, before: 0, view: 600 }, 0, full, (full - 600) / 2],
  ])('%j', (scroll, before, height, expected) => {
    expect(scrolledTo(scroll, before, height)).toBe(expected);
  });
});
