/** Hooks and their deliveries as the server describes them. */

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
}

export interface Hooks {
  hooks: Hook[];
  /** The address of hooks without a key at its end. */
  receiver?: string;
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
  const add = (list: string[] | null | undefined, one: string): void => {
    if (list && list.length > 0) parts.push(`${list.length} ${one}${list.length === 1 ? '' : 's'}`);
  };
  add(hook.projects, 'project');
  add(hook.definitions, 'definition');
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

/** The address to be pasted; `receiver` ends with the path of hooks. */
export function hookAddress(receiver: string, key: string): string {
  return `${receiver.replace(/\/$/, '')}/${key}`;
}
