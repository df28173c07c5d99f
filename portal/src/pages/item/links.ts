/** Where an item leads: to items like it, around it, to its charts. */

import { pageRange } from '../../lib/clock.svelte';
import { formatFilter, type Filter } from '../../lib/filters';
import { kindOf } from '../../lib/items';
import { changed, link, place, type Changes } from '../../lib/router.svelte';
import { appPath } from '../../lib/session.svelte';

const MINUTE = 60_000;
const HALF_DAY = 12 * 60 * MINUTE;

/** The range of the page where it holds the item; else a day around the item. */
function rangeFor(time: Date | null): Changes {
  const range = pageRange();
  if (!time || (range.from <= time && time < range.to)) return {};
  return around(time, HALF_DAY);
}

function around(time: Date, by: number): Changes {
  return {
    t: null,
    from: new Date(time.getTime() - by).toISOString(),
    to: new Date(time.getTime() + by).toISOString(),
  };
}

/** Search for items with a filter; on the page of Search, beside what is there already. */
export function filterLink(filter: Filter, time: Date | null): string {
  const wanted = formatFilter(filter);
  if (place.path === appPath('search')) {
    const others = place.query.getAll('f').filter((found) => found !== wanted);
    return `${place.path}?${changed(place.query, { f: [...others, wanted] })}`;
  }
  return link(appPath('search'), { ...rangeFor(time), f: [wanted] });
}

/** Everything in the five minutes before and after an item. */
export function aroundLink(itemId: string, time: Date): string {
  return link(appPath('search'), { ...around(time, 5 * MINUTE), sel: itemId });
}

/** All items with one value, of one kind where `type` is given. */
export function allLink(field: string, value: string, time: Date | null, type?: string): string {
  const f = [formatFilter({ field, op: 'eq', values: [value] })];
  return link(appPath('search'), { ...rangeFor(time), f, type: type ?? null });
}

export function operationLink(operationId: string, itemId: string): string {
  return link(appPath(`op/${encodeURIComponent(operationId)}`), { item: itemId });
}

/** Items of the same kind over time, by the values of a field. */
export function chartLink(itemType: unknown, field: string, time: Date | null): string {
  const chart = { m: kindOf(itemType)?.metric ?? 'events', a: 'count', s: [field], k: 'line' };
  return link(appPath('metrics'), { ...rangeFor(time), c: [JSON.stringify(chart)] });
}
