/**
 * What was cut of an item on arrival, as its column `_Cut` tells: places of the row, such as
 * `message`, `customDimensions.key` or `details[0].message`, and the UTF-16 units they had.
 */

import type { Cell, Row } from './query';

/** UTF-16 units: what JavaScript counts. */
export interface Cut {
  kept: number;
  was: number;
}

/** Behind the place of a property whose key was cut. */
export const KEY = ' (key)';
/** In place of a place: how many more there were. */
export const MORE = '(more)';

/** Lengths on arrival by place; nothing where nothing was cut. */
export function cutsOf(row: Row): Map<string, number> {
  const bag = row._Cut;
  if (!bag || typeof bag !== 'object' || Array.isArray(bag)) return new Map();
  const known = Object.entries(bag).map(([place, was]): [string, number] => [place, Number(was)]);
  return new Map(known.filter(([, was]) => was > 0));
}

function lengthOf(cell: Cell | undefined): number {
  return typeof cell === 'string' ? cell.length : 0;
}

/** The value at a place within `details`. */
function within(row: Row, place: string): Cell | undefined {
  let found: Cell | undefined = row.details;
  for (const [, name, index] of place.slice('details'.length).matchAll(/\.(\w+)|\[(\d+)\]/g)) {
    if (found === null || typeof found !== 'object') return undefined;
    found = Array.isArray(found) ? found[Number(index)]
      : name === undefined ? undefined : found[name];
  }
  return found;
}

const bags = ['customDimensions', 'customMeasurements'];

/** How much of the text at a place was kept. */
export function keptAt(row: Row, place: string): number {
  const bag = bags.find((name) => place.startsWith(`${name}.`));
  if (bag) {
    const key = place.slice(bag.length + 1);
    if (key.endsWith(KEY)) return key.length - KEY.length;
    const found = row[bag];
    return found && typeof found === 'object' && !Array.isArray(found) ? lengthOf(found[key]) : 0;
  }
  return lengthOf(place.startsWith('details[') ? within(row, place) : row[place]);
}

/** A place in the words of the page: `message of exception 1`, `key of customDimensions`. */
export function placeName(place: string): string {
  const [, exception, member = '', frame, part] = /^details\[(\d+)\]\.(\w+)(?:\[(\d+)\]\.(\w+))?$/
    .exec(place) ?? [];
  const words: Record<string, string> = { rawStack: 'stack', fileName: 'file' };
  if (exception === undefined) return place.endsWith(KEY) ? `name of ${place.slice(0, -6)}` : place;
  const name = part ? `${words[part] ?? part} of frame ${Number(frame) + 1}`
    : (words[member] ?? member);
  return exception === '0' ? name : `${name} of exception ${Number(exception) + 1}`;
}
