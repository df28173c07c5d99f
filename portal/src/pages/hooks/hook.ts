/** Hooks and their deliveries as the server describes them. */

import { count } from '../../lib/format';
import type { Key } from '../keys/keys';

export interface Hook extends Key {
  events: number;
  outOfScope?: number;
  eventsToday?: number;
  eventsPerDay?: number;
  lastEvent: string | null;
  lastEventType: string | null;
  isSilent: boolean;
  hint: string | null;
  definitions?: string[] | null;
  eventTypes?: string[] | null;
}

export interface Hooks {
  hooks: Hook[];
}

export interface Delivery {
  /** `null`: it was refused, and is not stored. */
  id: string | null;
  at: string;
  key: string;
  event: string;
  outcome: string;
  badge?: string | null;
  bytes: number;
  /** Deliveries alike, one after the other. */
  count: number;
  /** Why nothing more came of it; empty: nothing went wrong. */
  error: string;
}

/** What came of a sample. */
export interface Sample {
  isProcessed: boolean;
  /** Address of its badge; `null`: there is none. */
  badge: string | null;
  /** Why there is none. */
  message: string;
}

/** What came of a sample, in a sentence. */
export function sampleText({ badge, message }: Sample): string {
  return badge ? 'A sample was taken and became a badge.'
    : `A sample was taken but became no badge: ${message}.`;
}

/** Deliveries that are listed at once. */
export const SHOWN = 200;
/** Deliveries that are looked through, the most the server gives. */
export const LOOKED = 1000;

/** What of the deliveries is shown, besides all of one event. */
export const choices = [
  { show: 'badges', label: 'What became a badge' },
  { show: 'refused', label: 'What was refused' },
] as const;

/** Those of the deliveries that `show` names: one of the choices or an event; empty: all. */
export function shownOf(all: Delivery[], show: string): Delivery[] {
  if (show === '') return all;
  if (show === 'badges') return all.filter(({ badge }) => badge);
  if (show === 'refused') {
    return all.filter(({ id, outcome }) => id === null && outcome !== 'duplicate');
  }
  return all.filter(({ event }) => event === show);
}

const outcomes: Record<string, string> = {
  accepted: 'taken',
  out_of_scope: 'stored; not of what the hook is for',
  duplicate: 'came before',
  unreadable: 'refused: not readable',
  too_large: 'refused: too large',
  throttled: 'refused for now: too many a minute',
  over_quota: 'refused: the day’s quota is used up',
  postponed: 'refused for now: no room',
  revoked: 'refused: the key was revoked',
};

/** What became of a delivery, in words. */
export function outcomeText({ outcome }: Delivery): string {
  return outcomes[outcome] ?? outcome;
}

/** Fields that confine a hook: their names in forms and lists. */
export const confines = [
  {
    name: 'projects', label: 'Projects', one: 'project', many: 'projects',
    placeholder: 'ids, separated by commas',
  },
  {
    name: 'definitions', label: 'Definitions', one: 'definition', many: 'definitions',
    placeholder: 'ids or names, separated by commas',
  },
  {
    name: 'eventTypes', label: 'Kinds of events', one: 'kind of event', many: 'kinds of events',
    placeholder: 'build.complete, …',
  },
] as const;

/** What a hook is confined to, in words. */
export function scopeOf(hook: Hook): string {
  const parts = confines.flatMap(({ name, one, many }) =>
    (hook[name]?.length ? [count(hook[name].length, one, many)] : []));
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

/** All of what a hook is confined to. */
export function scopeTitle(hook: Hook): string {
  return confines.flatMap(({ name, label }) =>
    (hook[name]?.length ? [`${label}: ${hook[name].join(', ')}`] : [])).join('\n');
}
