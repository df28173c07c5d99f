/** One run of a query: its rows as they come, and how it ended. */

import { ApiError, isAbort } from '../../lib/api';
import {
  emptyTable, stream, type Question, type QueryStats, type Render, type StreamHead, type Table,
} from '../../lib/query';
import { session } from '../../lib/session.svelte';

/** Rows of an answer that are shown where the server does not say how many may be. */
const ROWS_MAX = 30_000;
/** Least time between two drawings of rows that come, in milliseconds; the first come at once. */
const DRAW_EVERY_MS = 500;

export type RunState = 'running' | 'done' | 'failed' | 'canceled';

export class Run {
  state = $state<RunState>('running');
  table = $state.raw<Table>(emptyTable);
  head = $state.raw<StreamHead | null>(null);
  /** Results of the statement beside the one that is shown. */
  moreTables = $state(0);
  stats = $state.raw<QueryStats | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** How it is drawn: as the query says, or as it was changed since. */
  render = $state.raw<Render | null>(null);
  /** The statement, with its `render` line as it is now. */
  statement = $state('');
  /** More rows than these are announced and can be exported. */
  readonly rowsMax = session.info?.rowsMax ?? ROWS_MAX;
  readonly startedAt = new Date();
  endedAt = $state.raw<Date | null>(null);
  readonly #controller = new AbortController();
  #drawnAt = 0;

  constructor(
    readonly question: Question,
    /** Where in the text the statement begins. */
    readonly start: number,
    /** The whole text it was in. */
    readonly source: string,
  ) {
    this.statement = question.kql;
    void this.#go();
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  /** Milliseconds it took, or takes until `now`. */
  elapsed(now: Date): number {
    return Math.max((this.endedAt ?? now).getTime() - this.startedAt.getTime(), 0);
  }

  async #go(): Promise<void> {
    try {
      const { table, stats, moreTables } = await stream(
        { ...this.question, rowsMax: this.rowsMax, history: true },
        {
          head: (head) => {
            this.head = head;
            this.render = head.render;
          },
          rows: (table) => this.#draw(table),
        },
        this.#controller.signal,
      );
      this.table = { ...table };
      this.stats = stats;
      this.moreTables = moreTables;
      this.state = 'done';
    } catch (error) {
      if (this.state !== 'running') return;
      this.state = isAbort(error) ? 'canceled' : 'failed';
      this.error = error instanceof ApiError ? error
        : new ApiError(0, { code: 'portal', message: String(error) });
    } finally {
      this.endedAt ??= new Date();
    }
  }

  #draw(table: Table): void {
    const now = performance.now();
    if (this.table.rows > 0 && now - this.#drawnAt < DRAW_EVERY_MS) return;
    this.#drawnAt = now;
    this.table = { ...table };
  }

  /** Closing the connection ends the query on the server; rows that came stay. */
  cancel(): void {
    if (this.state !== 'running') return;
    this.state = 'canceled';
    this.endedAt = new Date();
    this.#controller.abort();
  }
}
