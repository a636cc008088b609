import { expect } from 'vitest';
import {
  concurrently,
  eventsOfCall,
  type MadeKey,
  makeKey,
  makePermissions,
  recordsOfCall,
} from '../arrange-keys.ts';
import { keyOperationCases } from '../key-cases.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const setting =
  (...permissions: string[]) =>
  ({ keyId }: MadeKey) => ({ keyId, permissions });
const slugsOf = (rows: { slug: string }[]) => rows.map(({ slug }) => slug).sort();
const makeHolder = (world: World) => makeKey(world, { permissions: ['a', 'b'] });

export const drops = ['key'];

export default suite('keys.setPermissions', [
  scenario({
    name: 'the list replaces the old one, and missing permissions are created',
    arrange: makeHolder,
    body: setting('b', 'new', 'NEW', 'B'),
    expect: { status: 200 },
    async after(world, { keyId, key }, reply) {
      expect(slugsOf(reply.body.data)).toEqual(['b', 'new']);
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ permissions: ['b', 'new'] });
      expect(await world.do('keys.verifyKey', { key, permissions: 'new' })).toMatchObject({ code: 'VALID' });
      expect(await eventsOfCall(world)).toEqual([
        'authorization.disconnect_permission_and_key',
        'permission.create',
        'authorization.connect_permission_and_key',
      ]);
      expect(await world.do('permissions.getPermission', { permission: 'new' })).toMatchObject({
        name: 'new',
      });
    },
  }),
  scenario({
    name: 'an empty list removes all permissions',
    arrange: makeHolder,
    body: setting(),
    expect: { status: 200, data: [] },
    async after(world, { keyId }) {
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('permissions');
    },
  }),
  scenario({
    name: 'the same list changes nothing and is not audited',
    arrange: makeHolder,
    body: setting('B', 'a'),
    expect: { status: 200, data: [{ slug: 'a' }, { slug: 'b' }] },
    async after(world) {
      expect(await recordsOfCall(world)).toEqual([]);
    },
  }),
  scenario({
    name: 'of ten lists set concurrently exactly one is stored',
    arrange: makeHolder,
    body: setting('a'),
    expect: { status: 200 },
    async after(world, { keyId }) {
      const replies = await concurrently(10, (index) =>
        world.call('keys.setPermissions', { keyId, permissions: [`x${index}`, `y${index}`] }),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      const [x, y, ...others] = (await world.do('keys.getKey', { keyId })).permissions;
      expect(others).toEqual([]);
      expect(y).toBe(x.replace('x', 'y'));
    },
  }),
  ...denied<MadeKey>({
    arrange: makeHolder,
    body: setting('made'),
    held: {
      'all but the permission to make permissions': () => [
        'api.*.update_key',
        'rbac.*.add_permission_to_key',
        'rbac.*.remove_permission_from_key',
      ],
    },
  }),
  ...denied<MadeKey>({
    arrange: makeHolder,
    body: setting(),
    held: { 'permissions on identities': () => ['identity.*.update_identity'] },
  }),
  ...keyOperationCases({
    prepare: (world) => makePermissions(world, ['read']),
    body: (keyId) => ({ keyId, permissions: ['read'] }),
    action: 'update_key',
    also: ['rbac.*.add_permission_to_key', 'rbac.*.remove_permission_from_key'],
    otherAction: 'read_key',
  }),
  ...malformed([
    ['no permissions', { keyId: 'key_12345678' }, 'body.permissions'],
    ['permissions that are a text', { keyId: 'key_12345678', permissions: 'read' }, 'body.permissions'],
    ['permissions that are null', { keyId: 'key_12345678', permissions: null }, 'body.permissions'],
    ['an empty slug', { keyId: 'key_12345678', permissions: [''] }, 'body.permissions[0]'],
  ]),
]);
