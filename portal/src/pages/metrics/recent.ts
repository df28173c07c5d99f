/** Metrics chosen last; a convenience of this browser. */

import { keep, recall } from '../../lib/storage';

const KEY = 'metrics';
const MOST = 5;

export function recent(): string[] {
  try {
    const found: unknown = JSON.parse(recall(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter((id) => typeof id === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function remember(id: string): void {
  const rest = recent().filter((other) => other !== id);
  keep(KEY, JSON.stringify([id, ...rest].slice(0, MOST)));
}
