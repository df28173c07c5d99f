/** What a grid shows of its table, and what in it is selected. */

import { emptyTable, type Cell, type Column, type Table } from '../../lib/query';
import { keep, recall } from '../../lib/storage';
import type { Zone } from '../../lib/time';
import { isRight, SELECTED_MAX, shownCell, totals } from './cells';
import { groupsOf, Lines, orderOf, type Line, type Sort } from './lines';

export const ROW = 28;
/** Width of the column of row numbers. */
export const GUTTER = 56;
const WIDTH_MIN = 56;
const WIDTH_MAX = 1200;
const KEPT_WIDTHS_MAX = 200;

export interface Spot {
  line: number;
  /** Place among the visible columns. */
  column: number;
}

export interface Area {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** Widths people chose, by name of column; kept by the browser. */
function keptWidths(): Record<string, number> {
  try {
    return JSON.parse(recall('widths') ?? '{}') as Record<string, number>;
  } catch {
    return {};
  }
}

function keepWidth(name: string, width: number): void {
  const { [name]: _, ...rest } = keptWidths();
  const entries = [...Object.entries(rest), [name, width] as const].slice(-KEPT_WIDTHS_MAX);
  keep('widths', JSON.stringify(Object.fromEntries(entries)));
}

/** Measures texts as the page draws them. */
let brush: CanvasRenderingContext2D | null | undefined;

function widthOf(text: string): number {
  if (brush === undefined) {
    brush = document.createElement('canvas').getContext('2d');
    const { fontFamily } = getComputedStyle(document.body);
    if (brush) brush.font = `13px ${fontFamily}`;
  }
  return brush?.measureText(text).width ?? text.length * 8;
}

/** A width that suits the first cells, in pixels. */
function fittingWidth(column: Column, cells: Cell[], zone: Zone): number {
  let most = widthOf(column.name) + 24;
  for (const cell of cells.slice(0, 60)) {
    most = Math.max(most, widthOf(shownCell(cell, column.type, zone).slice(0, 60)));
  }
  return Math.min(Math.max(Math.ceil(most) + 30, 72), 340);
}

export class GridState {
  table = $state.raw<Table>(emptyTable);
  /** Columns in the order they stand, hidden ones included. */
  order = $state.raw<number[]>([]);
  hidden = $state.raw<ReadonlySet<number>>(new Set());
  pinned = $state.raw<ReadonlySet<number>>(new Set());
  widths = $state.raw<number[]>([]);
  sort = $state.raw<Sort | null>(null);
  filters = $state.raw<ReadonlyMap<number, string>>(new Map());
  group = $state<number | null>(null);
  openGroups = $state.raw<ReadonlySet<string>>(new Set());
  open = $state.raw<ReadonlyMap<number, ReadonlySet<string>>>(new Map());
  /** Line -1 is the row of column names. */
  active = $state.raw<Spot>({ line: 0, column: 0 });
  anchor = $state.raw<Spot>({ line: 0, column: 0 });
  zone = $state<Zone>('UTC');
  #signature = '';

  /** Columns that are seen, pinned ones first. */
  readonly visible = $derived.by(() => {
    const seen = this.order.filter((column) => !this.hidden.has(column));
    return [
      ...seen.filter((column) => this.pinned.has(column)),
      ...seen.filter((column) => !this.pinned.has(column)),
    ];
  });

  /** Left edges of the visible columns in pixels, and after them the whole width. */
  readonly lefts = $derived.by(() => {
    const lefts = [GUTTER];
    for (const column of this.visible) {
      lefts.push((lefts[lefts.length - 1] ?? 0) + (this.widths[column] ?? 120));
    }
    return lefts;
  });

  readonly #order = $derived(orderOf(this.table, this.sort, this.filters, this.zone));
  readonly #groups = $derived(
    this.group === null ? null : groupsOf(this.table, this.group, this.#order),
  );
  readonly lines = $derived(
    new Lines(this.table, this.#order, this.#groups, this.openGroups, this.open),
  );

  readonly area = $derived.by((): Area => ({
    top: Math.max(Math.min(this.anchor.line, this.active.line), 0),
    bottom: Math.max(this.anchor.line, this.active.line),
    left: Math.min(this.anchor.column, this.active.column),
    right: Math.max(this.anchor.column, this.active.column),
  }));

  readonly selectedCells = $derived(
    (this.area.bottom - this.area.top + 1) * (this.area.right - this.area.left + 1),
  );

  readonly totals = $derived(
    this.selectedCells > 1 && this.selectedCells <= SELECTED_MAX
      ? totals(this.selected().flatMap(({ cells }) => cells)) : null,
  );

  /** Takes over a table: another result, or the same one with more rows. */
  take(table: Table, zone: Zone): void {
    const signature = JSON.stringify(table.schema);
    const isOther = signature !== this.#signature;
    const isNew = isOther || table.rows < this.table.rows || this.table.rows === 0;
    this.zone = zone;
    this.table = table;
    if (isOther) {
      this.#signature = signature;
      this.order = table.schema.map((_, index) => index);
      this.hidden = new Set();
      this.pinned = new Set();
      this.sort = null;
      this.filters = new Map();
      this.group = null;
    }
    if (!isNew) return;
    const kept = keptWidths();
    this.widths = table.schema.map((column, index) => (
      kept[column.name] ?? fittingWidth(column, table.columns[index] ?? [], zone)
    ));
    this.open = new Map();
    this.openGroups = new Set();
    this.active = { line: 0, column: 0 };
    this.anchor = this.active;
  }

  column(index: number): Column {
    return this.table.schema[index] ?? { name: '', type: 'string' };
  }

  cell(row: number, column: number): Cell {
    return this.table.columns[column]?.[row] ?? null;
  }

  shown(row: number, column: number): string {
    return shownCell(this.cell(row, column), this.column(column).type, this.zone);
  }

  isRight(column: number): boolean {
    return isRight(this.column(column).type);
  }

  line(index: number): Line | null {
    return this.lines.at(index);
  }

  /** Goes to a spot inside the grid; the selection follows or is extended. */
  moveTo(line: number, column: number, extend = false): void {
    const last = Math.max(this.lines.total - 1, 0);
    this.active = {
      line: Math.min(Math.max(line, extend ? 0 : -1), last),
      column: Math.min(Math.max(column, 0), Math.max(this.visible.length - 1, 0)),
    };
    if (!extend) this.anchor = this.active;
  }

  selectRow(line: number): void {
    this.anchor = { line, column: 0 };
    this.active = { line, column: Math.max(this.visible.length - 1, 0) };
  }

  selectAll(): void {
    this.anchor = { line: 0, column: 0 };
    const { total } = this.lines;
    this.active = { line: Math.max(total - 1, 0), column: Math.max(this.visible.length - 1, 0) };
  }

  /** Selected cells, line by line; of other lines than rows their one value. */
  selected(): { row: number; columns: number[]; cells: Cell[] }[] {
    const { top, bottom, left, right } = this.area;
    const columns = this.visible.slice(left, right + 1);
    const found: { row: number; columns: number[]; cells: Cell[] }[] = [];
    for (let index = top; index <= bottom; index += 1) {
      const line = this.lines.at(index);
      if (line?.kind === 'row') {
        found.push({
          row: line.row, columns, cells: columns.map((column) => this.cell(line.row, column)),
        });
      } else if (line?.kind === 'detail' && top === bottom) {
        found.push({ row: line.row, columns: [], cells: [line.detail.value] });
      } else if (line?.kind === 'group' && top === bottom) {
        found.push({ row: -1, columns: [], cells: [line.group.cell] });
      }
    }
    return found;
  }

  sortBy(column: number, isDescending?: boolean): void {
    const { sort } = this;
    if (isDescending !== undefined) this.sort = { column, isDescending };
    else if (sort?.column !== column) this.sort = { column, isDescending: false };
    else this.sort = sort.isDescending ? null : { column, isDescending: true };
  }

  filterBy(column: number, typed: string): void {
    const next = new Map(this.filters);
    if (typed.trim() === '') next.delete(column);
    else next.set(column, typed);
    this.filters = next;
  }

  groupBy(column: number | null): void {
    this.group = column;
    this.openGroups = new Set();
    this.moveTo(0, 0);
  }

  hide(column: number): void {
    if (this.visible.length > 1) this.hidden = new Set([...this.hidden, column]);
  }

  pin(column: number): void {
    const next = new Set(this.pinned);
    if (!next.delete(column)) next.add(column);
    this.pinned = next;
  }

  /** Puts a column where another one stands. */
  reorder(column: number, target: number): void {
    if (column === target) return;
    const from = this.order.indexOf(column);
    const to = this.order.indexOf(target);
    const next = this.order.filter((found) => found !== column);
    next.splice(next.indexOf(target) + (from < to ? 1 : 0), 0, column);
    this.order = next;
  }

  /** Moves a column one place among the visible ones. */
  shift(column: number, by: number): void {
    const target = this.visible[this.visible.indexOf(column) + by];
    if (target !== undefined) this.reorder(column, target);
  }

  resize(column: number, width: number, isLast = true): void {
    const next = [...this.widths];
    next[column] = Math.round(Math.min(Math.max(width, WIDTH_MIN), WIDTH_MAX));
    this.widths = next;
    if (isLast) keepWidth(this.column(column).name, next[column]);
  }

  fit(column: number): void {
    const cells = this.table.columns[column] ?? [];
    this.resize(column, fittingWidth(this.column(column), cells.slice(0, 500), this.zone));
  }

  /** Opens or closes what stands on a line. */
  toggle(index: number, isOpen?: boolean): void {
    const line = this.lines.at(index);
    if (line?.kind === 'group') {
      if (line.isOpen === isOpen) return;
      const next = new Set(this.openGroups);
      if (!next.delete(line.group.key)) next.add(line.group.key);
      this.openGroups = next;
    } else if (line?.kind === 'row') {
      if (line.isOpen === isOpen) return;
      const next = new Map(this.open);
      if (!next.delete(line.row)) next.set(line.row, new Set());
      this.open = next;
    } else if (line?.kind === 'detail' && line.detail.parts > 0) {
      if (line.detail.isOpen === isOpen) return;
      const paths = new Set(this.open.get(line.row));
      if (!paths.delete(line.detail.path)) paths.add(line.detail.path);
      this.open = new Map(this.open).set(line.row, paths);
    }
  }

  clear(): void {
    this.filters = new Map();
    this.sort = null;
    this.group = null;
    this.hidden = new Set();
  }
}
