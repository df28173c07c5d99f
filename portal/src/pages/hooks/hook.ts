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
  id: string;
  at: string;
  key: string;
  event: string;
  outcome: string;
  badge?: string | null;
  bytes: number;
}

/** What a hook is confined to, in words. */
export function scopeOf(hook: Hook): string {
  const parts: string[] = [];
  const add = (list: string[] | null | undefined, one: string, many = `${one}s`): void => {
    if (list && list.length > 0) parts.push(count(list.length, one, many));
  };
  add(hook.projects, 'project');
  add(hook.definitions, 'definition');
  add(hook.eventTypes, 'kind of event', 'kinds of events');
  return parts.length === 0 ? 'everything' : parts.join(', ');
}
