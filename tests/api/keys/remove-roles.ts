import { expect } from 'vitest';
import { type MadeKey, makeKey, makeRoles, recordsOfCall } from '../arrange-keys.ts';
import { keyOperationCases } from '../key-cases.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const roleNotFound = { status: 404, code: 'unkey/data/role_not_found' } as const;
const removing =
  (...roles: string[]) =>
  ({ keyId }: MadeKey) => ({ keyId, roles });

async function makeHolder(world: World): Promise<MadeKey> {
  await makeRoles(world, ['Billing Admin', 'unassigned']);
  await world.do('permissions.createRole', { name: 'viewer', permissions: ['read'] });
  return makeKey(world, { roles: ['Billing Admin', 'viewer'] });
}

export const drops = ['key'];

export default suite('keys.removeRoles', [
  scenario({
    name: 'a role is removed from the next verification on, and the role itself still exists',
    async arrange(world) {
      const made = await makeHolder(world);
      expect(await world.do('keys.verifyKey', { key: made.key, permissions: 'read' })).toMatchObject({
        valid: true,
      });
      return made;
    },
    body: removing('VIEWER', 'viewer'),
    expect: { status: 200, data: [{ name: 'Billing Admin' }] },
    async after(world, { keyId, key }) {
      expect(await world.do('keys.verifyKey', { key, permissions: 'read' })).toMatchObject({
        code: 'INSUFFICIENT_PERMISSIONS',
        roles: ['Billing Admin'],
      });
      expect(await recordsOfCall(world)).toMatchObject([
        {
          event: 'authorization.disconnect_role_and_key',
          resources: [
            { type: 'key', id: keyId },
            { type: 'role', name: 'viewer' },
          ],
        },
      ]);
      await world.do('permissions.getRole', { role: 'viewer' });
    },
  }),
  scenario({
    name: 'all roles can be removed',
    arrange: makeHolder,
    body: removing('viewer', 'Billing Admin'),
    expect: { status: 200, data: [] },
    async after(world, { keyId }) {
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('roles');
    },
  }),
  scenario({
    name: 'permissions that the key does not have are ignored',
    arrange: (world) => makeHolder(world).then(() => makeKey(world)),
    body: removing('unassigned'),
    expect: { status: 200, data: [] },
    async after(world) {
      expect(await recordsOfCall(world)).toEqual([]);
    },
  }),
  {
    name: '404 for a role that does not exist, and nothing is removed',
    arrange: makeHolder,
    body: (made: unknown) => removing('viewer', 'nobody')(made as MadeKey),
    expect: roleNotFound,
    async after(world, made, reply) {
      expect(reply.body.error.detail).toContain('nobody');
      const { roles } = await world.do('keys.getKey', { keyId: (made as MadeKey).keyId });
      expect(roles).toHaveLength(2);
    },
  },
  scenario({
    name: '404 for the id of a role',
    async arrange(world) {
      const [id = ''] = await makeRoles(world, ['admin']);
      return { ...(await makeKey(world, { roles: ['admin'] })), id };
    },
    body: ({ keyId, id }: MadeKey & { id: string }) => ({ keyId, roles: [id] }),
    expect: roleNotFound,
  }),
  scenario({
    name: '404 for a role of another workspace',
    async arrange(world) {
      await (await otherWorkspace(world)).do('permissions.createRole', { name: 'theirs' });
      return makeKey(world);
    },
    body: removing('theirs'),
    expect: roleNotFound,
  }),
  ...keyOperationCases({
    prepare: (world) => makeRoles(world, ['admin']),
    body: (keyId) => ({ keyId, roles: ['admin'] }),
    action: 'update_key',
    otherAction: 'create_key',
  }),
  ...malformed([
    ['no roles', { keyId: 'key_12345678' }, 'body.roles'],
    ['an empty list', { keyId: 'key_12345678', roles: [] }, 'body.roles'],
    ['an empty name', { keyId: 'key_12345678', roles: [''] }, 'body.roles[0]'],
  ]),
]);
