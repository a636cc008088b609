import { expect, test } from 'vitest';
import type { Store } from '../port/store.ts';
import { type Case, type OpenStorage, openForEach } from './opened.ts';
import {
  apiOf,
  at,
  auditOf,
  createKey,
  identityOf,
  keyOf,
  overrideOf,
  permissionOf,
  ratelimitOf,
  roleOf,
  rootKeyOf,
  workspaceOf,
} from './samples.ts';

const ws = 'ws_1';

/** Every change of data that lookups cache, or could cache, and exactly the tags that it must report. */
const changes: Record<string, { tags: readonly string[]; change: (store: Store) => Promise<unknown> }> = {
  'a new key': { tags: ['hash-of-key_2'], change: (store) => store.keys.create(ws, keyOf({ id: 'key_2' })) },
  'a changed key': {
    tags: ['key_1'],
    change: (store) => store.keys.update(ws, 'key_1', { isEnabled: false }),
  },
  'a changed hash': {
    tags: ['key_1', 'new'],
    change: (store) => store.keys.update(ws, 'key_1', { hash: 'new' }),
  },
  'a deleted key': { tags: ['key_1'], change: (store) => store.keys.delete(ws, 'key_1', at) },
  'a purged key': { tags: ['key_1'], change: (store) => store.keys.purge(ws, 'key_1') },
  "a key's permissions": {
    tags: ['key_1'],
    change: (store) => store.keys.attachPermissions(ws, 'key_1', ['perm_p']),
  },
  "a key's lost permissions": {
    tags: ['key_1'],
    change: (store) => store.keys.detachPermissions(ws, 'key_1', ['perm_p']),
  },
  "a key's roles": { tags: ['key_1'], change: (store) => store.keys.attachRoles(ws, 'key_1', ['role_r']) },
  "a key's lost roles": {
    tags: ['key_1'],
    change: (store) => store.keys.detachRoles(ws, 'key_1', ['role_r']),
  },
  "a key's limits": {
    tags: ['key_1'],
    change: (store) => store.keys.saveRatelimits(ws, 'key_1', [ratelimitOf('a')]),
  },
  'the last use of a key': { tags: [], change: (store) => store.keys.markUsed(new Map([['key_1', at]])) },
  'a new identity': {
    tags: [],
    change: (store) => store.identities.create(ws, identityOf({ id: 'id_2', externalId: 'user_2' })),
  },
  'a changed identity': {
    tags: ['id_1'],
    change: (store) => store.identities.update(ws, 'id_1', { meta: {}, updatedAt: at }),
  },
  "an identity's limits": {
    tags: ['id_1'],
    change: (store) => store.identities.saveRatelimits(ws, 'id_1', []),
  },
  'a deleted identity': { tags: ['id_1'], change: (store) => store.identities.delete(ws, 'id_1', at) },
  'a new role': { tags: [], change: (store) => store.roles.create(ws, [roleOf('new')]) },
  "a role's permissions": {
    tags: ['key_held'],
    change: (store) => store.roles.attachPermissions(ws, 'role_held', ['perm_p']),
  },
  "a role's lost permissions": {
    tags: ['key_held'],
    change: (store) => store.roles.detachPermissions(ws, 'role_held', ['perm_held']),
  },
  'the permissions of a role that no key has': {
    tags: [],
    change: (store) => store.roles.attachPermissions(ws, 'role_r', ['perm_p']),
  },
  'a deleted role': { tags: ['key_held'], change: (store) => store.roles.delete(ws, 'role_held') },
  'a new permission': { tags: [], change: (store) => store.permissions.create(ws, [permissionOf('new')]) },
  'a deleted permission of a key': {
    tags: ['key_direct'],
    change: (store) => store.permissions.delete(ws, 'perm_direct'),
  },
  'a deleted permission of a role': {
    tags: ['key_held'],
    change: (store) => store.permissions.delete(ws, 'perm_held'),
  },
  'a deleted permission that no key has': {
    tags: [],
    change: (store) => store.permissions.delete(ws, 'perm_p'),
  },
  'a deleted role of many keys': {
    tags: [`keys of ${ws}`],
    change: (store) => store.roles.delete(ws, 'role_common'),
  },
  'a new API': { tags: [], change: (store) => store.apis.create(ws, apiOf({ id: 'api_2' })) },
  'a changed allow list of an API': {
    tags: ['api_1'],
    change: (store) => store.apis.update(ws, 'api_1', { allowedIps: '::1' }),
  },
  'changed defaults of an API': {
    tags: [],
    change: (store) => store.apis.update(ws, 'api_1', { isProtected: true, defaultPrefix: 'p' }),
  },
  'a deleted API': { tags: ['api_1'], change: (store) => store.apis.delete(ws, 'api_1', at) },
  'a new namespace': {
    tags: ['rlns_2'],
    change: (store) => store.namespaces.create(ws, { id: 'rlns_2', name: 'new', createdAt: at }),
  },
  'a new override': {
    tags: ['rlns_1'],
    change: (store) => store.namespaces.setOverride(ws, 'rlns_1', overrideOf('u')),
  },
  'a deleted override': {
    tags: ['rlns_1'],
    change: (store) => store.namespaces.deleteOverride(ws, 'rlns_1', 'rlor_1', at),
  },
  'a deleted namespace': {
    tags: ['rlns_1'],
    change: (store) => store.namespaces.setDeleted(ws, 'rlns_1', at),
  },
  'a new root key': {
    tags: ['second'],
    change: (store) => store.rootKeys.create(rootKeyOf({ id: 'key_second', hash: 'second' })),
  },
  'a disabled root key': {
    tags: ['key_root'],
    change: (store) => store.rootKeys.setEnabled('key_root', false),
  },
  'a deleted root key': { tags: ['key_root'], change: (store) => store.rootKeys.delete('key_root', at) },
  'a changed workspace': { tags: [ws], change: (store) => store.workspaces.update(ws, { isEnabled: false }) },
  'an audit record': { tags: [], change: (store) => store.audit.append([auditOf()]) },
  'an idempotency record': {
    tags: [],
    change: (store) =>
      store.idempotencyRecords.claim(
        ws,
        { operation: 'o', keyHash: 'k', fingerprint: 'f', expiresAt: at },
        0,
      ),
  },
};

async function createAll(store: Store): Promise<void> {
  await store.workspaces.create(workspaceOf());
  await store.rootKeys.create(rootKeyOf());
  await store.identities.create(ws, identityOf());
  await createKey(store, { identityId: 'id_1' });
  await store.permissions.create(
    ws,
    ['p', 'held', 'direct'].map((slug) => permissionOf(slug)),
  );
  await store.roles.create(
    ws,
    ['r', 'held', 'common'].map((name) => roleOf(name)),
  );
  await store.roles.attachPermissions(ws, 'role_held', ['perm_held']);
  await store.keys.create(ws, keyOf({ id: 'key_held' }));
  await store.keys.attachRoles(ws, 'key_held', ['role_held']);
  await store.keys.create(ws, keyOf({ id: 'key_direct' }));
  await store.keys.attachPermissions(ws, 'key_direct', ['perm_direct']);
  for (let number = 0; number < 101; number++) {
    await store.keys.create(ws, keyOf({ id: `key_common_${number}` }));
    await store.keys.attachRoles(ws, `key_common_${number}`, ['role_common']);
  }
  await store.namespaces.create(ws, { id: 'rlns_1', name: 'api', createdAt: at });
  await store.namespaces.setOverride(ws, 'rlns_1', overrideOf('x', { id: 'rlor_1' }));
}

export function changesConform(open: OpenStorage): void {
  const current = openForEach(open);

  test.each(Object.entries(changes))(
    '%s is reported with its own tags and no others',
    async (_, { tags, change }) => {
      await current().write(createAll);
      current().reports.length = 0;
      await current().write(change);
      expect(tagsOf(current()).sort()).toEqual([...tags].sort());
    },
  );

  test('a change is reported once it is visible, before its writer gets the result', async () => {
    const one = current();
    const seen: unknown[] = [];
    const order: string[] = [];
    one.onCommit = () => {
      order.push('reported');
      seen.push(one.storage.findVerifiableKey('hash-of-key_1'));
    };
    await one.write(async (store) => {
      await createKey(store);
      order.push('written');
    });
    order.push('answered');
    expect(order).toEqual(['written', 'reported', 'answered']);
    expect(await Promise.all(seen)).toMatchObject([{ id: 'key_1' }]);
  });

  test('a write that is rolled back is not reported, also beside concurrent writes', async () => {
    await current().write((store) => store.apis.create(ws, apiOf()));
    current().reports.length = 0;
    await Promise.allSettled([
      current().write((store) => store.keys.create(ws, keyOf({ id: 'key_1' }))),
      current().write(async (store) => {
        await store.keys.create(ws, keyOf({ id: 'key_2' }));
        throw new Error('no');
      }),
    ]);
    expect(tagsOf(current())).toEqual(['hash-of-key_1']);
  });

  test('a write of another process is noticed, once', async () => {
    const one = current();
    const another = await one.openAnother();
    await one.write(createAll);
    one.reports.length = 0;
    await askOften(one);
    expect(one.reports).toEqual([]);
    await another.write((store) => store.keys.update(ws, 'key_1', { isEnabled: false }));
    while (one.reports.length === 0) await askOften(one);
    await askOften(one);
    expect(one.reports).toHaveLength(1);
    expect([null, new Set(['key_1'])]).toContainEqual(one.reports[0]);
    await another.spendCredits(ws, 'key_1', { cost: 1, now: at });
    expect((await one.storage.findVerifiableKey('hash-of-key_1'))?.isEnabled).toBe(false);
  });
}

function tagsOf({ reports }: Case): string[] {
  return reports.flatMap((tags) => [...(tags ?? ['anything'])]);
}

/** Over some turns of the event loop, as lookups do. */
async function askOften({ storage }: Case): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    storage.pollChanges();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
