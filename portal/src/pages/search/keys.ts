/** Custom keys of an application, as the server finds them. */

import { getJson } from '../../lib/api';
import { kinds } from '../../lib/items';

interface SchemaAnswer {
  tables: { name: string; keys?: { column: string; key: string; rows: number }[] }[];
}

/** Names of custom dimensions of items, most frequent first. */
export function keysOf(answer: SchemaAnswer): string[] {
  const rows = new Map<string, number>();
  for (const table of answer.tables) {
    if (!kinds.some((kind) => kind.table === table.name)) continue;
    for (const found of table.keys ?? []) {
      if (found.column !== 'customDimensions') continue;
      rows.set(found.key, (rows.get(found.key) ?? 0) + found.rows);
    }
  }
  return [...rows].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([key]) => key);
}

export async function knownKeys(app: string, signal: AbortSignal): Promise<string[]> {
  const path = `api/portal/schema?app=${encodeURIComponent(app)}`;
  return keysOf(await getJson<SchemaAnswer>(path, signal));
}
