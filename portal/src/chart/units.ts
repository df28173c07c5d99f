/** How the values of a chart are written. */

import { bytes, duration, number, percent, short } from '../lib/format';
import type { Zone } from '../lib/time';
import { fullTime } from '../lib/time';
import type { AxisKind } from './columns';

/** `share` is a number between 0 and 1; a number without a unit has `none`. */
export type Unit = 'none' | 'ms' | 'bytes' | 'share';

/** For axes: few characters. */
export function brief(value: number, unit: Unit): string {
  switch (unit) {
    case 'ms': return duration(value);
    case 'bytes': return bytes(value);
    case 'share': return percent(value);
    case 'none': return short(value);
  }
}

/** For tooltips and tables. */
export function exact(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–';
  return unit === 'none' ? number(value) : brief(value, unit);
}

/** A place of the x axis in words. */
export function placeName(x: number, axis: AxisKind, categories: string[], zone: Zone): string {
  if (axis === 'category') return categories[x] ?? '';
  return axis === 'time' ? fullTime(new Date(x), zone) : number(x);
}
