/** Calls of the server's APIs and the shapes of their answers. */

import { base } from './router.svelte';

export interface Diagnostic {
  severity: 'error' | 'warning';
  code: string;
  message: string;
  /** Offsets in UTF-16 units of the text that was sent. */
  start: number;
  end: number;
  line: number;
  column: number;
  suggestion?: string;
  /** A name to be written instead. */
  replacement?: string;
}

export interface ApiErrorBody {
  /** Where the answer around it has a good one. */
  status?: number;
  code: string;
  message: string;
  requestId?: string;
  diagnostics?: Diagnostic[];
  /** The field of what was sent that is at fault, where one alone is. */
  field?: string;
}

/** What the server refused, or that it was not reached (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly diagnostics: Diagnostic[];
  readonly field: string;

  constructor(status: number, body: ApiErrorBody) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.requestId = body.requestId ?? '';
    this.diagnostics = body.diagnostics ?? [];
    this.field = body.field ?? '';
  }

  /** Whether the caller can mend it: a wrong query, a limit, a missing permission. */
  get isCallers(): boolean {
    return this.status >= 400 && this.status < 500;
  }
}

/** What to tell a reader of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Told of the build that answered and of answers that came or did not. */
export const watchers: {
  answered: (build: string) => void;
  failed: () => void;
  unauthorized: () => void;
} = {
  answered: () => {},
  failed: () => {},
  unauthorized: () => {},
};

const unreached = new Set<() => void>();

/** Has `run` called as soon as the server answers anything again; gives what forgets it. */
export function whenReached(run: () => void): () => void {
  unreached.add(run);
  return () => unreached.delete(run);
}

function reached(): void {
  const all = [...unreached];
  unreached.clear();
  for (const run of all) run();
}

let asking = 0;

/** Whether the server works on an answer: a page that asks again now would end that. */
export const isAsking = (): boolean => asking > 0;

/** An answer whose status is good; anything else is an `ApiError`. */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  asking += 1;
  try {
    response = await fetch(base + path, {
      ...init,
      headers: { 'X-Portal': '1', ...(init.headers as Record<string, string> | undefined) },
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    watchers.failed();
    throw new ApiError(0, { code: 'unreachable', message: 'The server cannot be reached.' });
  } finally {
    asking -= 1;
  }
  watchers.answered(response.headers.get('x-telltale-build') ?? '');
  reached();
  if (response.ok || response.status === 304) return response;
  if (response.status === 401 && path !== 'api/portal/session') watchers.unauthorized();
  throw new ApiError(response.status, await readError(response));
}

async function readError(response: Response): Promise<ApiErrorBody> {
  const requestId = response.headers.get('x-ms-client-request-id') ?? '';
  try {
    const body = (await response.json()) as { error?: ApiErrorBody };
    if (body.error?.message) return { requestId, ...body.error };
  } catch {
    // Not ours: a proxy answered.
  }
  return { code: 'unknown', message: `The server answered ${response.status}.`, requestId };
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await call(path, { signal: signal ?? null })).json()) as T;
}

/** Sends `body` as JSON; gives `undefined` for an answer without content. */
export async function sendJson<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  options: { signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<T> {
  const response = await call(path, {
    method,
    signal: options.signal ?? null,
    headers: { 'Content-Type': 'application/json', ...options.headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
