/** How many items of each kind were found. */

import { column, type Table } from '../../lib/query';
import type { Range } from '../../lib/time';

export interface Counts {
  types: Table;
  histogram: Table;
  /** What was asked about. */
  range: Range;
}

export interface Totals {
  /** Items of a kind. */
  of: (type: string) => number;
  /** Items of some kinds; none named: of all. */
  sum: (types: string[]) => number;
  /** The largest number of sent items that one stored item of these kinds stands for. */
  most: (types: string[]) => number;
}

/** Reads an answer with the columns `itemType`, `items`, `most`. */
export function countsOf(table: Table): Totals {
  const types = column(table, 'itemType').map(String);
  const items = column(table, 'items').map(Number);
  const most = column(table, 'most').map(Number);
  const chosen = (wanted: string[]): number[] => types
    .map((_, at) => at)
    .filter((at) => wanted.length === 0 || wanted.includes(types[at] ?? ''));
  return {
    of: (type) => items[types.indexOf(type)] ?? 0,
    sum: (wanted) => chosen(wanted).reduce((all, at) => all + (items[at] ?? 0), 0),
    most: (wanted) => chosen(wanted).reduce((all, at) => Math.max(all, most[at] ?? 1), 1),
  };
}

/** Columns the histogram has at most. */
export const HISTOGRAM_BINS = 96;
