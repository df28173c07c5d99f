/** Parameters that a text declares (`declare query_parameters`), and values given to them. */

import { text } from '../../lib/kql';
import type { Declared } from '../../lib/query';

/** Values by name, as they were typed; nothing typed: the default. */
export type Values = Record<string, string>;

const PREFIX = 'p.';

/** The values that an address gives. */
export function valuesOf(query: URLSearchParams): Values {
  const found: Values = {};
  for (const [name, value] of query) {
    if (name.startsWith(PREFIX) && value !== '') found[name.slice(PREFIX.length)] = value;
  }
  return found;
}

/** Values as parts of an address; those of names that the text does not have are left out. */
export function addressOfValues(values: Values, kql: string): Record<string, string> {
  const kept = Object.entries(values)
    .filter(([name, value]) => value !== '' && kql.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [PREFIX + name, value]));
}

const plain = /^(int|long|real|bool|decimal|dynamic)$/;

/** What was typed as a literal of a type. */
export function literalOf(typed: string, type: string): string {
  const found = typed.trim();
  if (type === 'string') return /^(".*"|'.*')$/s.test(found) ? found : text(typed);
  if (plain.test(type) || /^\w+\s*\(/.test(found)) return found;
  return `${type === 'timespan' ? 'time' : type}(${found})`;
}

/** The text with values in place of defaults, for APIs that take no values beside the text. */
export function withValues(kql: string, declared: Declared[], values: Values): string {
  let next = kql;
  for (const { name, type, end, default: given } of declared.toReversed()) {
    const typed = values[name] ?? '';
    if (typed === '') continue;
    const literal = literalOf(typed, type);
    if (given) next = next.slice(0, given.start) + literal + next.slice(given.end);
    else {
      const at = end + (/^['"\])\s]*:\s*\w+/.exec(next.slice(end))?.[0].length ?? 0);
      next = `${next.slice(0, at)} = ${literal}${next.slice(at)}`;
    }
  }
  return next;
}
