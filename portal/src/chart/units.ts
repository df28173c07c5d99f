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

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Steps of axes of time: people count in 60 and 24 there. */
const timeSteps = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100].map((days) => days * DAY),
];

/** Ends and steps of an axis from 0 to `most`; none where tens are right. */
export function stepsOf(most: number, unit: Unit): { max?: number; interval?: number } {
  if (unit === 'share') return most <= 1 ? { max: 1, interval: 0.25 } : {};
  if (!(most > 0)) return {};
  let interval: number | undefined;
  if (unit === 'ms' && most > 4000) interval = timeSteps.find((step) => most / step <= 5);
  if (unit === 'bytes' && most > 1024) {
    interval = 2 ** Math.max(Math.ceil(Math.log2(most / 5)), 0);
  }
  return interval === undefined ? {} : { interval, max: Math.ceil(most / interval) * interval };
}
