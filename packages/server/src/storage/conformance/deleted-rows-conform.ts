import { expect, test } from 'vitest';
import type { Storage } from '../port/storage.ts';
import { type OpenStorage, openForEach } from './opened.ts';
import {
  apiOf,
  at,
  createKey,
  identityOf,
  keyOf,
  overrideOf,
  permissionOf,
  ratelimitOf,
  roleOf,
  rootKeyOf,
} from './samples.ts';

const ws = 'ws_1';
const later = at + 1;

export function deletedRowsConform(open: OpenStorage): void {
  const current = openForEach(open);
  const remove = (before: number, limit = 100, storage: Storage = current().storage) =>
    storage.write((store) => store.deletedRows.remove(before, limit), 'unordered');
  const count = (before: number, limit = 100) =>
    current().read((store) => store.deletedRows.count(before, limit));

  test('a deleted key is removed with all its data, and its hash stays reserved; other keys are unchanged', async () => {
    await current().write(async (store) => {
      await createKey(store);
      await store.keys.create(ws, keyOf({ id: 'key_2' }));
      await store.permissions.create(ws, [permissionOf('p')]);
      await store.roles.create(ws, [roleOf('r')]);
      for (const id of ['key_1', 'key_2']) {
        await store.keys.attachPermissions(ws, id, ['perm_p']);
        await store.keys.attachRoles(ws, id, ['role_r']);
        await store.keys.saveRatelimits(ws, id, [ratelimitOf('requests', { id: `rl_${id}` })]);
      }
      await store.keys.delete(ws, 'key_1', at);
    });
    expect([await remove(at), await remove(later), await remove(later)]).toEqual([0, 1, 0]);

    // Its id is free, and no data refers to it.
    await current().write((store) => store.keys.create(ws, keyOf({ hash: 'another' })));
    expect(await current().storage.findVerifiableKey('another')).toMatchObject({
      permissions: [],
      roles: [],
      ratelimits: [],
    });
    expect(await current().storage.findVerifiableKey('hash-of-key_2')).toMatchObject({
      permissions: ['p'],
      roles: ['r'],
      ratelimits: [{ name: 'requests' }],
    });
    expect(await current().read((store) => store.keys.isHashTaken('ws_1', 'hash-of-key_1'))).toBe(true);
    expect(await current().read((store) => store.keys.isHashTaken('ws_1', 'no-hash'))).toBe(false);
  });

  test('a deleted API is removed after its keys, in batches; their hashes stay reserved', async () => {
    await current().write(async (store) => {
      await createKey(store);
      for (const id of ['key_2', 'key_3', 'key_4', 'key_5']) await store.keys.create(ws, keyOf({ id }));
      await store.apis.delete(ws, 'api_1', at);
      await store.apis.create(ws, apiOf({ id: 'api_2' }));
      await store.keys.create(ws, keyOf({ id: 'key_6', apiId: 'api_2' }));
    });
    expect([await count(at), await count(later), await count(later, 4)]).toEqual([0, 6, 4]);
    const counts = [await remove(at), await remove(later, 4), await remove(later, 4), await remove(later, 4)];
    expect(counts).toEqual([0, 4, 2, 0]);
    expect(await current().read((store) => store.keys.isHashTaken('ws_1', 'hash-of-key_5'))).toBe(true);
    expect(await current().storage.findVerifiableKey('hash-of-key_6')).not.toBeNull();

    await current().write((store) => createKey(store, { hash: 'another' }));
    expect(await current().storage.findVerifiableKey('another')).toMatchObject({ id: 'key_1' });
  });

  test('a deleted identity is removed; its keys remain, and do not belong to a later one with its id', async () => {
    await current().write(async (store) => {
      await store.identities.create(ws, identityOf());
      await store.identities.saveRatelimits(ws, 'id_1', [ratelimitOf('requests')]);
      await createKey(store, { identityId: 'id_1' });
      await store.keys.create(ws, keyOf({ id: 'key_2', identityId: 'id_1' }));
      await store.identities.delete(ws, 'id_1', at);
    });
    // Two rows of keys, one of the identity.
    expect([await count(at), await count(later)]).toEqual([0, 3]);
    const counts = [await remove(at), await remove(later, 2), await remove(later, 2), await remove(later)];
    expect(counts).toEqual([0, 2, 1, 0]);

    await current().write((store) => store.identities.create(ws, identityOf()));
    expect((await current().read((store) => store.identities.find(ws, 'id_1')))?.ratelimits).toEqual([]);
    for (const hash of ['hash-of-key_1', 'hash-of-key_2']) {
      expect(await current().storage.findVerifiableKey(hash)).toMatchObject({ identity: null });
    }
  });

  test('rows that can be restored, or whose names stay reserved, are not removed, however old', async () => {
    await current().write(async (store) => {
      await createKey(store, { identityId: 'id_1' });
      await store.identities.create(ws, identityOf());
      await store.namespaces.create(ws, { id: 'rlns_1', name: 'emails', createdAt: at });
      await store.namespaces.setOverride(ws, 'rlns_1', overrideOf('kept'));
      await store.namespaces.setOverride(ws, 'rlns_1', overrideOf('dropped', { id: 'rlor_first' }));
      await store.namespaces.deleteOverride(ws, 'rlns_1', 'rlor_first', at);
      await store.namespaces.setDeleted(ws, 'rlns_1', at);
      await store.rootKeys.create(rootKeyOf());
      await store.rootKeys.delete('key_root', at);
    });
    expect([await count(Number.MAX_SAFE_INTEGER), await remove(Number.MAX_SAFE_INTEGER)]).toEqual([0, 0]);

    expect(await current().storage.findNamespace(ws, 'emails')).toMatchObject({
      deletedAt: at,
      overrides: [{ identifier: 'kept' }],
    });
    const again = overrideOf('dropped', { id: 'rlor_second' });
    expect(await current().write((store) => store.namespaces.setOverride(ws, 'rlns_1', again))).toBe(
      'rlor_first',
    );
    expect(await current().read((store) => store.rootKeys.isHashTaken('root-hash'))).toBe(true);
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).toMatchObject({
      identity: { id: 'id_1' },
    });
  });

  test('links that a deletion has left are counted and removed', async () => {
    await current().write(async (store) => {
      await createKey(store);
      await store.roles.create(ws, [roleOf('r')]);
      for (let key = 2; key <= 1005; key++) await store.keys.create(ws, keyOf({ id: `key_${key}` }));
      for (let key = 1; key <= 1005; key++) await store.keys.attachRoles(ws, `key_${key}`, ['role_r']);
      await store.roles.delete(ws, 'role_r');
    });
    expect([await count(0), await count(0, 3)]).toEqual([5, 3]);
    expect([await remove(0, 3), await remove(0), await count(0)]).toEqual([3, 2, 0]);
  });

  test('two processes that remove concurrently remove each row once', async () => {
    await current().write(async (store) => {
      await createKey(store);
      for (let key = 2; key <= 60; key++) await store.keys.create(ws, keyOf({ id: `key_${key}` }));
      for (let key = 1; key <= 30; key++) await store.keys.delete(ws, `key_${key}`, at);
      await store.apis.delete(ws, 'api_1', at);
    });
    const another = await current().openAnother();
    const counts = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        remove(later, 10, turn % 2 === 0 ? current().storage : another),
      ),
    );
    // A batch skips rows that another one has locked.
    for (let count = 1; count > 0; counts.push(count)) count = await remove(later);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(61);
    expect(Math.max(...counts.slice(0, 20))).toBeLessThanOrEqual(10);
  });
}
