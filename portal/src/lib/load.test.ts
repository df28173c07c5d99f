import { describe, expect, it } from 'vitest';
import { ApiError } from './api';
import { isAsking, Loaded } from './load.svelte';

/** An answer that comes when the test wants it. */
function later(): { promise: Promise<string>; give: (text: string) => void; fail: () => void } {
  let give: (text: string) => void = () => {};
  let fail: () => void = () => {};
  const promise = new Promise<string>((done, failed) => {
    give = done;
    fail = () => failed(new ApiError(500, { code: 'internal', message: 'no' }));
  });
  return { promise, give, fail };
}

describe('what is asked', () => {
  it('is open until it is answered', async () => {
    const [loaded, answer] = [new Loaded<string>(), later()];
    loaded.run(() => answer.promise);
    expect(isAsking()).toBe(true);
    answer.give('there');
    await answer.promise;
    expect([isAsking(), loaded.data, loaded.isLoading]).toEqual([false, 'there', false]);
  });

  it('is open until it fails', async () => {
    const [loaded, answer] = [new Loaded<string>(), later()];
    loaded.run(() => answer.promise);
    answer.fail();
    await expect(answer.promise).rejects.toThrow();
    expect([isAsking(), loaded.data, loaded.error?.status]).toEqual([false, null, 500]);
  });

  it('ends with what is asked instead, or with its area', async () => {
    const [loaded, first, second] = [new Loaded<string>(), later(), later()];
    loaded.run(() => first.promise);
    const leave = loaded.run(() => second.promise);
    first.give('old');
    await first.promise;
    expect([isAsking(), loaded.data]).toEqual([true, null]);
    leave();
    expect(isAsking()).toBe(false);
  });
});
