/** Rows of an operation as items of its tree. */

import { cut, visible } from '../../lib/format';
import { isError, LIST_TEXT_MAX } from '../../lib/items';
import type { Cell, Row } from '../../lib/query';
import { parseTime } from '../../lib/time';
import type { Item, Tick } from './layout';

/** Milliseconds since 1970 with the fractions that ticks of 100 ns give. */
export function precise(cell: Cell | undefined): number {
  const time = parseTime(cell)?.getTime() ?? 0;
  const rest = /\.\d{3}(\d{1,4})/.exec(String(cell))?.[1] ?? '';
  return time + Number(`0.${rest || '0'}`);
}

export function itemOf(row: Row): Item {
  const what = cut(visible(String(row.what ?? '')).replace(/\s+/g, ' '), LIST_TEXT_MAX);
  return {
    itemId: String(row.itemId),
    itemType: String(row.itemType),
    id: String(row.id ?? ''),
    parentId: String(row.operation_ParentId ?? ''),
    start: precise(row.timestamp),
    duration: typeof row.duration === 'number' ? row.duration : null,
    what: what || '(no name)',
    role: cut(visible(String(row.role ?? '')), 100),
    isError: isError(row),
  };
}

export interface Mark {
  /** Share of the axis, between 0 and 1. */
  at: number;
  /** The item it opens: the first error among those it stands for. */
  item: Item;
  count: number;
  isError: boolean;
}

/** Marks of a bar; those that would lie upon each other become one. */
export function marksOf(ticks: Tick[], start: number, total: number, places = 160): Mark[] {
  const marks = new Map<number, Mark>();
  for (const { item, at } of ticks) {
    const share = total > 0 ? Math.max(0, Math.min(1, (at - start) / total)) : 0;
    const key = Math.round(share * places);
    const known = marks.get(key);
    if (!known) marks.set(key, { at: share, item, count: 1, isError: item.isError });
    else {
      known.count += 1;
      if (item.isError && !known.isError) Object.assign(known, { item, isError: true });
    }
  }
  return [...marks.values()];
}
