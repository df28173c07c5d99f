import { afterEach, describe, expect, it, vi } from 'vitest';
import { call, isAsking } from './api';

afterEach(() => vi.unstubAllGlobals());

describe('what the server works on', () => {
  it.each([
    ['it answered', (done: (answer: Response) => void) => done(new Response('{}'))],
    ['it refused', (done: (answer: Response) => void) => done(new Response('', { status: 500 }))],
    ['it cannot be reached', (_: unknown, failed: (error: Error) => void) =>
      failed(new TypeError('network'))],
    ['nobody waits any more', (_: unknown, failed: (error: Error) => void) =>
      failed(new DOMException('ended', 'AbortError'))],
  ])('is known until %s', async (_, end) => {
    let finish = (): void => {};
    vi.stubGlobal('fetch', () => new Promise<Response>((done, failed) => {
      finish = () => end(done, failed);
    }));
    expect(isAsking()).toBe(false);
    const answer = call('api/portal/batch').catch(() => null);
    expect(isAsking()).toBe(true);
    finish();
    await answer;
    expect(isAsking()).toBe(false);
  });
});
