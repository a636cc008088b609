import { expect } from 'vitest';
import {
  concurrently,
  eventsOfCall,
  type MadeKey,
  makeKey,
  makeRoles,
  recordsOfCall,
} from '../arrange-keys.ts';
import { keyOperationCases } from '../key-cases.ts';
import { malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const roleNotFound = { status: 404, code: 'unkey/data/role_not_found' } as const;
const setting =
  (...roles: string[]) =>
  ({ keyId }: MadeKey) => ({ keyId, roles });

async function makeHolder(world: World): Promise<MadeKey> {
  await makeRoles(
    world,
    Array.from({ length: 10 }, (_, index) => `role ${index}`),
  );
  return makeKey(world, { roles: ['role 0', 'role 1'] });
}

export const drops = ['key'];

export default suite('keys.setRoles', [
  scenario({
    name: 'the list replaces the old one, and only differences are audited',
    arrange: makeHolder,
    body: setting('ROLE 1', 'role 2', 'role 1'),
    expect: { status: 200, data: [{ name: 'role 1' }, { name: 'role 2' }] },
    async after(world, { keyId }) {
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ roles: ['role 1', 'role 2'] });
      expect(await recordsOfCall(world)).toMatchObject([
        { event: 'authorization.disconnect_role_and_key', resources: [{ id: keyId }, { name: 'role 0' }] },
        { event: 'authorization.connect_role_and_key', resources: [{ id: keyId }, { name: 'role 2' }] },
      ]);
    },
  }),
  scenario({
    name: 'an empty list removes all roles',
    arrange: makeHolder,
    body: setting(),
    expect: { status: 200, data: [] },
    async after(world, { keyId, key }) {
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('roles');
      expect(await world.do('keys.verifyKey', { key })).not.toHaveProperty('roles');
      expect(await eventsOfCall(world)).toEqual(Array(2).fill('authorization.disconnect_role_and_key'));
    },
  }),
  scenario({
    name: 'the same list changes nothing and is not audited',
    arrange: makeHolder,
    body: setting('role 0', 'role 1'),
    expect: { status: 200 },
    async after(world, _key, reply) {
      expect(reply.body.data).toHaveLength(2);
      expect(await recordsOfCall(world)).toEqual([]);
    },
  }),
  scenario({
    name: 'of ten roles set concurrently one remains',
    arrange: makeHolder,
    body: setting(),
    expect: { status: 200 },
    async after(world, { keyId }) {
      const replies = await concurrently(10, (index) =>
        world.call('keys.setRoles', { keyId, roles: [`role ${index}`] }),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await world.do('keys.getKey', { keyId })).roles).toHaveLength(1);
    },
  }),
  {
    name: '404 for a role that does not exist, and nothing is changed',
    arrange: makeHolder,
    body: (made: unknown) => setting('role 2', 'nobody')(made as MadeKey),
    expect: roleNotFound,
    async after(world, made) {
      const { roles } = await world.do('keys.getKey', { keyId: (made as MadeKey).keyId });
      expect(roles).toEqual(['role 0', 'role 1']);
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
  ...keyOperationCases({
    prepare: (world) => makeRoles(world, ['admin']),
    body: (keyId) => ({ keyId, roles: ['admin'] }),
    action: 'update_key',
    otherAction: 'create_key',
  }),
  ...malformed([
    ['no roles', { keyId: 'key_12345678' }, 'body.roles'],
    ['roles that are a text', { keyId: 'key_12345678', roles: 'admin' }, 'body.roles'],
    ['a role that is a number', { keyId: 'key_12345678', roles: [1] }, 'body.roles[0]'],
    ['an empty name', { keyId: 'key_12345678', roles: [''] }, 'body.roles[0]'],
    ['101 roles', { keyId: 'key_12345678', roles: Array(101).fill('r') }, 'body.roles'],
  ]),
]);
