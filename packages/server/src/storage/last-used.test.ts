import { expect, test } from 'vitest';
import { lastUsedBuffer } from './last-used.ts';
import type { Storage } from './port/storage.ts';

/** A database that keeps what it is told, or refuses to. */
function database() {
  const stored = new Map<string, number>();
  const state = { isFailing: false };
  const markUsed = async (usedAt: ReadonlyMap<string, number>) => {
    if (state.isFailing) throw new Error('full');
    for (const [keyId, at] of usedAt) stored.set(keyId, at);
    return new Map();
  };
  // The buffer uses this one method of the whole port.
  const storage = { write: (work: (store: unknown) => unknown) => work({ keys: { markUsed } }) };
  return { stored, state, storage: storage as unknown as Storage };
}

test('times that could not be written are written by the next flush, unless a later one replaced them', async () => {
  const { stored, state, storage } = database();
  const lastUsed = lastUsedBuffer(storage);
  lastUsed.mark('key_1', 1000);
  lastUsed.mark('key_2', 1000);
  state.isFailing = true;
  await expect(lastUsed.flush()).rejects.toThrow('full');
  expect(lastUsed.latest('key_1', null)).toBe(1000);

  lastUsed.mark('key_2', 2000);
  state.isFailing = false;
  await lastUsed.flush();
  expect(stored).toEqual(
    new Map([
      ['key_1', 1000],
      ['key_2', 2000],
    ]),
  );
});

test('while a time is being written, a newer one is the latest', async () => {
  const { storage } = database();
  let release = () => {};
  const slow = {
    ...storage,
    write: () =>
      new Promise<ReadonlyMap<string, number>>((resolve) => {
        release = () => resolve(new Map());
      }),
  };
  const lastUsed = lastUsedBuffer(slow as unknown as Storage);
  lastUsed.mark('key_1', 1000);
  const flushing = lastUsed.flush();
  await new Promise((resolve) => setImmediate(resolve));
  expect(lastUsed.latest('key_1', 500)).toBe(1000);
  lastUsed.mark('key_1', 2000);
  expect(lastUsed.latest('key_1', 500)).toBe(2000);
  release();
  await flushing;
});

test('many keys are written in batches, each of them once', async () => {
  const { stored, storage } = database();
  const writes: number[] = [];
  const counting = {
    ...storage,
    write(work: Parameters<Storage['write']>[0]) {
      writes.push(stored.size);
      return storage.write(work);
    },
  };
  const lastUsed = lastUsedBuffer(counting as Storage);
  for (let key = 0; key < 201; key++) lastUsed.mark(`key_${key}`, key);
  await lastUsed.flush();
  expect(writes).toEqual([0, 100, 200]);
  expect(stored.size).toBe(201);
});

test('above the capacity, keys that came first are updated', async () => {
  const { stored, storage } = database();
  const lastUsed = lastUsedBuffer(storage, 2);
  lastUsed.mark('key_1', 1000);
  lastUsed.mark('key_2', 1000);
  lastUsed.mark('key_3', 1000);
  lastUsed.mark('key_1', 2000);
  await lastUsed.flush();
  expect(stored).toEqual(
    new Map([
      ['key_1', 2000],
      ['key_2', 1000],
    ]),
  );
  lastUsed.mark('key_3', 3000);
  await lastUsed.flush();
  expect(stored.get('key_3')).toBe(3000);
});

test('keys marked during a flush are written by the next one', async () => {
  const { stored, storage } = database();
  const marking = {
    ...storage,
    async write(work: Parameters<Storage['write']>[0]) {
      if (stored.size === 0) lastUsed.mark('key_1', 2000);
      return storage.write(work);
    },
  };
  const lastUsed = lastUsedBuffer(marking as Storage);
  lastUsed.mark('key_1', 1000);
  await lastUsed.flush();
  expect(stored.get('key_1')).toBe(1000);
  expect(lastUsed.latest('key_1', 1000)).toBe(2000);
  await lastUsed.flush();
  expect(stored.get('key_1')).toBe(2000);
});
