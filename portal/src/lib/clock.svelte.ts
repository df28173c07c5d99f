/** The time range of the page, when it is asked again, and how fresh the data is. */

import { isAsking } from './api';
import { base, entry, keepEntry, place, setQuery } from './router.svelte';
import { currentApp } from './session.svelte';
import { keep, recall } from './storage';
import {
  ago, defaultRangeOf, isFixed, parseTime, rangeOf, span, zoneOf, type Range, type Zone,
} from './time';

class Clock {
  /** The moment "now" of relative ranges; changes with each refresh. */
  now = $state.raw(new Date());
  /** Passes by the second, for ages and waiting times. */
  second = $state.raw(new Date());
  /** Seconds between refreshes; 0: off. */
  every = $state(0);
  /** Newest item of the application; `null`: nothing yet. */
  newest = $state.raw<Date | null>(null);
  /** Goes up when rows came, for lists that follow: at most once in `ARRIVALS_MS`. */
  arrivals = $state(0);
  /** State of the application's rows; empty: not told. */
  snapshot = '';
  isFreshnessKnown = $state(false);
  /** Known: nothing ever came. */
  isNeverAny = $derived(this.isFreshnessKnown && this.newest === null);
  /** The server does not tell; nobody is to wait for it. */
  isFreshnessRefused = $state(false);
}

export const clock = new Clock();

/** The range of the page; reading it makes whatever reads it follow. */
export function pageRange(): Range {
  return rangeOf(place.query, clock.now, defaultRangeOf(place.path));
}

export function zone(): Zone {
  return zoneOf(place.query);
}

/** Chooses how times are shown, here and by the next visit whose address does not say. */
export function setZone(chosen: Zone): void {
  keep('zone', chosen);
  setQuery({ tz: chosen === 'local' ? 'local' : null }, 'replace');
}

/** Puts into the address what was chosen earlier: it alone tells what is seen. */
export function completeAddress(hasRange: boolean): void {
  const wanted = {
    tz: recall('zone') === 'local' ? 'local' : null,
    r: hasRange && clock.every > 0 ? String(clock.every) : null,
  };
  const missing = Object.entries(wanted)
    .filter(([name, value]) => value !== null && !place.query.has(name));
  if (missing.length > 0) setQuery(Object.fromEntries(missing), 'replace');
}

/** How long ago a time of an answer is, kept up to date; `otherwise` where there is none. */
export function age(text: string | null | undefined, otherwise = '–'): string {
  const time = parseTime(text);
  return time === null ? otherwise : ago(time, clock.second);
}

export function setRange(range: Range | string): void {
  if (typeof range === 'string') setQuery({ t: range, from: null, to: null });
  else setQuery({ t: null, from: range.from.toISOString(), to: range.to.toISOString() });
  refresh();
}

/** State of the rows when the page was asked last. */
let askedOf = '';

function setNow(now: Date): void {
  clock.now = now;
  askedOf = clock.snapshot;
  keepEntry({ now: now.getTime() });
}

export function refresh(): void {
  setNow(new Date());
}

/** Longest time after which a page that is gone back to is shown as of when it was left, in ms. */
const LEFT_MAX_MS = 30 * 60_000;

/** The time of a page that is gone to: now, or that at which it was left a moment ago. */
export function arrive(): void {
  const left = place.isReturn ? entry().now : undefined;
  const isRecent = left !== undefined && Date.now() - left < LEFT_MAX_MS;
  setNow(isRecent ? new Date(left) : new Date());
  const kept = Number(place.query.get('r'));
  if (place.query.has('r') && refreshSteps.includes(kept)) clock.every = kept;
}

/** Share of the range that may pass unseen while no rows come: less than a bin of a chart. */
const UNSEEN = 1 / 300;

/** Refreshes when rows came, or the range has moved on so far that it can be seen. */
function refreshIfChanged(): void {
  const isSame = clock.snapshot !== '' && clock.snapshot === askedOf;
  const passed = Date.now() - clock.now.getTime();
  if (!isSame || passed > span(pageRange()) * UNSEEN) refresh();
}

export const refreshSteps = [0, 10, 60, 300];

export function setRefresh(seconds: number): void {
  clock.every = seconds;
  setQuery({ r: seconds === 0 ? null : String(seconds) }, 'replace');
}

interface Fresh {
  newest: string | null;
  snapshot: string;
}

let events: EventSource | undefined;
let eventsApp = '';
let again: ReturnType<typeof setTimeout> | undefined;
let waitMs = 0;

/** Longer than lists take, which begin anew with each arrival. */
const ARRIVALS_MS = 5000;
/** The state of the rows that was told last, also before a connection broke. */
let told = '';
let arrivedAt = 0;
let arriving: ReturnType<typeof setTimeout> | undefined;

/** Tells of rows that came: at once after a pause, else when the pause is over. */
function noteArrivals(snapshot: string): void {
  const isNew = told !== '' && told !== snapshot;
  told = snapshot;
  if (!isNew || arriving !== undefined) return;
  arriving = setTimeout(() => {
    arriving = undefined;
    arrivedAt = Date.now();
    clock.arrivals += 1;
  }, Math.max(arrivedAt + ARRIVALS_MS - Date.now(), 0));
}

/** Listens to what arrives for the application of the page; again when that changes. */
export function followFreshness(): void {
  const app = currentApp();
  if (app === eventsApp) return;
  eventsApp = app;
  told = '';
  clock.newest = null;
  clock.isFreshnessKnown = false;
  clock.isFreshnessRefused = false;
  connect();
}

/** Stops listening; whoever signed out is told of nothing. */
export function forgetFreshness(): void {
  disconnect();
  eventsApp = '';
}

function disconnect(): void {
  clearTimeout(again);
  events?.close();
  events = undefined;
  clock.snapshot = '';
}

function connect(): void {
  disconnect();
  // Browsers open six connections to a host: tabs that nobody sees leave them to others.
  if (document.hidden || eventsApp === '') return;
  const source = new EventSource(`${base}api/portal/events?app=${encodeURIComponent(eventsApp)}`);
  events = source;
  source.addEventListener('fresh', (event) => {
    const fresh = JSON.parse((event as MessageEvent<string>).data) as Fresh;
    clock.newest = fresh.newest === null ? null : new Date(fresh.newest);
    clock.snapshot = fresh.snapshot;
    clock.isFreshnessKnown = true;
    noteArrivals(fresh.snapshot);
    waitMs = 0;
  });
  source.addEventListener('error', () => {
    if (source === events) clock.snapshot = '';
    // A connection that broke is opened again by the browser, one that was refused is not.
    if (source !== events || source.readyState !== EventSource.CLOSED) return;
    clock.isFreshnessRefused = true;
    waitMs = Math.min(waitMs === 0 ? 5000 : waitMs * 2, 60_000);
    again = setTimeout(connect, waitMs);
  });
}

/** Starts the ticking; a hidden tab never refreshes. */
export function startClock(): void {
  arrive();
  document.addEventListener('visibilitychange', connect);
  let looked = Date.now();
  setInterval(() => {
    clock.second = new Date();
    const last = Math.max(looked, clock.now.getTime());
    const isDue = clock.every > 0 && clock.second.getTime() - last >= clock.every * 1000;
    if (!isDue || document.hidden || isFixed(place.query) || isAsking()) return;
    looked = clock.second.getTime();
    refreshIfChanged();
  }, 1000);
}
