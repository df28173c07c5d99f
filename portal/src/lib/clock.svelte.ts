/** The time range of the page, when it is asked again, and how fresh the data is. */

import { base, place, setQuery } from './router.svelte';
import { currentApp } from './session.svelte';
import {
  ago, defaultRangeOf, isFixed, parseTime, rangeOf, zoneOf, type Range, type Zone,
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
  isFreshnessKnown = $state(false);
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

/** How long ago a time of an answer is, kept up to date; `otherwise` where there is none. */
export function age(text: string | null | undefined, otherwise = '–'): string {
  const time = parseTime(text);
  return time === null ? otherwise : ago(time, clock.second);
}

export function setRange(range: Range | string): void {
  if (typeof range === 'string') setQuery({ t: range, from: null, to: null });
  else setQuery({ t: null, from: range.from.toISOString(), to: range.to.toISOString() });
  clock.now = new Date();
}

export function refresh(): void {
  clock.now = new Date();
}

export const refreshSteps = [0, 10, 60, 300];

export function setRefresh(seconds: number): void {
  clock.every = seconds;
  setQuery({ r: seconds === 0 ? null : String(seconds) }, 'replace');
}

interface Fresh {
  newest: string | null;
}

let events: EventSource | undefined;
let eventsApp = '';
let again: ReturnType<typeof setTimeout> | undefined;
let waitMs = 0;

/** Listens to what arrives for the application of the page; again when that changes. */
export function followFreshness(): void {
  const app = currentApp();
  if (app === eventsApp) return;
  eventsApp = app;
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
    clock.isFreshnessKnown = true;
    waitMs = 0;
  });
  source.addEventListener('error', () => {
    // A connection that broke is opened again by the browser, one that was refused is not.
    if (source !== events || source.readyState !== EventSource.CLOSED) return;
    clock.isFreshnessRefused = true;
    waitMs = Math.min(waitMs === 0 ? 5000 : waitMs * 2, 60_000);
    again = setTimeout(connect, waitMs);
  });
}

/** Starts the ticking; a hidden tab never refreshes. */
export function startClock(): void {
  const kept = Number(place.query.get('r'));
  if (refreshSteps.includes(kept)) clock.every = kept;
  document.addEventListener('visibilitychange', connect);
  setInterval(() => {
    clock.second = new Date();
    const isDue = clock.every > 0
      && clock.second.getTime() - clock.now.getTime() >= clock.every * 1000;
    if (isDue && !document.hidden && !isFixed(place.query)) refresh();
  }, 1000);
}
