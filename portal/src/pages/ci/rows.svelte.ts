/** Keys of lists: `j` and `k` go from row to row, Enter opens what has the focus. */

import { useShortcuts } from '../../lib/keys.svelte';

/** Moves the focus among the elements with `data-row` of the page. */
function move(by: number): void {
  const all = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  const target = all[Math.max(0, Math.min(all.length - 1, next))];
  target?.focus();
  target?.scrollIntoView({ block: 'nearest' });
}

/** Adds the keys of a list; to be called while its page is made. */
export function useRows(): void {
  useShortcuts('List', [
    { keys: 'j', about: 'Next row', run: () => move(1) },
    { keys: 'k', about: 'Previous row', run: () => move(-1) },
  ]);
}
