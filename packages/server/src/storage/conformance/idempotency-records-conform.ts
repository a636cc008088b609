import { expect, test } from 'vitest';
import type { IdempotencyRecord } from '../port/records.ts';
import type { Store } from '../port/store.ts';
import { type OpenStorage, openForEach } from './opened.ts';
import { at, createKey } from './samples.ts';

const ws = 'ws_1';
const day = 86_400_000;

type Claim = Omit<IdempotencyRecord, 'response'>;

function claimOf(change: Partial<Claim> = {}): Claim {
  return {
    operation: 'keys.createKey',
    keyHash: 'hash-of-key',
    fingerprint: 'who-and-what',
    expiresAt: at + day,
    ...change,
  };
}

/** Claims as a request does, and stores its own response when it is the first. */
async function respond(store: Store, own: string, request = claimOf(), now = at) {
  const record = await store.idempotencyRecords.claim(ws, request, now);
  if (record === null) await store.idempotencyRecords.complete(ws, { ...request, response: own });
  return record;
}

export function idempotencyRecordsConform(open: OpenStorage): void {
  const current = openForEach(open);
  const claim = (request = claimOf(), { workspaceId = ws, now = at } = {}) =>
    current().write((store) => store.idempotencyRecords.claim(workspaceId, request, now));

  test('the first request gets no record, the next ones get the response of the first', async () => {
    const sealed = `${'x'.repeat(100_000)}é🚀\n'"`;
    expect(await current().write((store) => respond(store, sealed))).toBeNull();
    for (const fingerprint of ['who-and-what', 'another']) {
      expect(await claim(claimOf({ fingerprint }))).toEqual({
        fingerprint: 'who-and-what',
        response: sealed,
      });
    }
  });

  test('another key, operation or workspace is another request', async () => {
    await current().write((store) => respond(store, 'first'));
    expect(await claim(claimOf({ keyHash: 'other' }))).toBeNull();
    expect(await claim(claimOf({ operation: 'apis.createApi' }))).toBeNull();
    expect(await claim(claimOf(), { workspaceId: 'ws_2' })).toBeNull();
  });

  test('another workspace’s record is not replaced', async () => {
    await current().write((store) => respond(store, 'first'));
    await current().write((store) =>
      store.idempotencyRecords.complete('ws_2', { ...claimOf(), response: 'foreign' }),
    );
    expect((await claim())?.response).toBe('first');
  });

  test('a record holds until it expires; then the next request is the first one', async () => {
    await current().write((store) => respond(store, 'first'));
    expect((await claim(claimOf(), { now: at + day - 1 }))?.response).toBe('first');
    const later = claimOf({ fingerprint: 'another', expiresAt: at + 2 * day });
    expect(await current().write((store) => respond(store, 'second', later, at + day))).toBeNull();
    expect(await claim(claimOf(), { now: at + day })).toEqual({ fingerprint: 'another', response: 'second' });
  });

  test('a write that throws leaves the key unclaimed', async () => {
    const failing = current().write(async (store) => {
      await respond(store, 'never');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await current().write((store) => respond(store, 'first'))).toBeNull();
    expect((await claim())?.response).toBe('first');
  });

  test('of concurrent requests, also from two processes, one is the first and all others get its response', async () => {
    const another = await current().openAnother();
    const records = await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        (number % 2 === 0 ? current().storage : another).write((store) => respond(store, `of ${number}`)),
      ),
    );
    const response = (await claim())?.response;
    expect(records.filter((record) => record === null)).toHaveLength(1);
    expect(new Set(records.map((record) => record?.response ?? response))).toEqual(new Set([response]));
    expect(response).toBe(`of ${records.indexOf(null)}`);
  });

  test('a response is stored together with the change that it reports, or neither is', async () => {
    const create = (isBroken: boolean) =>
      current().write(async (store) => {
        const record = await respond(store, 'created');
        if (record === null) await createKey(store);
        if (isBroken) throw new Error('no');
      });
    await expect(create(true)).rejects.toThrow('no');
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).toBeNull();
    await create(false);
    await create(false);
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).not.toBeNull();
  });

  test('expired records of all workspaces are deleted in batches, the oldest first', async () => {
    await current().write(async (store) => {
      for (let number = 1; number <= 5; number++) {
        const request = claimOf({ keyHash: `key ${number}`, expiresAt: at + number });
        await store.idempotencyRecords.claim(number % 2 === 0 ? ws : 'ws_2', request, at);
      }
    });
    const sweep = (now: number, limit: number) =>
      current().write((store) => store.idempotencyRecords.deleteExpired(now, limit));
    const count = (limit: number) =>
      current().read((store) => store.idempotencyRecords.countExpired(at + 4, limit));
    expect([await count(100), await count(3)]).toEqual([4, 3]);
    expect(await sweep(at, 100)).toBe(0);
    expect(await sweep(at + 4, 3)).toBe(3);
    expect(await sweep(at + 4, 3)).toBe(1);
    expect(await sweep(at + 4, 3)).toBe(0);
    const last = claimOf({ keyHash: 'key 5' });
    expect(await claim(last, { workspaceId: 'ws_2', now: at + 4 })).not.toBeNull();
  });
}
