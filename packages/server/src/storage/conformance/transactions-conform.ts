import { expect, test } from 'vitest';
import type { Key } from '../port/records.ts';
import type { WriteScope } from '../port/storage.ts';
import { type OpenStorage, openForEach } from './opened.ts';
import { at, createKey, creditsOf, identityOf, keyOf } from './samples.ts';

const ws = 'ws_1';

export function transactionsConform(open: OpenStorage, scope?: WriteScope): void {
  const current = openForEach(open, scope);

  test('a write that throws leaves nothing behind, and its error is passed on', async () => {
    const failure = new Error('no');
    const write = current().write(async (store) => {
      await createKey(store);
      await store.identities.create(ws, identityOf());
      throw failure;
    });
    await expect(write).rejects.toBe(failure);
    expect(await current().read((store) => store.keys.find(ws, 'key_1'))).toBeNull();
    expect(await current().read((store) => store.identities.find(ws, 'id_1'))).toBeNull();
  });

  test('writes of one group commit do not fail together', async () => {
    await current().write((store) => createKey(store, { id: 'key_0' }));
    const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
    const outcomes = await Promise.allSettled(
      numbers.map((number) =>
        current().write(async (store) => {
          await store.keys.create(ws, keyOf({ id: `key_${number}` }));
          await store.keys.update(ws, 'key_0', { name: `written by ${number}` });
          if (number % 3 === 0) throw new Error(`no ${number}`);
          return number;
        }),
      ),
    );
    const { rows } = await current().read((store) =>
      store.keys.list(ws, 'api_1', { cursor: undefined, limit: 100 }),
    );
    const stored = numbers.filter((number) => rows.some(({ id }) => id === `key_${number}`));
    expect(stored).toEqual(numbers.filter((number) => number % 3 !== 0));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(
      numbers.map((number) => number % 3 !== 0),
    );
    expect(nameOf(rows.find(({ id }) => id === 'key_0'))).toBe('written by 29');
  });

  test('a failed statement rolls back its own write only', async () => {
    const outcomes = await Promise.allSettled([
      current().write((store) => createKey(store, { id: 'key_1', hash: 'same' })),
      current().write(async (store) => {
        await store.identities.create(ws, identityOf());
        await store.keys.create(ws, keyOf({ id: 'key_2', hash: 'same' }));
      }),
      current().write((store) => store.keys.create(ws, keyOf({ id: 'key_3' }))),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await current().read((store) => store.identities.find(ws, 'id_1'))).toBeNull();
    expect(await current().read((store) => store.keys.find(ws, 'key_3'))).not.toBeNull();
  });

  test('no update is lost: each of a hundred writers sees the write before it', async () => {
    await current().write((store) => createKey(store, { credits: creditsOf(0) }));
    const writes = Array.from({ length: 100 }, () =>
      current().write(async (store) => {
        const key = await store.keys.find(ws, 'key_1');
        await store.keys.update(ws, 'key_1', { credits: creditsOf((key?.credits.remaining ?? 0) + 1) });
      }),
    );
    await Promise.all(writes);
    expect((await current().storage.readCredits(ws, 'key_1'))?.remaining).toBe(100);
  });

  test('a read sees one snapshot, though writes commit before it ends', async () => {
    await current().write((store) => createKey(store, { name: 'before' }));
    const rename = () => current().write((store) => store.keys.update(ws, 'key_1', { name: 'after' }));
    const seen = await current().read(async (store) => {
      const first = nameOf(await store.keys.find(ws, 'key_1'));
      await rename();
      return [first, nameOf(await store.keys.find(ws, 'key_1'))];
    });
    expect(seen).toEqual(['before', 'before']);
    expect(await current().read(async (store) => nameOf(await store.keys.find(ws, 'key_1')))).toBe('after');
  });

  test('concurrent reads and writes never see half of a write', async () => {
    await current().write(async (store) => {
      await createKey(store, { id: 'key_1', name: '0' });
      await store.keys.create(ws, keyOf({ id: 'key_2', name: '0' }));
    });
    const rounds = Array.from({ length: 40 }, (_, index) => String(index + 1));
    const writes = rounds.map((name) =>
      current().write(async (store) => {
        await store.keys.update(ws, 'key_1', { name });
        await store.keys.update(ws, 'key_2', { name });
      }),
    );
    const reads = rounds.map(() =>
      current().read(async (store) => [
        nameOf(await store.keys.find(ws, 'key_1')),
        nameOf(await store.keys.find(ws, 'key_2')),
      ]),
    );
    await Promise.all(writes);
    for (const [first, second] of await Promise.all(reads)) expect(second).toBe(first);
  });

  test('a failed read does not affect the next one', async () => {
    await current().write((store) => createKey(store));
    await expect(
      current().read(async () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await current().read((store) => store.keys.find(ws, 'key_1'))).not.toBeNull();
  });

  test('a write sees its own changes, others see them only after its commit', async () => {
    let isSeenInside = false;
    let isSeenOutside: boolean | undefined;
    await current().write(async (store) => {
      await createKey(store);
      isSeenInside = (await store.keys.find(ws, 'key_1')) !== null;
      isSeenOutside = (await current().storage.findVerifiableKey('hash-of-key_1')) !== null;
    });
    expect([isSeenInside, isSeenOutside]).toEqual([true, false]);
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).not.toBeNull();
  });

  test('writes are visible to another process', async () => {
    await current().write((store) => createKey(store));
    const another = await current().openAnother();
    expect(await another.findVerifiableKey('hash-of-key_1')).not.toBeNull();
    await another.write((store) => store.keys.delete(ws, 'key_1', at));
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).toBeNull();
  });
}

function nameOf(key: Key | null | undefined): string | null | undefined {
  return key?.name;
}
