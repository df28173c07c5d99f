/**
 * The rows of the list: a window onto all items of a range, that grows at both ends by pages and
 * lets go of what is far away.
 */

import { ApiError, isAbort } from '../../lib/api';
import { arrivalOf } from '../../lib/items';
import { rows as rowsOf, tables, type Row } from '../../lib/query';
import type { Range } from '../../lib/time';
import {
  cursorOf, firstPage, newerPage, olderPage, PAGE, type Cursor, type Question,
} from './kql';

/** Rows that are kept; further ones push out those at the other end. */
const KEPT = 50 * PAGE;

/** How long before and after its arrival an item's time usually lies. */
const HOUR = 3_600_000;

export class Feed {
  rows = $state.raw<Row[]>([]);
  /** Whether there is nothing newer, or older, within the range. */
  isNewestThere = $state(true);
  isOldestThere = $state(false);
  busy = $state<'newer' | 'older' | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** Told of rows that came before the first one; negative when they went. */
  onshift: (rows: number) => void = () => {};
  #signal: AbortSignal;

  constructor(
    readonly app: string,
    readonly question: Question,
    readonly range: Range,
    signal: AbortSignal,
  ) {
    this.#signal = signal;
  }

  /** The first rows: the newest, or those around the item `around` when that is further down. */
  async start(around: string | null): Promise<this> {
    const found = await this.#ask(firstPage(this.question), this.range);
    this.rows = found;
    this.isOldestThere = found.length < PAGE;
    if (!around || this.isOldestThere || found.some((row) => row.itemId === around)) return this;
    const cursor = await this.#locate(around);
    if (!cursor) return this;
    const half = PAGE / 2;
    const next = { ...cursor, itemId: `${cursor.itemId}\u0000` };
    const [newer, older] = await Promise.all([
      this.#ask(newerPage(this.question, this.range, cursor, half), null),
      this.#ask(olderPage(this.question, this.range, next, half), null),
    ]);
    if (!older.some((row) => row.itemId === around)) return this;
    this.rows = [...newer.reverse(), ...older];
    this.isNewestThere = newer.length < half;
    this.isOldestThere = older.length < half;
    return this;
  }

  async older(): Promise<void> {
    const last = this.rows[this.rows.length - 1];
    if (this.busy || this.isOldestThere || !last) return;
    await this.#grow('older', async () => {
      const found = await this.#ask(olderPage(this.question, this.range, at(last)), null);
      this.isOldestThere = found.length < PAGE;
      const all = [...this.rows, ...found];
      const gone = Math.max(0, all.length - KEPT);
      if (gone > 0) this.isNewestThere = false;
      this.rows = all.slice(gone);
      if (gone > 0) this.onshift(-gone);
    });
  }

  async newer(): Promise<void> {
    const first = this.rows[0];
    if (this.busy || this.isNewestThere || !first) return;
    await this.#grow('newer', async () => {
      const found = await this.#ask(newerPage(this.question, this.range, at(first)), null);
      this.isNewestThere = found.length < PAGE;
      const all = [...found.reverse(), ...this.rows];
      if (all.length > KEPT) this.isOldestThere = false;
      this.rows = all.slice(0, KEPT);
      this.onshift(found.length);
    });
  }

  async #grow(end: 'newer' | 'older', read: () => Promise<void>): Promise<void> {
    this.busy = end;
    this.error = null;
    try {
      await read();
    } catch (error) {
      if (isAbort(error)) return;
      this.error = error instanceof ApiError ? error
        : new ApiError(0, { code: 'portal', message: String(error) });
    } finally {
      this.busy = null;
    }
  }

  async #ask(kql: string, range: Range | null): Promise<Row[]> {
    const { found } = await tables(this.app, range, { found: kql }, this.#signal);
    return rowsOf(found);
  }

  /** Where an item stands; first looked for around its arrival, which is far cheaper. */
  async #locate(itemId: string): Promise<Cursor | null> {
    const arrival = arrivalOf(itemId)?.getTime();
    const near = arrival === undefined ? this.range
      : { from: new Date(arrival - 49 * HOUR), to: new Date(arrival + 3 * HOUR) };
    const [row] = await this.#ask(cursorOf(itemId), near);
    return row ? at(row) : null;
  }
}

function at(row: Row): Cursor {
  return { timestamp: String(row.timestamp), itemId: String(row.itemId) };
}
