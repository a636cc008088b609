import { expect, test } from 'vitest';
import type { KeptAnswer, RepeatableRequest } from '../port/records.ts';
import type { Store } from '../port/store.ts';
import { type OpenStorage, openForEach } from './opened.ts';
import { at, createKey } from './samples.ts';

const ws = 'ws_1';
const day = 86_400_000;

function requestOf(change: Partial<RepeatableRequest> = {}): RepeatableRequest {
  return {
    operation: 'keys.createKey',
    keyHash: 'hash-of-key',
    fingerprint: 'who-and-what',
    expiresAt: at + day,
    ...change,
  };
}

/** As a request does it: claims, and keeps its own answer when it is the first. */
async function answer(
  store: Store,
  own: string,
  request = requestOf(),
  now = at,
): Promise<KeptAnswer | null> {
  const known = await store.idempotency.claim(ws, request, now);
  if (known === null) await store.idempotency.keep(ws, request, own);
  return known;
}

export function idempotencyConforms(open: OpenStorage): void {
  const current = openForEach(open);
  const claim = (request = requestOf(), { workspaceId = ws, now = at } = {}) =>
    current().write((store) => store.idempotency.claim(workspaceId, request, now));

  test('the first request is told nothing, the next ones what it kept', async () => {
    const sealed = `${'x'.repeat(100_000)}é🚀\n'"`;
    expect(await current().write((store) => answer(store, sealed))).toBeNull();
    for (const fingerprint of ['who-and-what', 'another']) {
      expect(await claim(requestOf({ fingerprint }))).toEqual({
        fingerprint: 'who-and-what',
        answer: sealed,
      });
    }
  });

  test('another key, operation or workspace is another request', async () => {
    await current().write((store) => answer(store, 'first'));
    expect(await claim(requestOf({ keyHash: 'other' }))).toBeNull();
    expect(await claim(requestOf({ operation: 'apis.createApi' }))).toBeNull();
    expect(await claim(requestOf(), { workspaceId: 'ws_2' })).toBeNull();
  });

  test('another workspace’s answer is not replaced', async () => {
    await current().write((store) => answer(store, 'first'));
    await current().write((store) => store.idempotency.keep('ws_2', requestOf(), 'foreign'));
    expect((await claim())?.answer).toBe('first');
  });

  test('an answer is there until it expires, and then gives way to the next first one', async () => {
    await current().write((store) => answer(store, 'first'));
    expect((await claim(requestOf(), { now: at + day - 1 }))?.answer).toBe('first');
    const later = requestOf({ fingerprint: 'another', expiresAt: at + 2 * day });
    expect(await current().write((store) => answer(store, 'second', later, at + day))).toBeNull();
    expect(await claim(requestOf(), { now: at + day })).toEqual({ fingerprint: 'another', answer: 'second' });
  });

  test('a write that throws leaves the request free', async () => {
    const failing = current().write(async (store) => {
      await answer(store, 'never');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await current().write((store) => answer(store, 'first'))).toBeNull();
    expect((await claim())?.answer).toBe('first');
  });

  test('of requests at once, also from two processes, one is the first and all others get its answer', async () => {
    const another = await current().openAnother();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        (number % 2 === 0 ? current().storage : another).write((store) => answer(store, `of ${number}`)),
      ),
    );
    const kept = (await claim())?.answer;
    expect(answers.filter((known) => known === null)).toHaveLength(1);
    expect(new Set(answers.map((known) => known?.answer ?? kept))).toEqual(new Set([kept]));
    expect(kept).toBe(`of ${answers.indexOf(null)}`);
  });

  test('an answer is kept with the change that it tells of, or neither is', async () => {
    const create = (isBroken: boolean) =>
      current().write(async (store) => {
        const known = await answer(store, 'created');
        if (known === null) await createKey(store);
        if (isBroken) throw new Error('no');
      });
    await expect(create(true)).rejects.toThrow('no');
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).toBeNull();
    await create(false);
    await create(false);
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).not.toBeNull();
  });

  test('expired answers are deleted in batches, the oldest first, those of all workspaces', async () => {
    await current().write(async (store) => {
      for (let number = 1; number <= 5; number++) {
        const request = requestOf({ keyHash: `key ${number}`, expiresAt: at + number });
        await store.idempotency.claim(number % 2 === 0 ? ws : 'ws_2', request, at);
      }
    });
    const sweep = (now: number, limit: number) =>
      current().write((store) => store.idempotency.deleteExpired(now, limit));
    expect(await sweep(at, 100)).toBe(0);
    expect(await sweep(at + 4, 3)).toBe(3);
    expect(await sweep(at + 4, 3)).toBe(1);
    expect(await sweep(at + 4, 3)).toBe(0);
    const last = requestOf({ keyHash: 'key 5' });
    expect(await claim(last, { workspaceId: 'ws_2', now: at + 4 })).not.toBeNull();
  });
}
