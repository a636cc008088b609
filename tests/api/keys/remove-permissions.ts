import { expect } from 'vitest';
import { type MadeKey, makeKey, makePermissions, recordsOfCall } from '../arrange-keys.ts';
import { keyOperationCases } from '../key-cases.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { malformed } from '../refusals.ts';
import { type Scenario, scenario, suite, type World } from '../scenario.ts';

const removing =
  (...permissions: string[]) =>
  ({ keyId }: MadeKey) => ({ keyId, permissions });
const makeHolder = (world: World) => makeKey(world, { permissions: ['a', 'b', 'c'] });
const permissionNotFound = { status: 404, code: 'unkey/data/permission_not_found' } as const;
const disconnect = 'authorization.disconnect_permission_and_key';

function removal(name: string, removed: string[], left: string[], records: number): Scenario {
  return scenario({
    name,
    async arrange(world) {
      await makePermissions(world, ['unassigned']);
      return makeHolder(world);
    },
    body: removing(...removed),
    expect: { status: 200 },
    async after(world, { keyId }, reply) {
      expect(reply.body.data.map(({ slug }: { slug: string }) => slug).sort()).toEqual(left);
      expect((await world.do('keys.getKey', { keyId })).permissions ?? []).toEqual(left);
      const written = await recordsOfCall(world);
      expect(written.map(({ event }) => event)).toEqual(Array(records).fill(disconnect));
    },
  });
}

export const drops = ['key'];

export default suite('keys.removePermissions', [
  removal('one is removed', ['b'], ['a', 'c'], 1),
  removal('several are removed', ['c', 'a', 'c'], ['b'], 2),
  removal('all are removed', ['a', 'b', 'c'], [], 3),
  removal('case does not count in a slug', ['A'], ['b', 'c'], 1),
  removal('what the key does not hold is passed over', ['unassigned', 'unassigned'], ['a', 'b', 'c'], 0),
  scenario({
    name: 'it is removed from the next verification on, and the permission itself still exists',
    async arrange(world) {
      const made = await makeHolder(world);
      expect(await world.do('keys.verifyKey', { key: made.key, permissions: 'a' })).toMatchObject({
        valid: true,
      });
      return made;
    },
    body: removing('a'),
    expect: { status: 200 },
    async after(world, { key, keyId }) {
      expect(await world.do('keys.verifyKey', { key, permissions: 'a' })).toMatchObject({
        code: 'INSUFFICIENT_PERMISSIONS',
      });
      await world.do('permissions.getPermission', { permission: 'a' });
      await world.do('keys.removePermissions', { keyId, permissions: ['a'] });
    },
  }),
  scenario({
    name: 'permissions of roles are unchanged',
    async arrange(world) {
      await world.do('permissions.createRole', { name: 'admin', permissions: ['a'] });
      return makeKey(world, { roles: ['admin'], permissions: ['a'] });
    },
    body: removing('a'),
    expect: { status: 200, data: [] },
    async after(world, { keyId }) {
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ permissions: ['a'] });
    },
  }),
  {
    name: '404 for a permission that does not exist, and nothing is removed',
    arrange: makeHolder,
    body: (made: unknown) => removing('a', 'unknown')(made as MadeKey),
    expect: permissionNotFound,
    async after(world, made, reply) {
      expect(reply.body.error.detail).toContain('unknown');
      expect(await world.do('keys.getKey', { keyId: (made as MadeKey).keyId })).toMatchObject({
        permissions: ['a', 'b', 'c'],
      });
    },
  },
  scenario({
    name: '404 for the id of a permission',
    async arrange(world) {
      const [id = ''] = await makePermissions(world, ['read']);
      return { ...(await makeKey(world, { permissions: ['read'] })), id };
    },
    body: ({ keyId, id }: MadeKey & { id: string }) => ({ keyId, permissions: [id] }),
    expect: permissionNotFound,
  }),
  scenario({
    name: '404 for a permission of another workspace',
    async arrange(world) {
      await (await otherWorkspace(world)).do('permissions.createPermission', { name: 'x', slug: 'theirs' });
      return makeKey(world);
    },
    body: removing('theirs'),
    expect: permissionNotFound,
  }),
  ...keyOperationCases({
    prepare: (world) => makePermissions(world, ['read']),
    body: (keyId) => ({ keyId, permissions: ['read'] }),
    action: 'update_key',
    also: ['rbac.*.remove_permission_from_key'],
    otherAction: 'read_key',
  }),
  ...malformed([
    ['no permissions', { keyId: 'key_12345678' }, 'body.permissions'],
    ['an empty list', { keyId: 'key_12345678', permissions: [] }, 'body.permissions'],
    ['an empty slug', { keyId: 'key_12345678', permissions: [''] }, 'body.permissions[0]'],
    ['1001 slugs', { keyId: 'key_1', permissions: Array(1001).fill('a') }, 'body.permissions'],
  ]),
]);
