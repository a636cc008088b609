import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { apiOf, createKey, keyOf } from './conformance/samples.ts';
import { createLookups, type Lookups } from './lookups.ts';
import { type Freshness, type Storage, StorageUnavailableError } from './port/storage.ts';
import type { Store } from './port/store.ts';
import { openSqliteStorage } from './sqlite/storage.ts';

const hash = 'hash-of-key_1';
const maxStalenessMs = 60_000;

/** A real database, of which the test says whether it is reached, and until when its changes are heard of. */
let folder: string;
let storage: Storage;
let lookups: Lookups;
let isAway: boolean;
let freshness: { -readonly [Member in keyof Freshness]: Freshness[Member] };
let asked: number;
/** What the next read waits for, with its result. */
let held: Promise<void> | null;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  folder = await mkdtemp(join(tmpdir(), 'unkey-ts-lookups-'));
  storage = openSqliteStorage({ file: join(folder, 'unkey.sqlite'), onCommit: () => {} });
  await storage.write((store) => createKey(store));
  isAway = false;
  asked = 0;
  held = null;
  freshness = { syncedUntil: performance.now(), isReachable: true };
  const remote: Storage = {
    ...storage,
    pollChanges: () => freshness,
    async findVerifiableKey(...wanted) {
      asked++;
      if (isAway) throw new StorageUnavailableError('It is away.');
      const [key, gate] = [await storage.findVerifiableKey(...wanted), held];
      held = null;
      await gate;
      return key;
    },
  };
  lookups = createLookups(remote, { maxStalenessMs, keyCacheSize: 1000 });
});
afterEach(async () => {
  vi.useRealTimers();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const isEnabled = async () => (await lookups.findVerifiableKey('ws_1', hash))?.isEnabled;
const disable = () => storage.write((store) => store.keys.update('ws_1', 'key_1', { isEnabled: false }));

test('while changes are reported, a cached entry is not read again', async () => {
  for (let second = 0; second < 100; second++) {
    expect(await isEnabled()).toBe(true);
    expect(await lookups.findVerifiableKey('ws_1', 'absent')).toBeNull();
    vi.advanceTimersByTime(1000);
    freshness.syncedUntil = performance.now();
  }
  expect(asked).toBe(2);
});

test('keys of two workspaces with one hash are each cached for their own', async () => {
  const idIn = async (workspaceId: string) => (await lookups.findVerifiableKey(workspaceId, hash))?.id;
  const write = async (work: (store: Store) => Promise<void>, tags: readonly string[]) => {
    await storage.write(work);
    lookups.onCommit(new Set(tags));
  };
  const expectCached = async (ids: Record<string, string | undefined>) => {
    for (const [workspaceId, id] of Object.entries(ids)) expect(await idIn(workspaceId)).toBe(id);
    const before = asked;
    for (const [workspaceId, id] of Object.entries(ids)) expect(await idIn(workspaceId)).toBe(id);
    expect(asked).toBe(before);
  };
  await expectCached({ ws_2: undefined, ws_1: 'key_1' });
  await write(
    async (store) => {
      await store.apis.create('ws_2', apiOf({ id: 'api_2', keyspaceId: 'ks_2' }));
      await store.keys.create('ws_2', keyOf({ id: 'key_2', apiId: 'api_2', hash }));
    },
    [hash],
  );
  await expectCached({ ws_2: 'key_2', ws_1: 'key_1', ws_3: undefined });
  await write((store) => store.keys.purge('ws_1', 'key_1'), ['key_1']);
  await expectCached({ ws_1: undefined, ws_2: 'key_2' });
  await write((store) => store.keys.create('ws_1', keyOf({ id: 'key_3', hash })), [hash]);
  await expectCached({ ws_1: 'key_3', ws_2: 'key_2' });
  await write((store) => store.keys.purge('ws_2', 'key_2'), ['key_2']);
  await expectCached({ ws_1: 'key_3', ws_2: undefined });
});

test('without reports of changes, an entry is read again after five seconds, and then trusted as long', async () => {
  expect(await isEnabled()).toBe(true);
  expect(await lookups.findVerifiableKey('ws_1', 'later')).toBeNull();
  await disable();
  await storage.write((store) => store.keys.update('ws_1', 'key_1', { hash: 'later' }));
  vi.advanceTimersByTime(5000);
  expect(await isEnabled()).toBe(true);
  vi.advanceTimersByTime(1);
  expect(await isEnabled()).toBeUndefined();
  expect((await lookups.findVerifiableKey('ws_1', 'later'))?.isEnabled).toBe(false);
  expect(asked).toBe(4);
  vi.advanceTimersByTime(5000);
  await lookups.findVerifiableKey('ws_1', 'later');
  expect(asked).toBe(4);
});

test('while the database is down, stale entries are served without a query, up to a bound', async () => {
  expect(await isEnabled()).toBe(true);
  isAway = true;
  freshness.isReachable = false;
  vi.advanceTimersByTime(maxStalenessMs);
  expect(await isEnabled()).toBe(true);
  expect(asked).toBe(1);
  expect(lookups.isServingStale()).toBe(true);
  vi.advanceTimersByTime(1);
  expect(lookups.isServingStale()).toBe(false);
  await expect(isEnabled()).rejects.toThrow('It is away.');
  await expect(lookups.findVerifiableKey('ws_1', 'never seen')).rejects.toThrow('It is away.');
});

test('when the database fails unnoticed, a query fails, and the stale entry is served', async () => {
  expect(await isEnabled()).toBe(true);
  isAway = true;
  vi.advanceTimersByTime(10_000);
  expect(await isEnabled()).toBe(true);
  expect(asked).toBe(2);
  vi.advanceTimersByTime(maxStalenessMs);
  await expect(isEnabled()).rejects.toThrow('It is away.');
});

test('concurrent lookups of a key share a read, unless a commit came in between', async () => {
  const before = [isEnabled(), isEnabled()];
  await disable();
  lookups.onCommit(new Set(['key_1']));
  const after = [isEnabled(), isEnabled()];
  expect((await Promise.all(after)).concat(await isEnabled())).toEqual([false, false, false]);
  await Promise.all(before);
  expect(asked).toBe(2);
});

/** The next read of the database sees the data at its start, and returns only after `release`. */
function holdNextRead() {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  held = released;
  return () => release();
}

test('a read that runs during a commit is not shared with a lookup after it', async () => {
  const release = holdNextRead();
  const before = isEnabled();
  await disable();
  lookups.onCommit(new Set(['key_1']));
  const after = isEnabled();
  release();
  expect(await after).toBe(false);
  expect(await before).toBe(true);
});

test('a value that was read before a commit is not cached after it', async () => {
  const release = holdNextRead();
  const before = isEnabled();
  await disable();
  lookups.onCommit(new Set(['key_1']));
  release();
  expect(await before).toBe(true);
  expect(await isEnabled()).toBe(false);
});
