import { expect } from 'vitest';
import { type MadeKey, makeKey, makeRoles, recordsOfCall } from '../arrange-keys.ts';
import { keyOperationCases } from '../key-cases.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const roleNotFound = { status: 404, code: 'unkey/data/role_not_found' } as const;
const adding =
  (...roles: string[]) =>
  ({ keyId }: MadeKey) => ({ keyId, roles });

async function makeHolder(world: World): Promise<MadeKey> {
  await makeRoles(world, ['Billing Admin', 'editor']);
  await world.do('permissions.createRole', { name: 'viewer', description: 'Views', permissions: ['read'] });
  return makeKey(world, { roles: ['editor'] });
}

export const drops = ['key'];

export default suite('keys.addRoles', [
  scenario({
    name: 'existing roles come first, then the added ones, with their permissions',
    arrange: makeHolder,
    body: adding('viewer', 'Editor', 'billing admin', 'VIEWER'),
    expect: { status: 200 },
    async after(world, { keyId, key }, reply) {
      expect(reply.body.data).toEqual([
        { id: expect.stringMatching(/^role_/), name: 'editor' },
        {
          id: expect.stringMatching(/^role_/),
          name: 'viewer',
          description: 'Views',
          permissions: [{ id: expect.stringMatching(/^perm_/), name: 'read', slug: 'read' }],
        },
        { id: expect.stringMatching(/^role_/), name: 'Billing Admin' },
      ]);
      const records = await recordsOfCall(world);
      expect(records.map(({ event }) => event)).toEqual(Array(2).fill('authorization.connect_role_and_key'));
      expect(records[0]?.resources).toMatchObject([
        { type: 'key', id: keyId },
        { type: 'role', name: 'viewer' },
      ]);
      expect(await world.do('keys.verifyKey', { key, permissions: 'read' })).toMatchObject({ code: 'VALID' });
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('updatedAt');
    },
  }),
  scenario({
    name: 'permissions that the key has are neither added nor audited',
    arrange: makeHolder,
    body: adding('editor'),
    expect: { status: 200, data: [{ name: 'editor' }] },
    async after(world) {
      expect(await recordsOfCall(world)).toEqual([]);
    },
  }),
  {
    name: '404 for a role that does not exist, and nothing is added',
    arrange: makeHolder,
    body: (made: unknown) => adding('viewer', 'nobody')(made as MadeKey),
    expect: roleNotFound,
    async after(world, made, reply) {
      expect(reply.body.error.detail).toContain('nobody');
      expect(await world.do('keys.getKey', { keyId: (made as MadeKey).keyId })).toMatchObject({
        roles: ['editor'],
      });
    },
  },
  scenario({
    name: '404 for the id of a role',
    async arrange(world) {
      const [id = ''] = await makeRoles(world, ['admin']);
      return { ...(await makeKey(world)), id };
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
    body: adding('theirs'),
    expect: roleNotFound,
  }),
  ...keyOperationCases({
    prepare: (world) => makeRoles(world, ['admin']),
    body: (keyId) => ({ keyId, roles: ['admin'] }),
    action: 'update_key',
    also: ['rbac.*.add_role_to_key'],
    otherAction: 'read_key',
  }),
  ...malformed([
    ['no roles', { keyId: 'key_12345678' }, 'body.roles'],
    ['an empty list', { keyId: 'key_12345678', roles: [] }, 'body.roles'],
    ['an empty name', { keyId: 'key_12345678', roles: [''] }, 'body.roles[0]'],
    ['101 roles', { keyId: 'key_12345678', roles: Array(101).fill('r') }, 'body.roles'],
  ]),
]);
