import type { PageQuery } from '../port/records.ts';
import type { Store } from '../port/store.ts';
import {
  apiOf,
  at,
  auditOf,
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
const page = { cursor: 'a', limit: 10 };
/** The first page, a later one, and one of a search. */
const pages = [{ ...page, cursor: undefined }, page, { ...page, search: 'text' }];

/** Calls a list for each kind of page. */
async function eachPage(list: (query: PageQuery) => Promise<unknown>): Promise<void> {
  for (const query of pages) await list(query);
}

const claim = { operation: 'o', keyHash: 'k', fingerprint: 'f', expiresAt: at };

/** A call of every method of every store, so that every query is executed. Writes come before what needs them. */
export const storeCalls: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'workspaces.create': (store) => store.workspaces.create(workspaceOf()),
  'workspaces.find': (store) => store.workspaces.find(ws),
  'workspaces.list': (store) => store.workspaces.list(),
  'workspaces.update': (store) => store.workspaces.update(ws, { name: 'Two' }),
  'rootKeys.create': (store) => store.rootKeys.create(rootKeyOf()),
  'rootKeys.findByHash': (store) => store.rootKeys.findByHash('root-hash'),
  'rootKeys.isHashTaken': (store) => store.rootKeys.isHashTaken('root-hash'),
  'rootKeys.list': (store) => store.rootKeys.list(),
  'rootKeys.setEnabled': (store) => store.rootKeys.setEnabled('key_root', true),
  'rootKeys.delete': (store) => store.rootKeys.delete('key_root', at),
  'apis.create': (store) => store.apis.create(ws, apiOf()),
  'apis.find': (store) => store.apis.find(ws, 'api_1'),
  'apis.update': (store) => store.apis.update(ws, 'api_1', { isProtected: true }),
  'apis.listAll': (store) => store.apis.listAll(),
  'identities.create': (store) => store.identities.create(ws, identityOf()),
  'identities.createMany': (store) =>
    store.identities.createMany(ws, [identityOf({ id: 'id_many', externalId: 'user_many' })]),
  'identities.findIds': (store) => store.identities.findIds(ws, ['user_1', 'nobody']),
  'identities.find': (store) => store.identities.find(ws, 'user_1'),
  'identities.findByExternalId': (store) => store.identities.findByExternalId(ws, 'user_1'),
  'identities.list': (store) => eachPage((query) => store.identities.list(ws, query)),
  'identities.update': (store) => store.identities.update(ws, 'id_1', { meta: {}, updatedAt: at }),
  'identities.saveRatelimits': (store) =>
    store.identities.saveRatelimits(ws, 'id_1', [ratelimitOf('of identity')]),
  'permissions.create': (store) => store.permissions.create(ws, [permissionOf('p'), permissionOf('q')]),
  'permissions.find': (store) => store.permissions.find(ws, 'p'),
  'permissions.findBySlugs': (store) => store.permissions.findBySlugs(ws, ['p', 'q']),
  'permissions.list': (store) => eachPage((query) => store.permissions.list(ws, query)),
  'roles.create': (store) => store.roles.create(ws, [roleOf('r')]),
  'roles.find': (store) => store.roles.find(ws, 'r'),
  'roles.findById': (store) => store.roles.findById(ws, 'role_r'),
  'roles.findByNames': (store) => store.roles.findByNames(ws, ['r']),
  'roles.list': (store) => eachPage((query) => store.roles.list(ws, query)),
  'roles.attachPermissions': (store) => store.roles.attachPermissions(ws, 'role_r', ['perm_p']),
  'keys.create': (store) => store.keys.create(ws, keyOf({ identityId: 'id_1' })),
  'keys.createMany': (store) =>
    store.keys.createMany(ws, [
      {
        ...keyOf({ id: 'key_many' }),
        ratelimits: [ratelimitOf('of many')],
        permissionIds: ['perm_p'],
        roleIds: ['role_r'],
      },
    ]),
  'keys.takenHashes': (store) => store.keys.takenHashes('ws_1', ['hash-of-key_1', 'free']),
  'keys.attachPermissions': (store) => store.keys.attachPermissions(ws, 'key_1', ['perm_p']),
  'keys.attachRoles': (store) => store.keys.attachRoles(ws, 'key_1', ['role_r']),
  'keys.saveRatelimits': (store) => store.keys.saveRatelimits(ws, 'key_1', [ratelimitOf('of key')]),
  'keys.find': (store) => store.keys.find(ws, 'key_1'),
  'keys.findByHash': (store) => store.keys.findByHash(ws, 'hash-of-key_1'),
  'keys.isHashTaken': (store) => store.keys.isHashTaken('ws_1', 'hash-of-key_1'),
  'keys.list': async (store) => {
    await eachPage((query) => store.keys.list(ws, 'api_1', query));
    await eachPage((query) => store.keys.list(ws, 'api_1', query, 'user_1'));
  },
  'keys.update': (store) => store.keys.update(ws, 'key_1', { isEnabled: false }),
  'keys.listDueRefills': async (store) => [
    await store.keys.listDueRefills(at, 10),
    await store.keys.listDueRefills(at, 10, { id: 'key_1', workspaceId: ws, nextRefillAt: 0 }),
  ],
  'keys.countDueRefills': (store) => store.keys.countDueRefills(at, 10),
  'keys.correctNextRefill': (store) => store.keys.correctNextRefill(ws, 'key_1'),
  'keys.markUsed': (store) => store.keys.markUsed(new Map([['key_1', at]])),
  'namespaces.create': (store) => store.namespaces.create(ws, { id: 'rlns_1', name: 'api', createdAt: at }),
  'namespaces.setOverride': (store) => store.namespaces.setOverride(ws, 'rlns_1', overrideOf('u')),
  'namespaces.find': (store) => store.namespaces.find(ws, 'api'),
  'namespaces.listOverrides': (store) =>
    eachPage((query) => store.namespaces.listOverrides(ws, 'rlns_1', query)),
  'namespaces.deleteOverride': (store) => store.namespaces.deleteOverride(ws, 'rlns_1', 'rlor_u', at),
  'namespaces.listAll': (store) => store.namespaces.listAll(),
  'namespaces.setDeleted': (store) => store.namespaces.setDeleted(ws, 'rlns_1', at),
  'migrations.create': (store) =>
    store.migrations.create(ws, { id: 'mig_1', name: 'M', algorithm: 'sha256', createdAt: at }),
  'migrations.find': (store) => store.migrations.find(ws, 'mig_1'),
  'audit.append': (store) => store.audit.append([auditOf(), auditOf({ id: 'log_2' })]),
  'audit.list': async (store) => [
    await store.audit.list({ since: at, limit: 10 }),
    await store.audit.list({ since: at, workspaceId: ws, limit: 10 }),
  ],
  'audit.deleteBefore': (store) => store.audit.deleteBefore(at - 1, 10),
  'audit.countBefore': (store) => store.audit.countBefore(at, 10),
  'idempotencyRecords.claim': async (store) => [
    await store.idempotencyRecords.claim(ws, claim, 0),
    await store.idempotencyRecords.claim(ws, claim, 0),
  ],
  'idempotencyRecords.complete': (store) =>
    store.idempotencyRecords.complete(ws, { ...claim, response: 'sealed' }),
  'idempotencyRecords.deleteExpired': (store) => store.idempotencyRecords.deleteExpired(at, 10),
  'idempotencyRecords.countExpired': (store) => store.idempotencyRecords.countExpired(at, 10),
  'keys.detachPermissions': (store) => store.keys.detachPermissions(ws, 'key_1', ['perm_q']),
  'keys.detachRoles': (store) => store.keys.detachRoles(ws, 'key_1', ['role_q']),
  'roles.detachPermissions': (store) => store.roles.detachPermissions(ws, 'role_r', ['perm_q']),
  'permissions.delete': (store) => store.permissions.delete(ws, 'perm_p'),
  'roles.delete': (store) => store.roles.delete(ws, 'role_r'),
  'keys.delete': (store) => store.keys.delete(ws, 'key_1', at),
  'identities.delete': (store) => store.identities.delete(ws, 'id_1', at),
  'deletedRows.remove': async (store) => {
    await store.keys.create(ws, keyOf({ id: 'key_live', identityId: 'id_1' }));
    await store.identities.create(ws, identityOf({ id: 'id_2', externalId: 'user_2' }));
    await store.keys.create(ws, keyOf({ id: 'key_2', identityId: 'id_2', apiId: 'api_2' }));
    await store.identities.delete(ws, 'id_2', at);
    await store.deletedRows.count(at + 1, 100);
    for (let round = 0; round < 3; round++) await store.deletedRows.remove(at + 1, 100);
  },
  'deletedRows.count': (store) => store.deletedRows.count(at + 1, 100),
  'keys.purge': (store) => store.keys.purge(ws, 'key_2'),
  'apis.delete': (store) => store.apis.delete(ws, 'api_1', at),
};

/** Methods that return every row of a table, for local administration. */
export const readsWholeTable: ReadonlySet<string> = new Set([
  'workspaces.list',
  'rootKeys.list',
  'apis.listAll',
  'namespaces.listAll',
]);

/** The names of all methods, as in `storeCalls`. */
export function methodsOf(store: Store): string[] {
  return Object.entries(store).flatMap(([name, methods]) =>
    Object.keys(methods).map((method) => `${name}.${method}`),
  );
}
