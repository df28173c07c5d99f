/**
 * Data of an area of a page: loading, there, failed, and what was there before.
 * What is asked ends when its area goes or asks something else; what did not reach the server is
 * asked again once it answers.
 */

import { ApiError, isAbort, whenReached } from './api';

export class Loaded<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  isLoading = $state(true);
  /** When `data` came. */
  at = $state.raw<Date | null>(null);
  /** When what is loading was asked. */
  since = $state.raw(new Date());
  #controller: AbortController | null = null;
  #again: () => void = () => {};

  /** Stops what is loading and keeps what is there. */
  cancel = (): void => {
    this.#controller?.abort();
    this.isLoading = false;
  };

  /** Asks the same once more. */
  retry = (): void => this.#again();

  run(ask: (signal: AbortSignal) => Promise<T>): () => void {
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    this.#again = () => void this.run(ask);
    this.isLoading = true;
    this.since = new Date();
    ask(controller.signal).then(
      (data) => {
        if (controller.signal.aborted) return;
        this.data = data;
        this.at = new Date();
        this.error = null;
        this.isLoading = false;
      },
      (error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        this.error = error instanceof ApiError ? error
          : new ApiError(0, { code: 'portal', message: String(error) });
        this.isLoading = false;
        if (this.error.code !== 'unreachable') return;
        const forget = whenReached(this.retry);
        controller.signal.addEventListener('abort', forget);
      },
    );
    return () => controller.abort();
  }
}

/**
 * Loads by `ask` whenever what `key` reads changes; to be called while a component is made.
 * With `key` giving `null` nothing is asked. Data of an older key is kept until the new one comes.
 */
export function load<K, T>(
  key: () => K | null,
  ask: (key: K, signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const loaded = new Loaded<T>();
  $effect(() => {
    const found = key();
    if (found === null) return;
    return loaded.run((signal) => ask(found, signal));
  });
  return loaded;
}
