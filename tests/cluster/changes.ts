import type { Cluster, Member } from './cluster.ts';
import { dataOf, longWindow } from './cluster.ts';

/** A prepared change. The responses of a member show whether the member has seen it. */
export interface Change {
  /** The responses of a member that has seen the change, or has not. */
  probe(member: Member): Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
  /** Resolves when it is acknowledged. */
  make(by: Member): Promise<unknown>;
}

export interface KindOfChange {
  readonly name: string;
  arrange(cluster: Cluster, number: number): Promise<Change>;
}

interface IssuedKey {
  readonly keyId: string;
  readonly key: string;
  readonly apiId: string;
}

async function newKey(cluster: Cluster, body: object = {}): Promise<IssuedKey> {
  const { apiId } = await dataOf(cluster.call('apis.createApi', { name: 'changes' }));
  return { apiId, ...(await dataOf(cluster.call('keys.createKey', { apiId, ...body }))) };
}

type Verified = Awaited<ReturnType<typeof dataOf>>;

const verifying = (key: string, told: (verified: Verified) => unknown, more: object = {}) => ({
  probe: async (member: Member) => told(await dataOf(member.call('keys.verifyKey', { key, ...more }))),
});
const code = ({ code }: Verified) => code;
const allowed = 'changes.allowed';

/** Changes of all cached data: keys, limits and callers. */
export const kindsOfChange: readonly KindOfChange[] = [
  {
    name: 'a key is disabled',
    async arrange(cluster) {
      const { key, keyId } = await newKey(cluster);
      return {
        ...verifying(key, code),
        ...{ before: 'VALID', after: 'DISABLED' },
        make: (by) => dataOf(by.call('keys.updateKey', { keyId, enabled: false })),
      };
    },
  },
  {
    name: 'a key is deleted',
    async arrange(cluster) {
      const { key, keyId } = await newKey(cluster);
      return {
        ...verifying(key, code),
        ...{ before: 'VALID', after: 'NOT_FOUND' },
        make: (by) => dataOf(by.call('keys.deleteKey', { keyId })),
      };
    },
  },
  {
    name: 'a key is updated',
    async arrange(cluster) {
      const { key, keyId } = await newKey(cluster, { name: 'old' });
      return {
        ...verifying(key, ({ name }) => name),
        ...{ before: 'old', after: 'new' },
        make: (by) => dataOf(by.call('keys.updateKey', { keyId, name: 'new' })),
      };
    },
  },
  {
    name: 'a key is rerolled',
    async arrange(cluster) {
      const { key, keyId } = await newKey(cluster);
      return {
        ...verifying(key, ({ valid }) => valid),
        ...{ before: true, after: false },
        make: (by) => dataOf(by.call('keys.rerollKey', { keyId, expiration: 0 })),
      };
    },
  },
  {
    name: 'a key gets credits',
    async arrange(cluster) {
      const { key, keyId } = await newKey(cluster);
      return {
        ...verifying(key, code, { credits: { cost: 1 } }),
        ...{ before: 'VALID', after: 'USAGE_EXCEEDED' },
        make: (by) => dataOf(by.call('keys.updateCredits', { keyId, operation: 'set', value: 0 })),
      };
    },
  },
  {
    name: 'the limits of a key change',
    async arrange(cluster) {
      const limits = (limit: number) => [{ name: 'calls', limit, duration: 60_000, autoApply: true }];
      const { key, keyId } = await newKey(cluster, { ratelimits: limits(1000) });
      return {
        ...verifying(key, ({ ratelimits }) => ratelimits[0].limit),
        ...{ before: 1000, after: 2000 },
        make: (by) => dataOf(by.call('keys.updateKey', { keyId, ratelimits: limits(2000) })),
      };
    },
  },
  {
    name: 'a key gets a permission',
    async arrange(cluster) {
      const { key, keyId } = await newKey(cluster);
      return {
        ...verifying(key, code, { permissions: allowed }),
        ...{ before: 'INSUFFICIENT_PERMISSIONS', after: 'VALID' },
        make: (by) => dataOf(by.call('keys.addPermissions', { keyId, permissions: [allowed] })),
      };
    },
  },
  {
    name: 'a key loses a role',
    async arrange(cluster, number) {
      const name = `loses-${number}`;
      await dataOf(cluster.call('permissions.createRole', { name, permissions: [allowed] }));
      const { key, keyId } = await newKey(cluster, { roles: [name] });
      return {
        ...verifying(key, code, { permissions: allowed }),
        ...{ before: 'VALID', after: 'INSUFFICIENT_PERMISSIONS' },
        make: (by) => dataOf(by.call('keys.setRoles', { keyId, roles: [] })),
      };
    },
  },
  {
    name: 'a role gets a permission',
    async arrange(cluster, number) {
      const name = `gets-${number}`;
      const { roleId } = await dataOf(cluster.call('permissions.createRole', { name }));
      const { key } = await newKey(cluster, { roles: [name] });
      return {
        ...verifying(key, code, { permissions: allowed }),
        ...{ before: 'INSUFFICIENT_PERMISSIONS', after: 'VALID' },
        make: (by) => dataOf(by.call('permissions.setRolePermissions', { roleId, permissions: [allowed] })),
      };
    },
  },
  {
    name: 'a role is deleted',
    async arrange(cluster, number) {
      const name = `deleted-${number}`;
      await dataOf(cluster.call('permissions.createRole', { name, permissions: [allowed] }));
      const { key } = await newKey(cluster, { roles: [name] });
      return {
        ...verifying(key, code, { permissions: allowed }),
        ...{ before: 'VALID', after: 'INSUFFICIENT_PERMISSIONS' },
        make: (by) => dataOf(by.call('permissions.deleteRole', { role: name })),
      };
    },
  },
  {
    name: 'a permission is deleted',
    async arrange(cluster, number) {
      const slug = `changes.deleted-${number}`;
      const { key } = await newKey(cluster, { permissions: [slug] });
      return {
        ...verifying(key, code, { permissions: slug }),
        ...{ before: 'VALID', after: 'INSUFFICIENT_PERMISSIONS' },
        make: (by) => dataOf(by.call('permissions.deletePermission', { permission: slug })),
      };
    },
  },
  {
    name: 'an identity is updated',
    async arrange(cluster, number) {
      const externalId = `updated-${number}`;
      await dataOf(cluster.call('identities.createIdentity', { externalId, meta: { plan: 'old' } }));
      const { key } = await newKey(cluster, { externalId });
      return {
        ...verifying(key, ({ identity }) => identity.meta.plan),
        ...{ before: 'old', after: 'new' },
        make: (by) =>
          dataOf(by.call('identities.updateIdentity', { identity: externalId, meta: { plan: 'new' } })),
      };
    },
  },
  {
    name: 'an identity is deleted',
    async arrange(cluster, number) {
      const externalId = `deleted-${number}`;
      await dataOf(cluster.call('identities.createIdentity', { externalId }));
      const { key } = await newKey(cluster, { externalId });
      return {
        ...verifying(key, ({ identity }) => identity?.externalId),
        ...{ before: externalId, after: undefined },
        make: (by) => dataOf(by.call('identities.deleteIdentity', { identity: externalId })),
      };
    },
  },
  {
    name: 'an override is set',
    async arrange(cluster, number) {
      const namespace = `set-${number}`;
      const limit = { namespace, identifier: 'ann', limit: 10, duration: longWindow(), cost: 0 };
      await dataOf(cluster.call('ratelimit.limit', limit));
      const override = { namespace, identifier: 'ann', limit: 99, duration: 60_000 };
      return {
        probe: async (member) => (await dataOf(member.call('ratelimit.limit', limit))).limit,
        ...{ before: 10, after: 99 },
        make: (by) => dataOf(by.call('ratelimit.setOverride', override)),
      };
    },
  },
  {
    name: 'an override is deleted',
    async arrange(cluster, number) {
      const namespace = `deleted-${number}`;
      const limit = { namespace, identifier: 'ann', limit: 10, duration: longWindow(), cost: 0 };
      await dataOf(cluster.call('ratelimit.limit', limit));
      const override = { namespace, identifier: 'ann' };
      await dataOf(cluster.call('ratelimit.setOverride', { ...override, limit: 99, duration: 60_000 }));
      return {
        probe: async (member) => (await dataOf(member.call('ratelimit.limit', limit))).limit,
        ...{ before: 99, after: 10 },
        make: (by) => dataOf(by.call('ratelimit.deleteOverride', override)),
      };
    },
  },
  {
    name: 'an API is deleted',
    async arrange(cluster) {
      const { key, apiId } = await newKey(cluster);
      return {
        ...verifying(key, code),
        ...{ before: 'VALID', after: 'NOT_FOUND' },
        make: (by) => dataOf(by.call('apis.deleteApi', { apiId })),
      };
    },
  },
];
