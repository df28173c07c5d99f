/** Reads one item by its id. */

import { arrivalOf, everyItem, whereItem } from '../../lib/items';
import { lines, text } from '../../lib/kql';
import { rowAt, tables, type Row } from '../../lib/query';
import type { Range } from '../../lib/time';

const HOUR = 3_600_000;

/** Ids of what collected builds are as items: they begin with the id of the operation. */
const OF_BUILD = /^([0-9a-f]{32})-/;

/** The item with all its columns, when it arrived, and what was cut of it, which must be named. */
export function itemQuery(itemId: string): string {
  const operation = OF_BUILD.exec(itemId)?.[1];
  if (operation) {
    return lines(
      'union BuildRequests, BuildDependencies, BuildExceptions, BuildTraces',
      `| where operation_Id == ${text(operation)}`,
      whereItem(itemId),
      '| take 1',
    );
  }
  return lines(
    everyItem,
    whereItem(itemId),
    '| extend arrived = ingestion_time(), _Cut = _Cut',
    '| take 1',
  );
}

/** The days in which an item of an id usually lies: those the server takes items of. */
export function likelyRange(itemId: string): Range | null {
  const arrival = arrivalOf(itemId);
  if (!arrival) return null;
  return {
    from: new Date(arrival.getTime() - 49 * HOUR),
    to: new Date(arrival.getTime() + 3 * HOUR),
  };
}

/** The item; `null`: there is none of this id. */
export async function findItem(
  app: string,
  itemId: string,
  signal: AbortSignal,
): Promise<Row | null> {
  const near = likelyRange(itemId);
  for (const range of near ? [near, null] : [null]) {
    const { item } = await tables(app, range, { item: itemQuery(itemId) }, signal);
    if (item.rows > 0) return rowAt(item, 0);
  }
  return null;
}
