/** Cells of a grid: how they are shown, compared, counted and copied. */

import { cut, visible } from '../../lib/format';
import type { Cell, Column, Table } from '../../lib/query';
import { cellText } from '../../lib/share';
import { parseTime, parseTimespan, type Zone } from '../../lib/time';

/** Most characters of a cell that reach the page; the whole value is a key away. */
export const SHOWN_MAX = 300;
/** Most cells that are copied or summed at once; more is told. */
export const SELECTED_MAX = 1_000_000;

const numbers = new Set(['int', 'long', 'real', 'decimal']);

export function isNumeric(type: string): boolean {
  return numbers.has(type);
}

/** Numbers and spans stand at the right, so that their digits line up. */
export function isRight(type: string): boolean {
  return numbers.has(type) || type === 'timespan';
}

/** JSON of at most about `most` characters, without writing what is not shown. */
export function brief(value: Cell | undefined, most: number): string {
  let rest = most;
  function write(part: Cell | undefined): string {
    if (rest <= 0) return '';
    if (typeof part === 'string') {
      const text = JSON.stringify(part.slice(0, rest));
      rest -= text.length;
      return text;
    }
    if (part === null || typeof part !== 'object') {
      const text = String(part);
      rest -= text.length;
      return text;
    }
    const isList = Array.isArray(part);
    const parts: string[] = [];
    rest -= 2;
    for (const key in part) {
      if (rest <= 0) break;
      const name = isList ? '' : `${JSON.stringify(key.slice(0, rest))}:`;
      rest -= name.length + 1;
      parts.push(name + write((part as Record<string, Cell>)[key]));
    }
    return isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
  }
  const text = write(value);
  return rest <= 0 ? `${text.slice(0, most)}…` : text;
}

function shownTime(text: string, zone: Zone): string {
  if (zone === 'UTC') return text.replace('T', ' ').replace(/(\.\d{3})\d*Z$|Z$/, '$1');
  const time = parseTime(text);
  if (!time) return text;
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString();
  return local.replace('T', ' ').replace('Z', '');
}

function shownReal(cell: Cell): string {
  return typeof cell === 'number' ? String(Number(cell.toPrecision(12))) : String(cell);
}

/** One line of at most `SHOWN_MAX` characters, control characters made visible. */
export function shownCell(cell: Cell | undefined, type: string, zone: Zone): string {
  if (cell === null || cell === undefined) return '';
  if (type === 'datetime') return shownTime(String(cell), zone);
  if (type === 'real') return shownReal(cell);
  if (typeof cell === 'object') return visible(brief(cell, SHOWN_MAX));
  const text = cut(String(cell), SHOWN_MAX);
  return visible(text.replace(/\r?\n/g, ' ↵ ').replace(/\t/g, ' ⇥ '));
}

/** What rows are sorted by; `null` stands after everything. */
export type Key = number | bigint | string | null;

function numberKey(cell: Cell): Key {
  if (typeof cell === 'number') return cell;
  const text = String(cell);
  // Longs that no number holds are compared exactly.
  if (/^-?\d{16,}$/.test(text)) return BigInt(text);
  const found = Number(text);
  return Number.isNaN(found) ? null : found;
}

export function sortKey(cell: Cell | undefined, type: string): Key {
  if (cell === null || cell === undefined) return null;
  if (numbers.has(type)) return numberKey(cell);
  if (type === 'timespan') return parseTimespan(String(cell));
  if (type === 'datetime') return String(cell);
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'boolean') return Number(cell);
  return typeof cell === 'object' ? brief(cell, 500) : cell.toLowerCase();
}

export function compareKeys(a: Key, b: Key): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  if (typeof a !== typeof b && (typeof a === 'string' || typeof b === 'string')) {
    return String(a) < String(b) ? -1 : 1;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface ColumnStatistics {
  rows: number;
  nulls: number;
  empty: number;
  distinct: number;
  min: string;
  max: string;
  sum: number | null;
  average: number | null;
  top: { value: string; rows: number }[];
}

/** Facts about the loaded cells of a column; `each` visits the rows to count. */
export function statisticsOf(
  table: Table,
  column: number,
  each: (visit: (row: number) => void) => void,
): ColumnStatistics {
  const { type } = table.schema[column] as Column;
  const cells = table.columns[column] ?? [];
  const counts = new Map<string, number>();
  const found = { rows: 0, nulls: 0, empty: 0, sum: 0, numbers: 0 };
  let least: { key: Key; cell: Cell } | null = null;
  let most: { key: Key; cell: Cell } | null = null;
  each((row) => {
    const cell = cells[row] ?? null;
    found.rows += 1;
    if (cell === null) {
      found.nulls += 1;
      return;
    }
    if (cell === '') found.empty += 1;
    const text = cellText(cell);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    const key = sortKey(cell, type);
    if (key === null) return;
    if (least === null || compareKeys(key, least.key) < 0) least = { key, cell };
    if (most === null || compareKeys(key, most.key) > 0) most = { key, cell };
    if (numbers.has(type) && Number.isFinite(Number(cell))) {
      found.sum += Number(cell);
      found.numbers += 1;
    }
  });
  const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 10)
    .map(([value, rows]) => ({ value, rows }));
  const edge = (end: { cell: Cell } | null) => (end === null ? '' : cellText(end.cell));
  return {
    rows: found.rows,
    nulls: found.nulls,
    empty: found.empty,
    distinct: counts.size,
    min: edge(least),
    max: edge(most),
    sum: found.numbers > 0 ? found.sum : null,
    average: found.numbers > 0 ? found.sum / found.numbers : null,
    top,
  };
}

/** A field of tab-separated text, as spreadsheets take it. */
function tsvField(text: string): string {
  return /[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function tsv(cells: (Cell | undefined)[][]): string {
  return cells.map((line) => line.map((cell) => tsvField(cellText(cell))).join('\t')).join('\n');
}

/** Sum and average of the numbers among `cells`, with how many there were. */
export function totals(
  cells: Iterable<Cell | undefined>,
): { cells: number; numbers: number; sum: number; min: number; max: number } {
  const found = { cells: 0, numbers: 0, sum: 0, min: Infinity, max: -Infinity };
  for (const cell of cells) {
    found.cells += 1;
    if (typeof cell !== 'number') continue;
    found.numbers += 1;
    found.sum += cell;
    found.min = Math.min(found.min, cell);
    found.max = Math.max(found.max, cell);
  }
  return found;
}
