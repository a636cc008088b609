import { expect, test } from 'vitest';
import { parseAllowList } from '../../domain/network/ip-allow-list.ts';
import {
  type CountedRatelimit,
  counterOf,
  type VerifiableKey,
} from '../../domain/verification/verifiable-key.ts';
import type { Key, Meta, Ratelimit } from '../port/records.ts';
import type { Store } from '../port/store.ts';
import { type OpenStorage, openForEach } from './opened.ts';
import {
  apiOf,
  at,
  identityOf,
  keyOf,
  overrideOf,
  permissionOf,
  ratelimitOf,
  roleOf,
  rootKeyOf,
  workspaceOf,
} from './samples.ts';

const workspaceIds = ['ws_1', 'ws_2'];
const keysPerWorkspace = 60;

/** The lookups of the verify and limit paths against the store's own reads, on generated data. */
export function lookupsConform(open: OpenStorage): void {
  const current = openForEach(open);

  test('the hot read of a key equals the cold one', async () => {
    const generated = generate();
    await current().write(generated.create);
    let found = 0;
    for (const hash of [...generated.keyHashes, 'absent']) {
      const hot = await current().storage.findVerifiableKey(hash);
      const cold = await current().read((store) => coldKeyOf(store, hash));
      expect(hot).toEqual(cold);
      if (hot === null) continue;
      found++;
      const key = await current().read((store) => store.keys.find(hot.workspaceId, hot.id));
      expect(await current().storage.readCredits(hot.workspaceId, hot.id)).toEqual(key?.credits);
    }
    expect(found).toBeGreaterThan(keysPerWorkspace);
    expect(found).toBeLessThan(generated.keyHashes.length);
  });

  test('the hot read of a root key equals the cold one', async () => {
    const generated = generate();
    await current().write(generated.create);
    for (const hash of [...generated.rootKeyHashes, 'absent']) {
      const cold = await current().read(async (store) => {
        const rootKey = await store.rootKeys.findByHash(hash);
        return rootKey && { rootKey, workspace: await store.workspaces.find(rootKey.workspaceId) };
      });
      expect(await current().storage.findCaller(hash)).toEqual(cold);
    }
  });

  test('the hot read of a namespace equals the cold one', async () => {
    const generated = generate();
    await current().write(generated.create);
    for (const workspaceId of workspaceIds) {
      for (const idOrName of [...generated.namespaces, 'absent']) {
        const hot = await current().storage.findNamespace(workspaceId, idOrName);
        const cold = await current().read((store) => store.namespaces.find(workspaceId, idOrName));
        const sorted = hot && { ...hot, overrides: hot.overrides.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
        expect(sorted).toEqual(cold);
      }
    }
  });
}

/** What a verification needs, from the records that management operations read. */
async function coldKeyOf(store: Store, hash: string): Promise<VerifiableKey | null> {
  for (const workspaceId of workspaceIds) {
    const key = await store.keys.findByHash(workspaceId, hash);
    const api = key && (await store.apis.find(workspaceId, key.apiId));
    if (key === null || api === null) continue;
    const permissions = permissionsOf(key);
    return {
      id: key.id,
      workspaceId,
      apiId: key.apiId,
      keyspaceId: key.keyspaceId,
      name: key.name,
      meta: nonEmpty(key.meta),
      isEnabled: key.isEnabled,
      expiresAt: key.expiresAt,
      hasCredits: key.credits.remaining !== null,
      pendingMigrationId: key.pendingMigrationId,
      allowedIps: api.allowedIps === null ? null : parseAllowList(api.allowedIps),
      permissions,
      permissionSet: new Set(permissions),
      roles: key.roles.map(({ name }) => name),
      ratelimits: counted(key.ratelimits, workspaceId, key.id),
      identity: key.identity && {
        id: key.identity.id,
        externalId: key.identity.externalId,
        meta: nonEmpty(key.identity.meta),
        ratelimits: counted(key.identity.ratelimits, workspaceId, key.identity.id),
      },
    };
  }
  return null;
}

function permissionsOf({ permissions, roles }: Key): string[] {
  const held = [...permissions, ...roles.flatMap((role) => role.permissions)];
  return [...new Set(held.map(({ slug }) => slug))].sort();
}

function counted(ratelimits: readonly Ratelimit[], workspaceId: string, ownerId: string): CountedRatelimit[] {
  return ratelimits.map((ratelimit) => ({
    ...ratelimit,
    counter: counterOf(workspaceId, ownerId, ratelimit),
  }));
}

function nonEmpty(meta: Meta | null): Meta | null {
  return meta === null || Object.keys(meta).length === 0 ? null : meta;
}

/** Two workspaces with everything that a lookup reads: every member set and absent, live and deleted owners. */
function generate() {
  const random = seededRandom(20_261_130);
  const chance = (share: number) => random() < share;
  const some = <Item>(items: readonly Item[]) => items.filter(() => chance(0.4));
  const maybe = <Value>(value: Value) => (chance(0.5) ? value : null);
  const limits = (owner: string): Ratelimit[] =>
    some(['tokens', 'calls']).map((name) =>
      ratelimitOf(name, { id: `rl_${owner}_${name}`, isAutoApplied: chance(0.5) }),
    );
  const keyHashes: string[] = [];
  const rootKeyHashes: string[] = [];
  const namespaces: string[] = [];

  async function createOwners(store: Store, ws: string): Promise<void> {
    await store.workspaces.create(
      workspaceOf({ id: ws, isEnabled: chance(0.5), requestsPerMinute: maybe(9) }),
    );
    for (const number of [1, 2, 3]) {
      const allowedIps = maybe('10.0.0.0/8, ::1');
      await store.apis.create(ws, apiOf({ id: `api_${ws}_${number}`, allowedIps }));
      const id = `id_${ws}_${number}`;
      await store.identities.create(ws, identityOf({ id, externalId: `user ${id}`, meta: maybe({ id }) }));
      await store.identities.saveRatelimits(ws, id, limits(id));
    }
    const slugs = ['a', 'b.c', 'Z', 'd.*'];
    await store.permissions.create(
      ws,
      slugs.map((slug) => permissionOf(slug, { id: `perm_${ws}_${slug}` })),
    );
    for (const name of ['Admin', 'reader', 'ünïcode']) {
      const id = `role_${ws}_${name}`;
      await store.roles.create(ws, [roleOf(name, { id })]);
      await store.roles.attachPermissions(
        ws,
        id,
        some(slugs).map((slug) => `perm_${ws}_${slug}`),
      );
    }
  }

  async function createKey(store: Store, ws: string, number: number): Promise<void> {
    const id = `key_${ws}_${number}`;
    const owner = 1 + Math.floor(random() * 3);
    const key = keyOf({
      id,
      apiId: `api_${ws}_${owner}`,
      name: maybe(`Key ${id}`),
      meta: maybe(chance(0.5) ? {} : { id }),
      isEnabled: chance(0.5),
      expiresAt: maybe(at + number),
      pendingMigrationId: maybe('migration_1'),
      credits: {
        remaining: maybe(number),
        refill: maybe({ amount: number, day: maybe(1) }),
        lastRefillAt: maybe(at),
      },
      identityId: maybe(`id_${ws}_${owner}`),
    });
    keyHashes.push(key.hash);
    await store.keys.create(ws, key);
    await store.keys.attachPermissions(
      ws,
      id,
      some(['a', 'Z']).map((slug) => `perm_${ws}_${slug}`),
    );
    await store.keys.attachRoles(
      ws,
      id,
      some(['Admin', 'ünïcode']).map((name) => `role_${ws}_${name}`),
    );
    await store.keys.saveRatelimits(ws, id, limits(id));
    if (chance(0.1)) await store.keys.delete(ws, id, at);
  }

  async function createLimits(store: Store, ws: string): Promise<void> {
    for (const name of ['api', 'login', 'empty']) {
      const id = `rlns_${ws}_${name}`;
      namespaces.push(id, name);
      await store.namespaces.create(ws, { id, name, createdAt: at });
      for (const identifier of name === 'empty' ? [] : ['user', '*', 'user_*']) {
        const override = overrideOf(identifier, { id: `rlor_${id}_${identifier}` });
        await store.namespaces.setOverride(ws, id, override);
        if (chance(0.3)) await store.namespaces.deleteOverride(ws, id, override.id, at);
      }
    }
    await store.namespaces.setDeleted(ws, `rlns_${ws}_login`, maybe(at));
  }

  async function createRootKeys(store: Store, ws: string): Promise<void> {
    for (const number of [1, 2, 3, 4]) {
      const rootKey = rootKeyOf({
        id: `root_${ws}_${number}`,
        hash: `root hash ${ws} ${number}`,
        workspaceId: number === 4 ? 'ws_absent' : ws,
        name: maybe('Root'),
        isEnabled: chance(0.5),
        expiresAt: maybe(at),
        permissions: some(['api.*.read_key', 'api.*.create_key', 'rbac.*.create_role']),
      });
      rootKeyHashes.push(rootKey.hash);
      await store.rootKeys.create(rootKey);
      if (number === 3) await store.rootKeys.delete(rootKey.id, at);
    }
  }

  return {
    keyHashes,
    rootKeyHashes,
    namespaces,
    async create(store: Store): Promise<void> {
      for (const ws of workspaceIds) {
        await createOwners(store, ws);
        for (let number = 1; number <= keysPerWorkspace; number++) await createKey(store, ws, number);
        await createLimits(store, ws);
        await createRootKeys(store, ws);
        await store.apis.delete(ws, `api_${ws}_3`, at);
        await store.identities.delete(ws, `id_${ws}_2`, at);
      }
    },
  };
}

/** Numbers from 0 up to 1, the same for the same seed. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
