/** Which columns of a result are x, series and y, by the rules of `render`. */

import { toNumber } from '../lib/format';
import type { Cell, Column, Render, Table } from '../lib/query';
import { parseTime, parseTimespan } from '../lib/time';

export type AxisKind = 'time' | 'number' | 'category';

const numeric = new Set(['int', 'long', 'real', 'decimal', 'timespan']);

export interface Roles {
  /** Places of columns; x is -1 when there is none. */
  x: number;
  axis: AxisKind;
  series: number[];
  y: number[];
  anomalies: number[];
}

/** Names of a property such as `ycolumns=a, b`; quotes and brackets are taken away. */
export function listed(property: string | undefined): string[] {
  return (property ?? '').split(',')
    .map((part) => part.trim().replace(/^\[?["']?|["']?\]?$/g, ''))
    .filter((part) => part !== '');
}

function placesOf(schema: Column[], property: string | undefined): number[] {
  return listed(property)
    .map((name) => schema.findIndex((found) => found.name === name))
    .filter((place) => place >= 0);
}

/** The table with arrays of `make-series` spread into rows; the same when there are none. */
export function spread(table: Table): Table {
  const isArray = table.schema.map((found, place) =>
    found.type === 'dynamic' && Array.isArray(firstOf(table.columns[place] ?? [])));
  if (!isArray.includes(true)) return table;
  const columns: Cell[][] = table.schema.map(() => []);
  for (let row = 0; row < table.rows; row += 1) {
    const cells = table.columns.map((values) => values[row] ?? null);
    const longest = Math.max(...cells.map((cell) => (Array.isArray(cell) ? cell.length : 0)));
    for (let step = 0; step < longest; step += 1) {
      cells.forEach((cell, place) => {
        columns[place]?.push(isArray[place] ? (Array.isArray(cell) ? cell[step] ?? null : null)
          : cell);
      });
    }
  }
  const schema = table.schema.map((found, place) =>
    isArray[place] ? { name: found.name, type: typeOf(firstOf(columns[place] ?? [])) } : found);
  return { ...table, schema, columns, rows: columns[0]?.length ?? 0 };
}

function firstOf(cells: Cell[]): Cell {
  return cells.find((cell) => cell !== null && cell !== undefined) ?? null;
}

function typeOf(cell: Cell): string {
  if (typeof cell === 'number') return 'real';
  if (typeof cell !== 'string') return 'dynamic';
  if (/^\d{4}-\d\d-\d\dT/.test(cell)) return 'datetime';
  return parseTimespan(cell) === null ? toNumber(cell) === null ? 'string' : 'real' : 'timespan';
}

/** The day of the time that was read last, and its start. */
let [day, dayAt] = [' ', NaN];

/**
 * Milliseconds of a time. As the API writes it, `2026-11-29T10:00:00.1234567Z`, it is read digit by
 * digit: a chart may have very many, most of them of the day of the one before.
 */
function timeOf(cell: Cell): number {
  if (typeof cell !== 'string') return NaN;
  if (cell.length !== 28 || !cell.endsWith('Z')) return parseTime(cell)?.getTime() ?? NaN;
  if (!cell.startsWith(day)) {
    day = cell.slice(0, 10);
    dayAt = Date.parse(day);
  }
  return dayAt + two(cell, 11) * 3_600_000 + two(cell, 14) * 60_000 + two(cell, 17) * 1000
    + two(cell, 20) * 10 + cell.charCodeAt(22) - 48;
}

/** Two digits as a number. */
function two(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
}

/** A cell as what an axis can place; `NaN`: nothing to draw. */
export function toY(cell: Cell | undefined, type: string): number {
  if (cell === null || cell === undefined) return NaN;
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : NaN;
  if (type === 'timespan' && typeof cell === 'string') return parseTimespan(cell) ?? NaN;
  if (type === 'datetime') return timeOf(cell);
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  return toNumber(cell) ?? NaN;
}

export function axisOf(type: string | undefined): AxisKind {
  if (type === 'datetime') return 'time';
  return type !== undefined && numeric.has(type) ? 'number' : 'category';
}

/** Which column plays which part. Time charts take the first time as x, others the first column. */
export function rolesOf(schema: Column[], render: Render): Roles {
  const { properties: given } = render;
  const isTime = /^(timechart|anomalychart)$/.test(render.kind);
  const firstTime = schema.findIndex((found) => found.type === 'datetime');
  let x = placesOf(schema, given.xcolumn)[0] ?? -1;
  if (x < 0 && isTime) x = firstTime;
  if (x < 0) {
    const isPlain = ['linechart', 'scatterchart'].includes(render.kind);
    x = isPlain || axisOf(schema[0]?.type) !== 'number' || firstTime < 0 ? 0 : firstTime;
  }
  const anomalies = placesOf(schema, given.anomalycolumns);
  const others = schema.map((_, place) => place)
    .filter((place) => place !== x && !anomalies.includes(place));
  const texts = others.filter((place) => axisOf(schema[place]?.type) === 'category');
  const asked = placesOf(schema, given.series);
  const series = given.series === undefined ? texts.slice(0, 1) : asked;
  const wanted = placesOf(schema, given.ycolumns);
  const numbers = others.filter((place) =>
    axisOf(schema[place]?.type) === 'number' && !series.includes(place));
  return {
    x, axis: axisOf(schema[x]?.type), series, y: wanted.length > 0 ? wanted : numbers, anomalies,
  };
}
