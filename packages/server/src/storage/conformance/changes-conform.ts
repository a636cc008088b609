import { expect, test } from 'vitest';
import type { Store } from '../port/store.ts';
import { type Case, type OpenStorage, openForEach } from './opened.ts';
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
  workspaceOf,
} from './samples.ts';

const ws = 'ws_1';

/** A change of each thing that is remembered elsewhere, and a tag that it must report. */
const changes: Record<string, { tag: string; change: (store: Store) => Promise<unknown> }> = {
  'a new key': { tag: 'hash-of-key_2', change: (store) => store.keys.create(ws, keyOf({ id: 'key_2' })) },
  'a changed key': { tag: 'key_1', change: (store) => store.keys.update(ws, 'key_1', { isEnabled: false }) },
  'a changed hash': { tag: 'new', change: (store) => store.keys.update(ws, 'key_1', { hash: 'new' }) },
  'a deleted key': { tag: 'key_1', change: (store) => store.keys.delete(ws, 'key_1', at) },
  'a purged key': { tag: 'key_1', change: (store) => store.keys.purge(ws, 'key_1') },
  "a key's permissions": {
    tag: 'key_1',
    change: (store) => store.keys.attachPermissions(ws, 'key_1', ['perm_p']),
  },
  "a key's lost permissions": {
    tag: 'key_1',
    change: (store) => store.keys.detachPermissions(ws, 'key_1', ['perm_p']),
  },
  "a key's roles": { tag: 'key_1', change: (store) => store.keys.attachRoles(ws, 'key_1', ['role_r']) },
  "a key's lost roles": { tag: 'key_1', change: (store) => store.keys.detachRoles(ws, 'key_1', ['role_r']) },
  "a key's limits": {
    tag: 'key_1',
    change: (store) => store.keys.saveRatelimits(ws, 'key_1', [ratelimitOf('a')]),
  },
  'a changed identity': {
    tag: 'id_1',
    change: (store) => store.identities.update(ws, 'id_1', { meta: {}, updatedAt: at }),
  },
  "an identity's limits": { tag: 'id_1', change: (store) => store.identities.saveRatelimits(ws, 'id_1', []) },
  'a deleted identity': { tag: 'id_1', change: (store) => store.identities.delete(ws, 'id_1', at) },
  "a role's permissions": {
    tag: ws,
    change: (store) => store.roles.attachPermissions(ws, 'role_r', ['perm_p']),
  },
  "a role's lost permissions": {
    tag: ws,
    change: (store) => store.roles.detachPermissions(ws, 'role_r', ['perm_p']),
  },
  'a deleted role': { tag: ws, change: (store) => store.roles.delete(ws, 'role_r') },
  'a deleted permission': { tag: ws, change: (store) => store.permissions.delete(ws, 'perm_p') },
  'a changed API': { tag: 'api_1', change: (store) => store.apis.update(ws, 'api_1', { allowedIps: '::1' }) },
  'a deleted API': { tag: 'api_1', change: (store) => store.apis.delete(ws, 'api_1', at) },
  'a new override': {
    tag: 'rlns_1',
    change: (store) => store.namespaces.setOverride(ws, 'rlns_1', overrideOf('u')),
  },
  'a deleted override': {
    tag: 'rlns_1',
    change: (store) => store.namespaces.deleteOverride(ws, 'rlns_1', 'rlor_1', at),
  },
  'a deleted namespace': { tag: 'rlns_1', change: (store) => store.namespaces.setDeleted(ws, 'rlns_1', at) },
  'a new root key': {
    tag: 'second',
    change: (store) => store.rootKeys.create(rootKeyOf({ id: 'key_second', hash: 'second' })),
  },
  'a disabled root key': { tag: 'key_root', change: (store) => store.rootKeys.setEnabled('key_root', false) },
  'a deleted root key': { tag: 'key_root', change: (store) => store.rootKeys.delete('key_root', at) },
  'a changed workspace': { tag: ws, change: (store) => store.workspaces.update(ws, { isEnabled: false }) },
};

async function createAll(store: Store): Promise<void> {
  await store.workspaces.create(workspaceOf());
  await store.rootKeys.create(rootKeyOf());
  await store.identities.create(ws, identityOf());
  await createKey(store, { identityId: 'id_1' });
  await store.permissions.create(ws, [permissionOf('p')]);
  await store.roles.create(ws, [roleOf('r')]);
  await store.namespaces.create(ws, { id: 'rlns_1', name: 'api', createdAt: at });
  await store.namespaces.setOverride(ws, 'rlns_1', overrideOf('x', { id: 'rlor_1' }));
}

export function changesConform(open: OpenStorage): void {
  const current = openForEach(open);

  test.each(Object.entries(changes))('%s is reported', async (_, { tag, change }) => {
    await current().write(createAll);
    current().reports.length = 0;
    await current().write(change);
    expect(tagsOf(current())).toContain(tag);
  });

  test('a change is reported when others can see it, before its writer hears', async () => {
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

  test('what is taken back is not reported, though others wrote at the same time', async () => {
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

  test("another process's write is noticed, once; what nobody writes is not", async () => {
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

/** Over some turns of the event loop, as look-ups do. */
async function askOften({ storage }: Case): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    storage.pollChanges();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
