import type { Unkey } from '@unkey/api';
import type { OperationId } from '@unkey-ts/contract';
import { expect } from 'vitest';

/** The operations that the client has; the service may have more. */
export type ClientOperation = {
  [Id in OperationId]: Method<Id> extends never ? never : Id;
}[OperationId];

type Resource<Id> = Id extends `${infer Name extends keyof Unkey}.${string}` ? Unkey[Name] : never;
type Method<Id> = Id extends `${string}.${infer Name}`
  ? Name extends keyof Resource<Id>
    ? Resource<Id>[Name]
    : never
  : never;

/** The request types of the client. */
export type RequestOf<Id extends ClientOperation> =
  Method<Id> extends (request: infer Request, ...rest: never[]) => unknown ? Request : never;

/** The contents of a new workspace before an operation is called. */
export interface Arranged {
  readonly apiId: string;
  readonly keyId: string;
  readonly key: string;
  readonly externalId: string;
  readonly permissionId: string;
  readonly roleId: string;
  readonly namespace: string;
  readonly overrideId: string;
  readonly migrationId: string;
  /** Of the service. */
  readonly now: number;
}

export interface Call<Id extends ClientOperation> {
  readonly request: (arranged: Arranged) => RequestOf<Id>;
  /** Compared with `data` of the response; absent: the response has no `data`. */
  readonly data?: (arranged: Arranged) => unknown;
  /** A request that the types accept and the service refuses with 400. */
  readonly malformed: RequestOf<Id>;
}

const id = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}_[a-zA-Z0-9]+$`));
const tooShort = 'a';
const ratelimit = { name: 'requests', limit: 10, duration: 60_000, autoApply: true };
const credits = { remaining: 100, refill: { interval: 'monthly' as const, amount: 100, refillDay: 31 } };
const reader = { slug: 'documents.read', name: 'documents.read' };
const noUpdate = { keyId: tooShort };

/** One valid call of every operation. */
export const calls: { readonly [Id in ClientOperation]: Call<Id> } = {
  'apis.createApi': {
    request: () => ({ name: 'payments' }),
    data: () => ({ apiId: id('api') }),
    malformed: { name: '' },
  },
  'apis.getApi': {
    request: ({ apiId }) => ({ apiId }),
    data: ({ apiId }) => ({ id: apiId, name: 'arranged' }),
    malformed: { apiId: tooShort },
  },
  'apis.deleteApi': {
    request: ({ apiId }) => ({ apiId }),
    data: () => ({}),
    malformed: { apiId: '' },
  },
  'apis.listKeys': {
    request: ({ apiId, externalId }) => ({ apiId, externalId, decrypt: true, revalidateKeysCache: true }),
    data: ({ keyId, key }) => [expect.objectContaining({ keyId, plaintext: key, enabled: true })],
    malformed: { apiId: '' },
  },

  'identities.createIdentity': {
    request: () => ({ externalId: 'user_new', meta: { plan: 'pro' }, ratelimits: [ratelimit] }),
    data: () => ({ identityId: id('id') }),
    malformed: { externalId: '' },
  },
  'identities.getIdentity': {
    request: ({ externalId }) => ({ identity: externalId }),
    data: ({ externalId }) => ({
      id: id('id'),
      externalId,
      meta: { plan: 'free' },
      ratelimits: [{ id: id('rl'), ...ratelimit }],
    }),
    malformed: { identity: '' },
  },
  'identities.updateIdentity': {
    request: ({ externalId }) => ({ identity: externalId, meta: { plan: 'pro' }, ratelimits: [] }),
    data: ({ externalId }) => ({ id: id('id'), externalId, meta: { plan: 'pro' } }),
    malformed: { identity: '' },
  },
  'identities.listIdentities': {
    request: () => ({}),
    data: ({ externalId }) => [expect.objectContaining({ externalId, meta: { plan: 'free' } })],
    malformed: { limit: 0 },
  },
  'identities.deleteIdentity': {
    request: ({ externalId }) => ({ identity: externalId }),
    malformed: { identity: '' },
  },

  'keys.createKey': {
    request: ({ apiId, externalId, now }) => ({
      apiId,
      prefix: 'test',
      name: 'Laptop',
      externalId,
      meta: { team: 7 },
      roles: ['Editor'],
      permissions: ['documents.read'],
      expires: now + 1000,
      credits,
      ratelimits: [ratelimit],
      recoverable: true,
    }),
    data: () => ({ keyId: id('key'), key: expect.stringMatching(/^test_[a-zA-Z0-9]+$/) }),
    malformed: { apiId: tooShort },
  },
  'keys.migrateKeys': {
    request: ({ apiId, migrationId }) => ({
      apiId,
      migrationId,
      keys: [
        {
          hash: 'a'.repeat(64),
          name: 'Old laptop',
          externalId: 'user_old',
          credits,
          ratelimits: [ratelimit],
        },
      ],
    }),
    // The published client does not know `failures`, and leaves it out.
    data: () =>
      expect.objectContaining({ migrated: [{ hash: 'a'.repeat(64), keyId: id('key') }], failed: [] }),
    malformed: { apiId: tooShort, migrationId: tooShort, keys: [] },
  },
  'keys.verifyKey': {
    request: ({ key }) => ({
      key,
      permissions: 'documents.read AND documents.write',
      credits: { cost: 3 },
      ratelimits: [{ name: 'burst', limit: 5, duration: 1000, cost: 2 }],
      tags: ['path=/documents'],
    }),
    data: ({ keyId, externalId, now }) => ({
      valid: true,
      code: 'VALID',
      keyId,
      name: 'arranged',
      meta: { team: 'a' },
      enabled: true,
      expires: now + 86_400_000,
      credits: 97,
      permissions: ['documents.read', 'documents.write'],
      roles: ['Editor'],
      identity: expect.objectContaining({ externalId, meta: { plan: 'free' } }),
      ratelimits: expect.arrayContaining([
        expect.objectContaining({ id: '', name: 'burst', remaining: 3, exceeded: false, autoApply: false }),
        expect.objectContaining({ id: id('rl'), name: 'requests', remaining: 9, autoApply: true }),
      ]),
    }),
    malformed: { key: '' },
  },
  'keys.whoami': {
    request: ({ key }) => ({ key }),
    data: ({ keyId, now }) => expect.objectContaining({ keyId, createdAt: now, credits }),
    malformed: { key: '' },
  },
  'keys.getKey': {
    request: ({ keyId }) => ({ keyId, decrypt: true }),
    data: ({ keyId, key, externalId, now }) => ({
      keyId,
      plaintext: key,
      start: key.slice(0, key.indexOf('_') + 5),
      name: 'arranged',
      meta: { team: 'a' },
      enabled: true,
      createdAt: now,
      expires: now + 86_400_000,
      credits,
      permissions: ['documents.read', 'documents.write'],
      roles: ['Editor'],
      identity: expect.objectContaining({ externalId }),
      ratelimits: [{ id: id('rl'), ...ratelimit }],
    }),
    malformed: { keyId: tooShort },
  },
  'keys.updateKey': {
    request: ({ keyId }) => ({
      keyId,
      name: null,
      externalId: null,
      meta: null,
      expires: null,
      credits: null,
      ratelimits: [],
      enabled: false,
      roles: [],
      permissions: [],
    }),
    data: () => ({}),
    malformed: noUpdate,
  },
  'keys.updateCredits': {
    request: ({ keyId }) => ({ keyId, operation: 'increment', value: 5 }),
    data: () => ({ ...credits, remaining: 105 }),
    malformed: { keyId: tooShort, operation: 'set', value: 1 },
  },
  'keys.rerollKey': {
    request: ({ keyId }) => ({ keyId, expiration: 0 }),
    data: () => ({ keyId: id('key'), key: expect.stringMatching(/^arranged_[a-zA-Z0-9]+$/) }),
    malformed: { keyId: tooShort, expiration: 0 },
  },
  'keys.deleteKey': {
    request: ({ keyId }) => ({ keyId, permanent: true }),
    data: () => ({}),
    malformed: { keyId: tooShort },
  },
  'keys.addPermissions': {
    request: ({ keyId }) => ({ keyId, permissions: ['documents.delete'] }),
    data: () => ['documents.read', 'documents.delete'].map((slug) => ({ id: id('perm'), slug, name: slug })),
    malformed: { ...noUpdate, permissions: [] },
  },
  'keys.removePermissions': {
    request: ({ keyId }) => ({ keyId, permissions: ['documents.read'] }),
    data: () => [],
    malformed: { ...noUpdate, permissions: [] },
  },
  'keys.setPermissions': {
    request: ({ keyId }) => ({ keyId, permissions: ['documents.write'] }),
    data: () => [
      { id: id('perm'), slug: 'documents.write', name: 'Write documents', description: 'A description' },
    ],
    malformed: { ...noUpdate, permissions: [] },
  },
  'keys.addRoles': {
    request: ({ keyId }) => ({ keyId, roles: ['Editor'] }),
    data: ({ roleId }) => [expect.objectContaining({ id: roleId, name: 'Editor' })],
    malformed: { ...noUpdate, roles: [] },
  },
  'keys.removeRoles': {
    request: ({ keyId }) => ({ keyId, roles: ['Editor'] }),
    data: () => [],
    malformed: { ...noUpdate, roles: [] },
  },
  'keys.setRoles': {
    request: ({ keyId }) => ({ keyId, roles: [] }),
    data: () => [],
    malformed: { ...noUpdate, roles: [] },
  },

  'permissions.createPermission': {
    request: () => ({ name: 'Delete documents', slug: 'documents.delete', description: 'Forever' }),
    data: () => ({ permissionId: id('perm') }),
    malformed: { name: '', slug: '' },
  },
  'permissions.getPermission': {
    request: ({ permissionId }) => ({ permission: permissionId }),
    data: ({ permissionId }) => ({
      id: permissionId,
      slug: 'documents.write',
      name: 'Write documents',
      description: 'A description',
    }),
    malformed: { permission: '' },
  },
  'permissions.listPermissions': {
    request: () => ({ search: 'documents.read' }),
    data: () => [{ id: id('perm'), ...reader }],
    malformed: { limit: 0 },
  },
  'permissions.deletePermission': {
    request: ({ permissionId }) => ({ permission: permissionId }),
    data: () => ({}),
    malformed: { permission: '' },
  },
  'permissions.createRole': {
    request: () => ({ name: 'Reader', description: 'Reads', permissions: ['documents.read'] }),
    data: () => ({ roleId: id('role') }),
    malformed: { name: '' },
  },
  'permissions.getRole': {
    request: ({ roleId }) => ({ role: roleId }),
    data: ({ roleId, permissionId }) => ({
      id: roleId,
      name: 'Editor',
      description: 'Edits',
      permissions: [expect.objectContaining({ id: permissionId })],
    }),
    malformed: { role: '' },
  },
  'permissions.listRoles': {
    request: () => ({ limit: 1 }),
    data: ({ roleId }) => [expect.objectContaining({ id: roleId, name: 'Editor' })],
    malformed: { limit: 0 },
  },
  'permissions.setRolePermissions': {
    request: ({ roleId }) => ({ roleId, permissions: ['documents.read'] }),
    data: () => [expect.objectContaining(reader)],
    malformed: { roleId: tooShort, permissions: [] },
  },
  'permissions.deleteRole': {
    request: ({ roleId }) => ({ role: roleId }),
    data: () => ({}),
    malformed: { role: '' },
  },

  'ratelimit.limit': {
    request: ({ namespace }) => ({ namespace, identifier: 'vip_1', limit: 10, duration: 60_000, cost: 4 }),
    data: ({ overrideId, now }) => ({
      success: true,
      limit: 1000,
      remaining: 996,
      reset: now + 60_000,
      overrideId,
    }),
    malformed: { namespace: '', identifier: '', limit: 1, duration: 1 },
  },
  'ratelimit.multiLimit': {
    request: ({ namespace }) => [
      { namespace, identifier: 'user_1', limit: 2, duration: 60_000 },
      { namespace: 'made.in.passing', identifier: 'user_1', limit: 2, duration: 60_000, cost: 3 },
    ],
    data: ({ namespace }) => ({
      passed: false,
      limits: [
        expect.objectContaining({ namespace, identifier: 'user_1', passed: true }),
        expect.objectContaining({ namespace: 'made.in.passing', identifier: 'user_1', passed: false }),
      ],
    }),
    malformed: [],
  },
  'ratelimit.setOverride': {
    request: ({ namespace }) => ({ namespace, identifier: 'vip_*', limit: 0, duration: 1000 }),
    data: ({ overrideId }) => ({ overrideId }),
    malformed: { namespace: '', identifier: '', limit: 1, duration: 1000 },
  },
  'ratelimit.getOverride': {
    request: ({ namespace }) => ({ namespace, identifier: 'vip_*' }),
    data: ({ overrideId }) => ({ overrideId, identifier: 'vip_*', limit: 1000, duration: 60_000 }),
    malformed: { namespace: '', identifier: '' },
  },
  'ratelimit.listOverrides': {
    request: ({ namespace }) => ({ namespace }),
    data: ({ overrideId }) => [{ overrideId, identifier: 'vip_*', limit: 1000, duration: 60_000 }],
    malformed: { namespace: '' },
  },
  'ratelimit.deleteOverride': {
    request: ({ namespace }) => ({ namespace, identifier: 'vip_*' }),
    data: () => ({}),
    malformed: { namespace: '', identifier: '' },
  },
};

/** A workspace with one resource of every kind, created through the client. */
export async function arrange(
  client: Unkey,
  { now, migrationId }: { now: number; migrationId: string },
): Promise<Arranged> {
  const externalId = 'user_1';
  const namespace = 'email.send';
  const { apiId } = (await client.apis.createApi({ name: 'arranged' })).data;
  await client.identities.createIdentity({ externalId, meta: { plan: 'free' }, ratelimits: [ratelimit] });
  const permission = await client.permissions.createPermission({
    name: 'Write documents',
    slug: 'documents.write',
    description: 'A description',
  });
  const role = await client.permissions.createRole({
    name: 'Editor',
    description: 'Edits',
    permissions: ['documents.write'],
  });
  const { keyId, key } = (
    await client.keys.createKey({
      apiId,
      prefix: 'arranged',
      name: 'arranged',
      externalId,
      meta: { team: 'a' },
      roles: ['Editor'],
      permissions: ['documents.read'],
      expires: now + 86_400_000,
      credits,
      ratelimits: [ratelimit],
      recoverable: true,
    })
  ).data;
  await client.ratelimit.limit({ namespace, identifier: 'someone', limit: 1, duration: 60_000 });
  const override = await client.ratelimit.setOverride({
    namespace,
    identifier: 'vip_*',
    limit: 1000,
    duration: 60_000,
  });
  return {
    apiId,
    keyId,
    key,
    externalId,
    permissionId: permission.data.permissionId,
    roleId: role.data.roleId,
    namespace,
    overrideId: override.data.overrideId,
    migrationId,
    now,
  };
}
