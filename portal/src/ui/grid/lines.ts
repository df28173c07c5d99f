/**
 * Which lines a grid has: rows in their order, heads of groups, and the parts of rows that are
 * open. Every line has the same height, so that any number of them can be scrolled.
 */

import type { Cell, Column, Table } from '../../lib/query';
import { cellText } from '../../lib/share';
import type { Zone } from '../../lib/time';
import { compareKeys, shownCell, sortKey } from './cells';

export interface Sort {
  column: number;
  isDescending: boolean;
}

/** Whether a cell passes what was typed: `text`, `=text`, `!text`, `>1`, `>=1`, `<1`, `<=1`. */
export function cellFilter(
  typed: string, type: string, zone: Zone = 'UTC',
): (cell: Cell | undefined) => boolean {
  const found = /^(>=|<=|>|<|=|!)?\s*(.*)$/s.exec(typed.trim());
  const [op, wanted] = [found?.[1] ?? '', (found?.[2] ?? '').toLowerCase()];
  if (op.startsWith('>') || op.startsWith('<')) {
    const bound = sortKey(wanted, type);
    return (cell) => {
      const key = sortKey(cell, type);
      if (key === null || bound === null) return false;
      const order = compareKeys(key, bound);
      if (order === 0) return op.endsWith('=');
      return op.startsWith('>') ? order > 0 : order < 0;
    };
  }
  // A time is found as it is shown, and as it stands in queries.
  const textsOf = (cell: Cell | undefined): string[] => [
    cellText(cell), ...(type === 'datetime' ? [shownCell(cell, type, zone)] : []),
  ].map((text) => text.toLowerCase());
  if (op === '=') return (cell) => textsOf(cell).includes(wanted);
  const has = (cell: Cell | undefined) => textsOf(cell).some((text) => text.includes(wanted));
  return op === '!' ? (cell) => !has(cell) : has;
}

/** Instead of a column: what is typed is looked for in all of them. */
export const ANY = -1;

/** Whether a row passes what was typed for a column or for all. */
function rowFilter(
  table: Table, column: number, typed: string, zone: Zone,
): (row: number) => boolean {
  const places = column === ANY ? [...table.schema.keys()] : [column];
  const parts = places.map((place) => ({
    cells: table.columns[place] ?? [],
    passes: cellFilter(typed, table.schema[place]?.type ?? 'string', zone),
  }));
  // What must not be there must be in none of them.
  return typed.trim().startsWith('!')
    ? (row) => parts.every(({ cells, passes }) => passes(cells[row]))
    : (row) => parts.some(({ cells, passes }) => passes(cells[row]));
}

/** Rows that pass all filters, sorted; `null` when that is every row as it came. */
export function orderOf(
  table: Table,
  sort: Sort | null,
  filters: ReadonlyMap<number, string>,
  zone: Zone = 'UTC',
): Uint32Array | null {
  const active = [...filters].filter(([, typed]) => typed.trim() !== '');
  if (!sort && active.length === 0) return null;
  const passing = active.map(([column, typed]) => rowFilter(table, column, typed, zone));
  const order = new Uint32Array(table.rows);
  let count = 0;
  for (let row = 0; row < table.rows; row += 1) {
    if (passing.every((passes) => passes(row))) {
      order[count] = row;
      count += 1;
    }
  }
  const kept = order.subarray(0, count);
  if (sort) sortRows(table, kept, sort);
  return kept;
}

function sortRows(table: Table, order: Uint32Array, sort: Sort): void {
  const { type } = table.schema[sort.column] as Column;
  const cells = table.columns[sort.column] ?? [];
  const keys = cells.map((cell) => sortKey(cell, type));
  const sign = sort.isDescending ? -1 : 1;
  order.sort((a, b) => {
    const [one, other] = [keys[a] ?? null, keys[b] ?? null];
    // What has no value stays at the end either way; equals keep their order.
    if (one === null || other === null) return compareKeys(one, other) || a - b;
    return sign * compareKeys(one, other) || a - b;
  });
}

export interface Group {
  key: string;
  cell: Cell;
  rows: Uint32Array;
}

/** Rows by the value of a column, the largest group first. */
export function groupsOf(table: Table, column: number, order: Uint32Array | null): Group[] {
  const cells = table.columns[column] ?? [];
  const groups = new Map<string, { cell: Cell; rows: number[] }>();
  const count = order?.length ?? table.rows;
  for (let index = 0; index < count; index += 1) {
    const row = order ? (order[index] as number) : index;
    const cell = cells[row] ?? null;
    const key = cellText(cell);
    const known = groups.get(key);
    if (known) known.rows.push(row);
    else groups.set(key, { cell, rows: [row] });
  }
  return [...groups]
    .map(([key, { cell, rows }]) => ({ key, cell, rows: Uint32Array.from(rows) }))
    .sort((a, b) => b.rows.length - a.rows.length);
}

/** A line below an open row: a column, or a part of its dynamic value. */
export interface Detail {
  path: string;
  depth: number;
  name: string;
  value: Cell;
  type: string;
  /** How many parts it has; 0: it is a value. */
  parts: number;
  isOpen: boolean;
}

/** Most parts of one value that become lines; more is told. */
export const PARTS_MAX = 10_000;

/** The value as something with parts: dynamic, or JSON in a text. */
export function branch(value: Cell): Cell {
  if (typeof value !== 'string' || value.length > 100_000 || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as Cell;
  } catch {
    return value;
  }
}

/**
 * Lines of an open row. `toggled` holds the paths whose state is not the one they start with:
 * parts of columns start open unless they are many, everything deeper starts closed.
 */
export function detailsOf(table: Table, row: number, toggled: ReadonlySet<string>): Detail[] {
  const list: Detail[] = [];
  function add(path: string, depth: number, name: string, cell: Cell, type: string): void {
    const value = branch(cell);
    const isBranch = value !== null && typeof value === 'object';
    const keys = isBranch ? Object.keys(value) : [];
    const startsOpen = depth === 0 && keys.length <= 40;
    const isOpen = keys.length > 0 && startsOpen !== toggled.has(path);
    const shown = isBranch ? value : cell;
    list.push({ path, depth, name, value: shown, type, parts: keys.length, isOpen });
    if (!isOpen) return;
    for (const key of keys.slice(0, PARTS_MAX)) {
      add(`${path}\u0000${key}`, depth + 1, key, (value as Record<string, Cell>)[key] ?? null, '');
    }
    if (keys.length > PARTS_MAX) {
      const name = `… ${keys.length - PARTS_MAX} more parts are not shown`;
      list.push({ path, depth: depth + 1, name, value: null, type: '', parts: 0, isOpen: false });
    }
  }
  table.schema.forEach((found, index) => {
    add(found.name, 0, found.name, table.columns[index]?.[row] ?? null, found.type);
  });
  return list;
}

export type Line =
  | { kind: 'row'; row: number; isOpen: boolean }
  | { kind: 'group'; group: Group; isOpen: boolean }
  | { kind: 'detail'; row: number; detail: Detail };

interface Segment {
  start: number;
  count: number;
  line: (offset: number) => Line;
}

/** All lines of a grid; finding one takes a binary search. */
export class Lines {
  readonly total: number;
  /** Rows among them, those of closed groups included. */
  readonly rows: number;
  readonly #segments: Segment[] = [];

  constructor(
    table: Table,
    order: Uint32Array | null,
    groups: Group[] | null,
    openGroups: ReadonlySet<string>,
    open: ReadonlyMap<number, ReadonlySet<string>>,
  ) {
    this.rows = order?.length ?? table.rows;
    let start = 0;
    const push = (count: number, line: Segment['line']): void => {
      if (count > 0) this.#segments.push({ start, count, line });
      start += Math.max(count, 0);
    };
    const pushRows = (list: Uint32Array | null, count: number): void => {
      const rowOf = (index: number) => (list ? (list[index] as number) : index);
      let from = 0;
      for (const at of places(list, count, open)) {
        const first = from;
        push(at - from, (offset) => ({ kind: 'row', row: rowOf(first + offset), isOpen: false }));
        const row = rowOf(at);
        push(1, () => ({ kind: 'row', row, isOpen: true }));
        const details = detailsOf(table, row, open.get(row) ?? new Set());
        push(details.length, (offset) => (
          { kind: 'detail', row, detail: details[offset] as Detail }
        ));
        from = at + 1;
      }
      const first = from;
      push(count - from, (offset) => ({ kind: 'row', row: rowOf(first + offset), isOpen: false }));
    };
    if (!groups) pushRows(order, this.rows);
    for (const group of groups ?? []) {
      const isOpen = openGroups.has(group.key);
      push(1, () => ({ kind: 'group', group, isOpen }));
      if (isOpen) pushRows(group.rows, group.rows.length);
    }
    this.total = start;
  }

  at(index: number): Line | null {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#segments[middle] as Segment;
      if (index < found.start) high = middle - 1;
      else if (index >= found.start + found.count) low = middle + 1;
      else return found.line(index - found.start);
    }
    return null;
  }
}

/** Where in `list` the open rows stand, in ascending order. */
function places(
  list: Uint32Array | null,
  count: number,
  open: ReadonlyMap<number, unknown>,
): number[] {
  if (open.size === 0) return [];
  if (!list) return [...open.keys()].filter((row) => row < count).sort((a, b) => a - b);
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) {
    if (open.has(list[index] as number)) found.push(index);
  }
  return found;
}

/** Browsers allow elements of some 16 million pixels; beyond, the scroll position is mapped. */
export const HEIGHT_MAX = 14_000_000;

/**
 * The place in all lines, in pixels, for a scroll position. Small moves are taken as they are,
 * jumps by their share of the whole; the ends are always reached.
 */
export function scrolledTo(
  scroll: { top: number; before: number; view: number },
  logicalBefore: number,
  full: number,
): number {
  if (full <= HEIGHT_MAX) return scroll.top;
  const end = full - scroll.view;
  const scrollEnd = HEIGHT_MAX - scroll.view;
  if (scroll.top <= 0) return 0;
  if (scroll.top >= scrollEnd - 1) return end;
  const by = scroll.top - scroll.before;
  if (Math.abs(by) <= 2 * scroll.view) return Math.min(Math.max(logicalBefore + by, 0), end);
  return (scroll.top / scrollEnd) * end;
}
