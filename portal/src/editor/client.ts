/** Asks the worker of the language service; without it every answer is that there is none. */

import type { Schema } from '../lib/schema';
import type { Finding, Signature, Suggestions } from './service';

export interface Asked {
  id: number;
  kind: 'schema' | 'complete' | 'diagnose' | 'format' | 'hover' | 'signatures';
  text: string;
  at: number;
}

interface Answered {
  id: number;
  result?: unknown;
  error?: string;
}

/** The service answers in milliseconds; what takes longer is not waited for. */
const PATIENCE_MS = 5000;

export class LanguageClient {
  #worker: Worker | null = null;
  #waiting = new Map<number, (answer: unknown) => void>();
  #next = 1;
  #hasSchema = false;

  /** Starts the worker; that it cannot be loaded is no fault of anybody. */
  start(): void {
    try {
      this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    } catch {
      return;
    }
    this.#worker.onmessage = (event: MessageEvent<Answered>) => {
      const { id, result, error } = event.data;
      this.#waiting.get(id)?.(error === undefined ? result : null);
      this.#waiting.delete(id);
    };
    this.#worker.onerror = () => this.stop();
  }

  stop(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#hasSchema = false;
    for (const answer of this.#waiting.values()) answer(null);
    this.#waiting.clear();
  }

  #ask<T>(kind: Asked['kind'], text: string, at = 0, patience = PATIENCE_MS): Promise<T | null> {
    const worker = this.#worker;
    if (!worker) return Promise.resolve(null);
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        resolve(null);
      }, patience);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer as T | null);
      });
      worker.postMessage({ id, kind, text, at } satisfies Asked);
    });
  }

  async setSchema(schema: Schema): Promise<boolean> {
    await this.#ask('schema', JSON.stringify(schema), 0, 60_000);
    this.#hasSchema = this.#worker !== null;
    return this.#hasSchema;
  }

  /** Whether it knows what can be queried; before that its findings would be wrong. */
  get isReady(): boolean {
    return this.#hasSchema;
  }

  complete(text: string, at: number): Promise<Suggestions | null> {
    return this.isReady ? this.#ask('complete', text, at) : Promise.resolve(null);
  }

  diagnose(text: string): Promise<Finding[] | null> {
    return this.isReady ? this.#ask('diagnose', text) : Promise.resolve(null);
  }

  format(text: string): Promise<string | null> {
    return this.#ask('format', text);
  }

  hover(text: string, at: number): Promise<string | null> {
    return this.isReady ? this.#ask('hover', text, at) : Promise.resolve(null);
  }

  signatures(name: string): Promise<Signature[] | null> {
    return this.isReady ? this.#ask('signatures', name) : Promise.resolve(null);
  }
}
