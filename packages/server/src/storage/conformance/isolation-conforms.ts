import { expect, test } from 'vitest';
import type { Store } from '../port/store.ts';
import { type OpenStorage, openForEach } from './opened.ts';
import {
  apiOf,
  at,
  creditsOf,
  identityOf,
  keyOf,
  overrideOf,
  permissionOf,
  ratelimitOf,
  roleOf,
} from './samples.ts';

const own = 'ws_1';
const other = 'ws_2';
const all = { cursor: undefined, limit: 100 };

/** All reads of the data of a workspace, by the ids and names of `create`. */
const reads: Record<string, (store: Store, workspaceId: string) => Promise<unknown>> = {
  'apis.find': (store, ws) => store.apis.find(ws, 'api_1'),
  'keys.find': (store, ws) => store.keys.find(ws, 'key_1'),
  'keys.findByHash': (store, ws) => store.keys.findByHash(ws, 'hash-of-key_1'),
  'keys.list': async (store, ws) => (await store.keys.list(ws, 'api_1', all)).rows,
  'keys.list of an external id': async (store, ws) =>
    (await store.keys.list(ws, 'api_1', all, 'user_1')).rows,
  'identities.find': (store, ws) => store.identities.find(ws, 'id_1'),
  'identities.find by external id': (store, ws) => store.identities.find(ws, 'user_1'),
  'identities.findByExternalId': (store, ws) => store.identities.findByExternalId(ws, 'user_1'),
  'identities.list': async (store, ws) => (await store.identities.list(ws, all)).rows,
  'permissions.find': (store, ws) => store.permissions.find(ws, 'perm_p'),
  'permissions.find by slug': (store, ws) => store.permissions.find(ws, 'p'),
  'permissions.findBySlugs': (store, ws) => store.permissions.findBySlugs(ws, ['p', 'q']),
  'permissions.list': async (store, ws) => (await store.permissions.list(ws, all)).rows,
  'roles.find': (store, ws) => store.roles.find(ws, 'role_r'),
  'roles.find by name': (store, ws) => store.roles.find(ws, 'r'),
  'roles.findById': (store, ws) => store.roles.findById(ws, 'role_r'),
  'roles.findByNames': (store, ws) => store.roles.findByNames(ws, ['r', 's']),
  'roles.list': async (store, ws) => (await store.roles.list(ws, all)).rows,
  'namespaces.find': (store, ws) => store.namespaces.find(ws, 'rlns_1'),
  'namespaces.find by name': (store, ws) => store.namespaces.find(ws, 'api'),
  'namespaces.listOverrides': async (store, ws) =>
    (await store.namespaces.listOverrides(ws, 'rlns_1', all)).rows,
  'migrations.find': (store, ws) => store.migrations.find(ws, 'mig_1'),
};

/** Every change that can name resources of another workspace. */
const changes: Record<string, (store: Store, workspaceId: string) => Promise<unknown>> = {
  'apis.update': (store, ws) => store.apis.update(ws, 'api_1', { isProtected: true }),
  'apis.delete': (store, ws) => store.apis.delete(ws, 'api_1', at),
  'keys.update': (store, ws) => store.keys.update(ws, 'key_1', { isEnabled: false }),
  'keys.delete': (store, ws) => store.keys.delete(ws, 'key_1', at),
  'keys.purge': (store, ws) => store.keys.purge(ws, 'key_1'),
  'keys.attachPermissions': (store, ws) => store.keys.attachPermissions(ws, 'key_1', ['perm_q']),
  'keys.detachPermissions': (store, ws) => store.keys.detachPermissions(ws, 'key_1', ['perm_p']),
  'keys.attachRoles': (store, ws) => store.keys.attachRoles(ws, 'key_1', ['role_s']),
  'keys.detachRoles': (store, ws) => store.keys.detachRoles(ws, 'key_1', ['role_r']),
  'keys.saveRatelimits': (store, ws) => store.keys.saveRatelimits(ws, 'key_1', []),
  'identities.update': (store, ws) => store.identities.update(ws, 'id_1', { meta: {}, updatedAt: at }),
  'identities.saveRatelimits': (store, ws) => store.identities.saveRatelimits(ws, 'id_1', []),
  'identities.delete': (store, ws) => store.identities.delete(ws, 'id_1', at),
  'permissions.delete': (store, ws) => store.permissions.delete(ws, 'perm_p'),
  'roles.attachPermissions': (store, ws) => store.roles.attachPermissions(ws, 'role_r', ['perm_q']),
  'roles.detachPermissions': (store, ws) => store.roles.detachPermissions(ws, 'role_r', ['perm_p']),
  'roles.delete': (store, ws) => store.roles.delete(ws, 'role_r'),
  'namespaces.deleteOverride': (store, ws) => store.namespaces.deleteOverride(ws, 'rlns_1', 'rlor_1', at),
  'namespaces.setDeleted': (store, ws) => store.namespaces.setDeleted(ws, 'rlns_1', at),
};

async function create(store: Store): Promise<void> {
  await store.apis.create(own, apiOf());
  await store.identities.create(own, identityOf({ meta: { a: 1 } }));
  await store.identities.saveRatelimits(own, 'id_1', [ratelimitOf('of identity')]);
  await store.keys.create(own, keyOf({ identityId: 'id_1', credits: creditsOf(5) }));
  await store.keys.saveRatelimits(own, 'key_1', [ratelimitOf('of key')]);
  await store.permissions.create(own, [permissionOf('p'), permissionOf('q')]);
  await store.roles.create(own, [roleOf('r'), roleOf('s')]);
  await store.roles.attachPermissions(own, 'role_r', ['perm_p']);
  await store.keys.attachPermissions(own, 'key_1', ['perm_p']);
  await store.keys.attachRoles(own, 'key_1', ['role_r']);
  await store.namespaces.create(own, { id: 'rlns_1', name: 'api', createdAt: at });
  await store.namespaces.setOverride(own, 'rlns_1', overrideOf('u', { id: 'rlor_1' }));
  await store.migrations.create(own, { id: 'mig_1', name: 'M', algorithm: 'sha256', createdAt: at });
}

export function isolationConforms(open: OpenStorage): void {
  const current = openForEach(open);

  const snapshot = async () => {
    const seen: Record<string, unknown> = {};
    for (const [name, find] of Object.entries(reads)) {
      seen[name] = await current().read((store) => find(store, own));
    }
    seen.verifiable = await current().storage.findVerifiableKey('hash-of-key_1');
    seen.namespace = await current().storage.findNamespace(own, 'api');
    return seen;
  };

  test.each(Object.entries(reads))('%s finds nothing of another workspace', async (_, find) => {
    await current().write(create);
    expect(isNothing(await current().read((store) => find(store, own)))).toBe(false);
    expect(isNothing(await current().read((store) => find(store, other)))).toBe(true);
  });

  test.each(Object.entries(changes))('%s changes nothing of another workspace', async (_, change) => {
    await current().write(create);
    const before = await snapshot();
    await current().write((store) => change(store, other));
    expect(await snapshot()).toEqual(before);
    await current().write((store) => change(store, own));
    expect(await snapshot()).not.toEqual(before);
  });

  test('an override is not set in a namespace of another workspace', async () => {
    await current().write(create);
    const before = await snapshot();
    for (const identifier of ['u', 'new']) {
      const set = current().write((store) =>
        store.namespaces.setOverride(other, 'rlns_1', overrideOf(identifier, { limit: 99 })),
      );
      await expect(set).rejects.toThrow();
    }
    expect(await snapshot()).toEqual(before);
  });

  test('resources of two workspaces are never linked', async () => {
    await current().write(create);
    await current().write(async (store) => {
      await store.permissions.create(other, [permissionOf('foreign')]);
      await store.roles.create(other, [roleOf('foreign')]);
    });
    const before = await snapshot();
    await current().write(async (store) => {
      await store.keys.attachPermissions(own, 'key_1', ['perm_foreign']);
      await store.keys.attachRoles(own, 'key_1', ['role_foreign']);
      await store.roles.attachPermissions(own, 'role_r', ['perm_foreign']);
    });
    expect(await snapshot()).toEqual(before);
  });

  test('lookups and spends of the hot path do not reach another workspace', async () => {
    await current().write(create);
    const { storage } = current();
    expect(await storage.findNamespace(other, 'api')).toBeNull();
    expect(await storage.findNamespace(other, 'rlns_1')).toBeNull();
    expect(await storage.readCredits(other, 'key_1')).toBeNull();
    await storage.spendCredits(other, 'key_1', { cost: 1, now: at });
    expect((await storage.readCredits(own, 'key_1'))?.remaining).toBe(5);
  });

  test('two workspaces may have keys with the same hash, and neither changes what the other finds', async () => {
    const hash = 'hash-of-key_1';
    const { read, write, storage } = current();
    await write(create);
    await write(async (store) => {
      await store.apis.create(other, apiOf({ id: 'api_2', keyspaceId: 'ks_2' }));
      expect(await store.keys.takenHashes(other, [hash])).toEqual(new Set());
      await store.keys.create(other, keyOf({ id: 'key_2', apiId: 'api_2', hash }));
      expect(await store.keys.isHashTaken(other, hash)).toBe(true);
    });
    expect(await storage.findVerifiableKey(hash, own)).toMatchObject({ id: 'key_1', workspaceId: own });
    expect(await storage.findVerifiableKey(hash, other)).toMatchObject({ id: 'key_2', workspaceId: other });
    expect(await storage.findVerifiableKey(hash, 'ws_3')).toBeNull();
    expect(['key_1', 'key_2']).toContain((await storage.findVerifiableKey(hash))?.id);
    expect((await read((store) => store.keys.findByHash(other, hash)))?.id).toBe('key_2');
    await expect(
      write((store) => store.keys.create(other, keyOf({ id: 'key_3', apiId: 'api_2', hash }))),
    ).rejects.toThrow();

    await write((store) => store.keys.purge(own, 'key_1'));
    expect(await storage.findVerifiableKey(hash)).toMatchObject({ id: 'key_2' });
    await write(async (store) => {
      expect(await store.keys.isHashTaken(own, hash)).toBe(false);
      await store.keys.delete(other, 'key_2', at);
      await store.deletedRows.remove(at + 1, 100);
      expect(await store.keys.isHashTaken(other, hash)).toBe(true);
      expect(await store.keys.isHashTaken(own, hash)).toBe(false);
    });
  });

  test('two workspaces may use the same external ids, slugs, role names and namespaces', async () => {
    await current().write(create);
    await current().write(async (store) => {
      await store.identities.create(other, identityOf({ id: 'id_2' }));
      await store.permissions.create(other, [permissionOf('p', { id: 'perm_2' })]);
      await store.roles.create(other, [roleOf('r', { id: 'role_2' })]);
      await store.namespaces.create(other, { id: 'rlns_2', name: 'api', createdAt: at });
    });
    const { read, storage } = current();
    expect((await read((store) => store.identities.find(other, 'user_1')))?.id).toBe('id_2');
    expect((await read((store) => store.permissions.find(other, 'P')))?.id).toBe('perm_2');
    expect((await read((store) => store.roles.find(other, 'R')))?.id).toBe('role_2');
    expect((await storage.findNamespace(other, 'api'))?.id).toBe('rlns_2');
    expect((await storage.findNamespace(own, 'api'))?.id).toBe('rlns_1');
  });
}

function isNothing(found: unknown): boolean {
  return found === null || (Array.isArray(found) && found.length === 0);
}
