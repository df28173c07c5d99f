/** Completion from the schema alone, for when the language service is not there. */

import type { Schema } from '../lib/schema';
import type { Suggestion, Suggestions } from './service';

function suggestion(
  label: string,
  kind: Suggestion['kind'],
  detail = '',
  [before, after] = [label, ''],
): Suggestion {
  return { label, detail, kind, before, after };
}

/** What may stand at the end of `before`, the statement up to the caret. */
export function completeLocally(schema: Schema, before: string): Suggestions {
  const typed = /[\w-]*$/.exec(before)?.[0] ?? '';
  const start = before.length - typed.length;
  const span = { start, end: before.length };
  const rest = before.slice(0, start);
  const words = schema.implemented;
  if (/\|\s*render\s+$/.test(rest)) {
    return { ...span, items: words.renders.map((kind) => suggestion(kind, 'constant')) };
  }
  if (/\|\s*evaluate\s+$/.test(rest)) {
    return { ...span, items: words.plugins.map((found) => call(found)) };
  }
  if (/\|\s*$/.test(rest)) {
    return { ...span, items: words.operators.map((found) => (
      suggestion(found, 'keyword', '', [`${found} `, ''])
    )) };
  }
  const tables = schema.tables.map(({ name }) => suggestion(name, 'table'));
  const stored = schema.functions.map(({ name }) => call(name));
  if (/^\s*$/.test(rest)) return { ...span, items: [...tables, ...stored] };
  const known = schema.tables.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(rest));
  const columns = new Map<string, string>();
  for (const table of known) for (const { name, type } of table.columns) columns.set(name, type);
  return {
    ...span,
    items: [
      ...[...columns].map(([name, type]) => suggestion(name, 'column', type)),
      ...[...words.functions, ...words.aggregates].map((found) => call(found)),
      ...tables,
      ...stored,
    ],
  };
}

function call(name: string): Suggestion {
  return suggestion(name, 'function', '()', [`${name}(`, ')']);
}
