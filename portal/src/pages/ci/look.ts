/** Colours of categories: the same on every page and every day. */

import { hash, reserved } from '../../chart/tokens';
import { duration, toNumber } from '../../lib/format';

/** The colour of a category, as in charts; what nobody can tell the cause of is grey. */
export function categoryColor(category: string): string {
  if (category === '' || reserved(category) === 'other') return 'var(--series-other)';
  return `var(--series-${(hash(category) % 10) + 1})`;
}

export function domainLabel(domain: string): string {
  switch (domain) {
    case 'code': return 'code of the repository';
    case 'infrastructure': return 'infrastructure';
    default: return 'nobody can tell';
  }
}

/** A duration for columns: from ten minutes on without seconds. */
export function brief(ms: unknown): string {
  const found = toNumber(ms);
  if (found === null || Math.abs(found) < 600_000) return duration(ms);
  return duration(Math.round(found / 60_000) * 60_000);
}
