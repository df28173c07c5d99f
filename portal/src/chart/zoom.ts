/** Zooming a page by what was drawn over its charts, and back again. */

import { setRange } from '../lib/clock.svelte';
import { place, setQuery } from '../lib/router.svelte';
import type { Range } from '../lib/time';

type Kept = Record<'t' | 'from' | 'to', string | null>;

const before: { path: string; query: Kept; zoomed: string }[] = [];

function current(): Kept {
  const { query } = place;
  return { t: query.get('t'), from: query.get('from'), to: query.get('to') };
}

/** For `onbrush`: a range is gone to, `null` goes back to what was there before the last one. */
export function zoom(range: Range | null): void {
  if (range) {
    const query = current();
    setRange(range);
    before.push({ path: place.path, query, zoomed: JSON.stringify(current()) });
    return;
  }
  const last = before.pop();
  // Someone who went elsewhere meanwhile has nothing to go back to.
  if (last && last.path === place.path && last.zoomed === JSON.stringify(current())) {
    setQuery(last.query);
  } else {
    before.length = 0;
  }
}
