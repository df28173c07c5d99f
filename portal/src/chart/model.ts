/** What a chart shows, apart from how it looks: series, slices, bars of time, cards, nodes. */

import { cut, visible } from '../lib/format';
import type { Cell, Column, Render, Table } from '../lib/query';
import { cellText } from '../lib/share';
import { parseTime, type Range } from '../lib/time';
import { rolesOf, spread, toY, type AxisKind, type Roles } from './columns';
import { OTHER } from './tokens';
import type { Unit } from './units';

export const SERIES_MAX = 50;
export const SLICES_MAX = 12;
export const BARS_MAX = 500;
export const NODES_MAX = 1000;
export const CATEGORIES_MAX = 200;

export interface Series {
  name: string;
  /** The column its values are from. */
  column: string;
  unit: Unit;
  /** Times in milliseconds, numbers, or places in `categories`; ascending. */
  x: Float64Array;
  /** `NaN`: no value there. */
  y: Float64Array;
  /** Sum of all values. */
  total: number;
  /** Places of `x` that are marked as anomalies. */
  marks: number[];
}

export type XyKind = 'line' | 'area' | 'column' | 'bar' | 'scatter';

export interface XyModel {
  shape: 'xy';
  kind: XyKind;
  axis: AxisKind;
  stack: 'none' | 'stacked' | 'stacked100';
  split: 'none' | 'axes' | 'panels';
  categories: string[];
  series: Series[];
  /** Columns of values, in order; an axis each when split. */
  columns: string[];
  /** Name of the column the series are from; empty: the value columns are the series. */
  seriesColumn: string;
  xName: string;
  /** Types of `columns`. */
  yTypes: string[];
}

export interface PieModel {
  shape: 'pie';
  slices: { name: string; value: number }[];
  total: number;
  seriesColumn: string;
}

export interface CardModel {
  shape: 'card';
  cards: { name: string; type: string; value: Cell }[];
}

export interface GanttModel {
  shape: 'gantt';
  axis: AxisKind;
  rows: string[];
  bars: { row: number; from: number; to: number; name: string; group: string }[];
}

export interface TreeNode {
  name: string;
  value: number;
  children?: TreeNode[];
}

export interface TreeModel {
  shape: 'tree';
  nodes: TreeNode[];
  total: number;
}

export type Model = XyModel | PieModel | CardModel | GanttModel | TreeModel;

/** Bins of a time chart that are there even without rows: as zero, or as a gap. */
export interface Bins {
  ms: number;
  /** Of all columns, or of each by its name. */
  fill: Fill | Record<string, Fill>;
}

export type Fill = 'zero' | 'gap';

/** What the model of a chart is made with, beside its rows. */
export interface PlanOptions {
  bins?: Bins | null;
  range?: Range | null;
  unit?: Unit;
  /** Units of columns that have another one, by name. */
  units?: Record<string, Unit>;
}

export interface Plan {
  model: Model;
  /** What is not drawn, in sentences. */
  notes: string[];
}

const kinds: Record<string, XyKind> = {
  timechart: 'line', linechart: 'line', anomalychart: 'line', areachart: 'area',
  stackedareachart: 'area', barchart: 'bar', columnchart: 'column', scatterchart: 'scatter',
};

/** What `render` makes of the table; `null`: it is shown as a table. */
export function plan(
  table: Table,
  render: Render,
  options: PlanOptions = {},
): Plan | null {
  const whole = spread(table);
  if (whole.schema.length === 0) return null;
  switch (render.kind) {
    case 'card': return { model: cardModel(table), notes: [] };
    case 'piechart': return pieModel(whole, render);
    case 'treemap': return treeModel(whole);
    case 'ladderchart': case 'timeline': return ganttModel(whole, render);
    default: return kinds[render.kind] ? xyModel(whole, render, options) : null;
  }
}

/** A cell as the name of a series or category. */
export function label(cell: Cell | undefined): string {
  const text = cellText(cell);
  return text === '' ? '(empty)' : cut(visible(text), 120);
}

function cardModel(table: Table): CardModel {
  const cards = table.schema.map((found, place) =>
    ({ name: found.name, type: found.type, value: table.columns[place]?.[0] ?? null }));
  return { shape: 'card', cards };
}

function pieModel(table: Table, render: Render): Plan | null {
  const roles = rolesOf(table.schema, render);
  const names = roles.series.length > 0 && roles.axis === 'number' ? roles.series : [roles.x];
  const y = roles.y[0] ?? (roles.axis === 'number' ? roles.x : -1);
  if (y < 0) return null;
  const sums = new Map<string, number>();
  let dropped = 0;
  for (let row = 0; row < table.rows; row += 1) {
    const value = toY(table.columns[y]?.[row], table.schema[y]?.type ?? '');
    if (!(value >= 0)) {
      dropped += 1;
      continue;
    }
    const key = names.map((place) => label(table.columns[place]?.[row])).join(', ');
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  const sorted = [...sums].map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => b.value - a.value);
  const slices = sorted.slice(0, SLICES_MAX);
  const rest = sorted.slice(SLICES_MAX);
  if (rest.length > 0) {
    slices.push({ name: OTHER, value: rest.reduce((sum, slice) => sum + slice.value, 0) });
  }
  const total = slices.reduce((sum, slice) => sum + slice.value, 0);
  const notes = [
    rest.length > 0 ? `${OTHER} holds ${rest.length} more values.` : '',
    dropped > 0 ? `${dropped} rows without a value of 0 or more are not shown.` : '',
  ].filter(Boolean);
  const seriesColumn = table.schema[names[0] ?? 0]?.name ?? '';
  return { model: { shape: 'pie', slices, total, seriesColumn }, notes };
}

function treeModel(table: Table): Plan | null {
  const places = table.schema.map((_, place) => place);
  const isNumber = (place: number): boolean =>
    /^(int|long|real|decimal|timespan)$/.test(table.schema[place]?.type ?? '');
  const y = places.findLast(isNumber);
  const levels = places.filter((place) => !isNumber(place));
  if (y === undefined || levels.length === 0) return null;
  const root: TreeNode = { name: '', value: 0, children: [] };
  const count = Math.min(table.rows, NODES_MAX);
  for (let row = 0; row < count; row += 1) {
    const value = toY(table.columns[y]?.[row], table.schema[y]?.type ?? '');
    if (value > 0) grow(root, levels.map((place) => label(table.columns[place]?.[row])), value);
  }
  const notes = table.rows > count ? [`The first ${count} of ${table.rows} rows are shown.`] : [];
  return { model: { shape: 'tree', nodes: root.children ?? [], total: root.value }, notes };
}

function grow(node: TreeNode, path: string[], value: number): void {
  node.value += value;
  const [name, ...rest] = path;
  if (name === undefined) return;
  node.children ??= [];
  let child = node.children.find((found) => found.name === name);
  if (!child) {
    child = { name, value: 0 };
    node.children.push(child);
  }
  grow(child, rest, value);
}

function ganttModel(table: Table, render: Render): Plan | null {
  const { schema } = table;
  const spans = schema.map((_, place) => place)
    .filter((place) => /^(datetime|timespan|int|long|real)$/.test(schema[place]?.type ?? ''));
  const [from, to] = spans.slice(-2);
  if (from === undefined || to === undefined) return null;
  const texts = schema.map((_, place) => place).filter((place) => !spans.includes(place));
  const rows = new Map<string, number>();
  const bars: GanttModel['bars'] = [];
  let dropped = 0;
  const series = render.properties.series;
  const group = series ? schema.findIndex((found) => found.name === series) : texts[1] ?? -1;
  for (let row = 0; row < table.rows && bars.length < BARS_MAX; row += 1) {
    const start = toY(table.columns[from]?.[row], schema[from]?.type ?? '');
    const end = toY(table.columns[to]?.[row], schema[to]?.type ?? '');
    if (!(end >= start)) {
      dropped += 1;
      continue;
    }
    const name = texts.length > 0 ? label(table.columns[texts[0] ?? 0]?.[row]) : `Row ${row + 1}`;
    if (!rows.has(name)) rows.set(name, rows.size);
    const part = group >= 0 ? label(table.columns[group]?.[row]) : '';
    bars.push({ row: rows.get(name) ?? 0, from: start, to: end, name, group: part });
  }
  const left = table.rows - dropped - bars.length;
  const notes = [
    left > 0 ? `The first ${bars.length} of ${table.rows} bars are shown.` : '',
    dropped > 0 ? `${dropped} rows have no end after their start and are not shown.` : '',
  ].filter(Boolean);
  const axis = schema[from]?.type === 'datetime' ? 'time' : 'number';
  return { model: { shape: 'gantt', axis, rows: [...rows.keys()], bars }, notes };
}

function xyModel(
  table: Table,
  render: Render,
  options: PlanOptions,
): Plan | null {
  const roles = rolesOf(table.schema, render);
  if (roles.y.length === 0 || roles.x < 0) return null;
  const notes: string[] = [];
  const kind = kinds[render.kind] ?? 'line';
  // Horizontal bars stand beside each other; so do the points of time then.
  const axis = kind === 'bar' ? 'category' : roles.axis;
  const gathered = gather(table, roles, axis, notes, options);
  const growing = firstOnes(gathered.series, notes);
  const stack = stackOf(render, kind);
  const needsSame = kind === 'bar' || kind === 'column' || stack !== 'none';
  const bins = axis === 'time' ? options.bins : null;
  const series = bins ? binned(growing, bins, options.range ?? null)
    : needsSame || axis === 'category' ? aligned(growing) : growing.map(sorted);
  if (render.properties.accumulate === 'true') series.forEach(accumulate);
  const split = render.properties.ysplit;
  return {
    notes,
    model: {
      shape: 'xy', kind, axis, stack,
      split: split === 'axes' || split === 'panels' ? split : 'none',
      categories: gathered.categories,
      series,
      columns: roles.y.map((place) => table.schema[place]?.name ?? ''),
      seriesColumn: roles.series.map((place) => table.schema[place]?.name ?? '').join(', '),
      xName: table.schema[roles.x]?.name ?? '',
      yTypes: roles.y.map((place) => table.schema[place]?.type ?? ''),
    },
  };
}

function stackOf(render: Render, kind: XyKind): XyModel['stack'] {
  const asked = render.properties.kind;
  if (asked === 'stacked100' || asked === 'unstacked' || asked === 'stacked') {
    return asked === 'unstacked' ? 'none' : kind === 'line' || kind === 'scatter' ? 'none' : asked;
  }
  if (render.kind === 'stackedareachart') return 'stacked';
  // As documented of each kind: areas are stacked unless told otherwise, bars are not.
  return kind === 'area' ? 'stacked' : 'none';
}

interface Growing {
  name: string;
  /** The value of the column of series; empty: there is none. */
  group: string;
  column: string;
  unit: Unit;
  x: number[];
  y: number[];
  total: number;
  marks: Set<number>;
}

function gather(
  table: Table,
  roles: Roles,
  axis: AxisKind,
  notes: string[],
  options: PlanOptions,
): { series: Growing[]; categories: string[] } {
  const { schema } = table;
  const found = new Map<string, Growing>();
  const categories = new Map<string, number>();
  const groupOf = groupsOf(table, roles.series);
  const values = roles.y.map((place, index) => ({
    column: schema[place]?.name ?? '', type: schema[place]?.type ?? '',
    unit: unitOf(schema[place], options),
    cells: table.columns[place] ?? [], flags: table.columns[roles.anomalies[index] ?? -1],
  }));
  let dropped = 0;
  for (let row = 0; row < table.rows; row += 1) {
    const x = placeOf(table, roles, axis, row, categories);
    if (Number.isNaN(x)) {
      dropped += 1;
      continue;
    }
    const group = groupOf(row);
    for (const { column, type, unit, cells, flags } of values) {
      const name = group === '' ? column : values.length > 1 ? `${group}: ${column}` : group;
      let series = found.get(name);
      if (!series) {
        series = { name, group, column, unit, x: [], y: [], total: 0, marks: new Set() };
        found.set(name, series);
      }
      const y = toY(cells[row], type);
      series.x.push(x);
      series.y.push(y);
      if (!Number.isNaN(y)) series.total += y;
      if (flags && (toY(flags[row], 'real') || 0) !== 0) series.marks.add(x);
    }
  }
  if (dropped > 0) {
    const why = axis === 'category' ? `beyond the first ${CATEGORIES_MAX} bars` : 'without a place';
    notes.push(`${dropped} rows ${why} on the x axis are not drawn.`);
  }
  const series = [...found.values()];
  return {
    series: values.length > 1 ? alone(series) : series, categories: [...categories.keys()],
  };
}

function unitOf(column: Column | undefined, { unit = 'none', units = {} }: PlanOptions): Unit {
  return units[column?.name ?? ''] ?? (column?.type === 'timespan' ? 'ms' : unit);
}

/** Of several columns: a group with values in one of them only is one series, and named alone. */
function alone(all: Growing[]): Growing[] {
  const filled = new Map<string, number>();
  const hasValues = ({ y }: Growing): boolean => y.some((value) => !Number.isNaN(value));
  for (const series of all) {
    if (hasValues(series)) filled.set(series.group, (filled.get(series.group) ?? 0) + 1);
  }
  const isAlone = ({ group }: Growing): boolean => group !== '' && filled.get(group) === 1;
  return all.filter((series) => !isAlone(series) || hasValues(series))
    .map((series) => (isAlone(series) ? { ...series, name: series.group } : series));
}

/** The name of the series of a row; names are made once for each value. */
function groupsOf(table: Table, places: number[]): (row: number) => string {
  const [first, ...more] = places.map((place) => {
    const cells = table.columns[place] ?? [];
    const made = new Map<Cell | undefined, string>();
    return (row: number): string => {
      const cell = cells[row];
      let name = made.get(cell);
      if (name === undefined) {
        name = label(cell);
        made.set(cell, name);
      }
      return name;
    };
  });
  if (!first) return () => '';
  return more.length === 0 ? first
    : (row) => [first, ...more].map((nameOf) => nameOf(row)).join(', ');
}

/** Where a row lies on the x axis; `NaN`: nowhere. */
function placeOf(
  table: Table,
  roles: Roles,
  axis: AxisKind,
  row: number,
  categories: Map<string, number>,
): number {
  const cell = table.columns[roles.x]?.[row];
  if (axis !== 'category') return toY(cell, table.schema[roles.x]?.type ?? '');
  const isTime = roles.axis === 'time';
  const name = isTime ? timeLabel(cell) : label(cell);
  const known = categories.get(name);
  if (known !== undefined) return known;
  if (categories.size >= CATEGORIES_MAX) return NaN;
  categories.set(name, categories.size);
  return categories.size - 1;
}

function timeLabel(cell: Cell | undefined): string {
  const time = parseTime(cell);
  return time === null ? '(empty)'
    : time.toISOString().slice(0, 19).replace('T', ' ').replace(' 00:00:00', '');
}

function firstOnes(series: Growing[], notes: string[]): Growing[] {
  if (series.length <= SERIES_MAX) return series;
  notes.push(`The ${SERIES_MAX} largest of ${series.length} series are shown.`);
  const kept = new Set(series.toSorted((a, b) => Math.abs(b.total) - Math.abs(a.total))
    .slice(0, SERIES_MAX));
  return series.filter((found) => kept.has(found));
}

function finish(series: Growing, x: Float64Array, y: Float64Array): Series {
  const { name, column, unit, total } = series;
  const marks: number[] = [];
  if (series.marks.size > 0) {
    for (const [index, at] of x.entries()) if (series.marks.has(at)) marks.push(index);
  }
  return { name, column, unit, total, x, y, marks };
}

function sorted(series: Growing): Series {
  const { x, y } = series;
  if (isAscending(x)) return finish(series, new Float64Array(x), new Float64Array(y));
  const order = Uint32Array.from(x, (_, index) => index)
    .sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0) || a - b);
  return finish(
    series,
    Float64Array.from(order, (index) => x[index] ?? NaN),
    Float64Array.from(order, (index) => y[index] ?? NaN),
  );
}

function isAscending(list: number[]): boolean {
  for (let index = 1; index < list.length; index += 1) {
    if ((list[index] as number) < (list[index - 1] as number)) return false;
  }
  return true;
}

/** All series at the same places; values of one series at one place are added. */
function aligned(all: Growing[], at?: Float64Array, fill: Bins['fill'] = 'gap'): Series[] {
  const places = at ?? Float64Array.from(
    new Set(all.flatMap((series) => series.x))).sort();
  const index = new Map<number, number>();
  for (const [place, x] of places.entries()) index.set(x, place);
  return all.map((series) => {
    const own = typeof fill === 'string' ? fill : fill[series.column];
    const y = new Float64Array(places.length).fill(own === 'zero' ? 0 : NaN);
    for (const [row, value] of series.y.entries()) {
      const place = index.get(series.x[row] ?? NaN);
      if (place === undefined || Number.isNaN(value)) continue;
      const before = y[place] ?? NaN;
      y[place] = Number.isNaN(before) ? value : before + value;
    }
    return finish(series, places, y);
  });
}

/** Bins a chart may have at most; beyond it only those with rows are there. */
const BINS_MAX = 20_000;

/** A place for each bin of the range; what lies between bins keeps its own place. */
function binned(all: Growing[], bins: Bins, range: Range | null): Series[] {
  const seen = new Set(all.flatMap((series) => series.x));
  const known = [...seen].toSorted((a, b) => a - b);
  const [first] = known;
  const last = known[known.length - 1];
  if (first === undefined || last === undefined) return aligned(all);
  const shift = first % bins.ms;
  const start = range ? floorTo(range.from.getTime(), bins.ms, shift) : first;
  const end = range ? range.to.getTime() : last + 1;
  if ((end - start) / bins.ms > BINS_MAX) return aligned(all);
  for (let at = start; at < end; at += bins.ms) seen.add(at);
  const places = Float64Array.from(seen).sort();
  return aligned(all, places, bins.fill);
}

function floorTo(time: number, step: number, shift: number): number {
  return Math.floor((time - shift) / step) * step + shift;
}

function accumulate(series: Series): void {
  let sum = 0;
  for (const [index, value] of series.y.entries()) {
    if (!Number.isNaN(value)) sum += value;
    series.y[index] = sum;
  }
}
