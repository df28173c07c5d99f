/** Time ranges of a page, steps of charts, and how times are written. */

export interface Range {
  from: Date;
  to: Date;
}

export const ranges: { iso: string; label: string; short: string }[] = [
  { iso: 'PT30M', label: 'Last 30 minutes', short: '30 min' },
  { iso: 'PT1H', label: 'Last hour', short: '1 h' },
  { iso: 'PT4H', label: 'Last 4 hours', short: '4 h' },
  { iso: 'PT12H', label: 'Last 12 hours', short: '12 h' },
  { iso: 'P1D', label: 'Last 24 hours', short: '24 h' },
  { iso: 'P2D', label: 'Last 2 days', short: '2 d' },
  { iso: 'P3D', label: 'Last 3 days', short: '3 d' },
  { iso: 'P7D', label: 'Last 7 days', short: '7 d' },
  { iso: 'P14D', label: 'Last 14 days', short: '14 d' },
  { iso: 'P30D', label: 'Last 30 days', short: '30 d' },
  { iso: 'P90D', label: 'Last 90 days', short: '90 d' },
];

export const defaultRange = 'P1D';

/** The range of a page whose address names none: pipelines are compared week by week. */
export function defaultRangeOf(path: string): string {
  return /^\/ci(\/|$)/.test(path) ? 'P7D' : defaultRange;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds; `null`: not one. */
export function parseDuration(text: string): number | null {
  const found = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (!found) return null;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  const all = (days ?? 0) * DAY + (hours ?? 0) * HOUR + (minutes ?? 0) * MINUTE
    + (seconds ?? 0) * SECOND;
  return all > 0 ? all : null;
}

/** The range an address names; the default one when it names none that counts. */
export function rangeOf(
  query: URLSearchParams,
  now: Date,
  fallback: string = defaultRange,
): Range {
  const from = new Date(query.get('from') ?? NaN);
  const to = new Date(query.get('to') ?? NaN);
  if (from < to) return { from, to };
  const span = parseDuration(query.get('t') ?? fallback) ?? DAY;
  return { from: new Date(now.getTime() - span), to: now };
}

export function isFixed(query: URLSearchParams): boolean {
  return new Date(query.get('from') ?? NaN) < new Date(query.get('to') ?? NaN);
}

export function span(range: Range): number {
  return range.to.getTime() - range.from.getTime();
}

/** The span of the same length just before. */
export function before(range: Range): Range {
  return { from: new Date(range.from.getTime() - span(range)), to: range.from };
}

/** The range moved by `share` of its span. */
export function moved(range: Range, share: number): Range {
  const by = span(range) * share;
  return { from: new Date(range.from.getTime() + by), to: new Date(range.to.getTime() + by) };
}

/** The range `factor` times as long around the same middle. */
export function scaled(range: Range, factor: number): Range {
  const by = (span(range) * (factor - 1)) / 2;
  return { from: new Date(range.from.getTime() - by), to: new Date(range.to.getTime() + by) };
}

/** Steps that charts may have, as KQL writes them. */
export const grains: { kql: string; ms: number; label: string }[] = [
  { kql: '1s', ms: SECOND, label: '1 s' },
  { kql: '10s', ms: 10 * SECOND, label: '10 s' },
  { kql: '1m', ms: MINUTE, label: '1 min' },
  { kql: '5m', ms: 5 * MINUTE, label: '5 min' },
  { kql: '15m', ms: 15 * MINUTE, label: '15 min' },
  { kql: '30m', ms: 30 * MINUTE, label: '30 min' },
  { kql: '1h', ms: HOUR, label: '1 h' },
  { kql: '6h', ms: 6 * HOUR, label: '6 h' },
  { kql: '12h', ms: 12 * HOUR, label: '12 h' },
  { kql: '1d', ms: DAY, label: '1 d' },
  { kql: '7d', ms: 7 * DAY, label: '7 d' },
];

/** The smallest step that gives at most `points` points. */
export function grainOf(range: Range, points = 300): { kql: string; ms: number } {
  const found = grains.find((grain) => span(range) / grain.ms <= points);
  return found ?? (grains[grains.length - 1] as { kql: string; ms: number });
}

/** Ticks of 100 ns are kept in texts only; a `Date` has milliseconds. */
export function parseTime(cell: unknown): Date | null {
  if (typeof cell !== 'string') return null;
  const time = new Date(cell.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(time.getTime()) ? null : time;
}

/** Milliseconds of a timespan as the API writes it, `[-][d.]hh:mm:ss[.fffffff]`. */
export function parseTimespan(text: string): number | null {
  const found = /^(-)?(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  if (!found) return null;
  const [, sign, days, hours, minutes, seconds] = found;
  const all = Number(days ?? 0) * DAY + Number(hours) * HOUR + Number(minutes) * MINUTE
    + Number(seconds) * SECOND;
  return sign ? -all : all;
}

export type Zone = 'UTC' | 'local';

export function zoneOf(query: URLSearchParams): Zone {
  return query.get('tz') === 'local' ? 'local' : 'UTC';
}

const written = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let found = written.get(key);
  if (!found) {
    const where = zone === 'UTC' ? { timeZone: 'UTC' } : {};
    found = new Intl.DateTimeFormat('en-GB', { ...options, ...where });
    written.set(key, found);
  }
  return found;
}

/** `29 Nov 2026, 16:08:00`. */
export function fullTime(time: Date | null, zone: Zone): string {
  return time === null ? '–' : format(zone, {
    day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit',
    second: '2-digit',
  }).format(time);
}

/** `29 Nov 16:08:00.123`, for lists. */
export function listTime(time: Date | null, zone: Zone, fraction = false): string {
  return time === null ? '–' : format(zone, {
    day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit',
    ...(fraction ? { fractionalSecondDigits: 3 } : {}),
  }).format(time).replace(',', '');
}

/** `29 Nov, 16:08`, for ranges and axes. */
export function shortTime(time: Date, zone: Zone): string {
  return format(zone, {
    day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit',
  }).format(time);
}

/** How long ago, in one unit: `3 s ago`. */
export function ago(time: Date, now: Date): string {
  const passed = now.getTime() - time.getTime();
  if (passed < 0) return 'just now';
  const units: [number, string][] = [[DAY, 'd'], [HOUR, 'h'], [MINUTE, 'min'], [SECOND, 's']];
  for (const [size, name] of units) {
    if (passed >= size) return `${Math.floor(passed / size)} ${name} ago`;
  }
  return 'just now';
}

/** A time as a literal of KQL. */
export function kqlTime(time: Date): string {
  return `datetime(${time.toISOString()})`;
}
