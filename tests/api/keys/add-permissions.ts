import { expect } from 'vitest';
import {
  concurrently,
  eventsOfCall,
  grant,
  type MadeKey,
  makeKey,
  makePermissions,
  recordsOfCall,
} from '../arrange-keys.ts';
import { keyOperationCases } from '../key-cases.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const adding =
  (...permissions: string[]) =>
  ({ keyId }: MadeKey) => ({ keyId, permissions });
const slugsOf = (rows: { slug: string }[]) => rows.map(({ slug }) => slug);
const connect = 'authorization.connect_permission_and_key';

export const drops = ['key'];

export default suite('keys.addPermissions', [
  scenario({
    name: 'existing items come first, then the added ones, and both audit records share an id',
    arrange: (world) => makeKey(world, { permissions: ['z.old', 'b.old'] }),
    body: adding('c.new', 'a.new', 'b.old', 'C.New'),
    expect: { status: 200 },
    async after(world, { keyId }, reply) {
      const { data } = reply.body;
      expect(slugsOf(data)).toEqual(['b.old', 'z.old', 'a.new', 'c.new']);
      expect(data[2]).toEqual({ id: expect.stringMatching(/^perm_/), name: 'a.new', slug: 'a.new' });
      const records = await recordsOfCall(world);
      expect(records.map(({ event }) => event).sort()).toEqual([
        connect,
        connect,
        'permission.create',
        'permission.create',
      ]);
      expect(new Set(records.map(({ correlationId }) => correlationId)).size).toBe(1);
      const connected = records.find(({ event }) => event === connect);
      expect(connected?.resources).toMatchObject([{ type: 'key', id: keyId }, { type: 'permission' }]);
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({
        permissions: ['a.new', 'b.old', 'c.new', 'z.old'],
      });
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('updatedAt');
    },
  }),
  scenario({
    name: 'a permission counts from the next verification on',
    async arrange(world) {
      const made = await makeKey(world);
      expect(await world.do('keys.verifyKey', { key: made.key, permissions: 'read' })).toMatchObject({
        valid: false,
      });
      return made;
    },
    body: adding('read'),
    expect: { status: 200 },
    async after(world, { key }) {
      expect(await world.do('keys.verifyKey', { key, permissions: 'read' })).toMatchObject({ code: 'VALID' });
    },
  }),
  scenario({
    name: 'roles that the key has are neither added nor audited',
    arrange: (world) => makeKey(world, { permissions: ['read'] }),
    body: adding('READ', 'read'),
    expect: { status: 200, data: [{ slug: 'read' }] },
    async after(world) {
      expect(await recordsOfCall(world)).toEqual([]);
    },
  }),
  scenario({
    name: 'permissions of roles are not in the response',
    async arrange(world) {
      await world.do('permissions.createRole', { name: 'admin', permissions: ['by.role'] });
      return makeKey(world, { roles: ['admin'] });
    },
    body: adding('own'),
    expect: { status: 200, data: [{ slug: 'own' }] },
  }),
  scenario({
    name: 'an id is read as a slug that does not exist',
    async arrange(world) {
      const [id = ''] = await makePermissions(world, ['read']);
      return { ...(await makeKey(world)), id };
    },
    body: ({ keyId, id }: MadeKey & { id: string }) => ({ keyId, permissions: [id] }),
    expect: { status: 200 },
    async after(_world, { id }, reply) {
      expect(reply.body.data).toMatchObject([{ slug: id, name: id }]);
      expect(reply.body.data[0].id).not.toBe(id);
    },
  }),
  scenario({
    name: 'a description of a permission is shown',
    async arrange(world) {
      await world.do('permissions.createPermission', { name: 'Read', slug: 'read', description: 'Reads' });
      return makeKey(world);
    },
    body: adding('read'),
    expect: { status: 200, data: [{ name: 'Read', slug: 'read', description: 'Reads' }] },
  }),
  scenario({
    name: 'ten overlapping calls at once all add, and make each permission once',
    arrange: makeKey,
    body: adding('p0'),
    expect: { status: 200 },
    async after(world, { keyId }) {
      const replies = await concurrently(10, (index) =>
        world.call('keys.addPermissions', { keyId, permissions: [`p${index}`, `p${index + 1}`, 'all'] }),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await world.do('keys.getKey', { keyId })).permissions).toHaveLength(12);
      expect(await world.do('permissions.listPermissions', {})).toHaveLength(12);
      expect((await eventsOfCall(world)).filter((event) => event === connect)).toHaveLength(12);
    },
  }),
  scenario({
    name: 'missing slugs are created if the root key may create permissions',
    arrange: makeKey,
    permissions: ['api.*.update_key', 'rbac.*.add_permission_to_key', 'rbac.*.create_permission'],
    body: adding('made'),
    expect: { status: 200, data: [{ slug: 'made' }] },
  }),
  scenario({
    name: 'grants on the key and to create permissions suffice to create them',
    arrange: makeKey,
    permissions: (_key, world) => [
      grant(world, 'keyspaces/*/keys/*#update_key'),
      grant(world, 'rbac/permissions/*#create_permission'),
    ],
    body: adding('made'),
    expect: { status: 200 },
  }),
  ...denied<MadeKey>({
    arrange: (world: World) => makeKey(world),
    body: adding('made'),
    held: {
      'all but the permission to make permissions': () => [
        'api.*.update_key',
        'rbac.*.add_permission_to_key',
      ],
      'a grant on the key for a slug that does not exist': (_key, world) => [
        grant(world, 'keyspaces/*/keys/*#update_key'),
      ],
    },
  }),
  ...keyOperationCases({
    prepare: (world) => makePermissions(world, ['read']),
    body: (keyId) => ({ keyId, permissions: ['read'] }),
    action: 'update_key',
    also: ['rbac.*.add_permission_to_key'],
    otherAction: 'read_key',
  }),
  ...malformed([
    ['no permissions', { keyId: 'key_12345678' }, 'body.permissions'],
    ['an empty list', { keyId: 'key_12345678', permissions: [] }, 'body.permissions'],
    ['an empty slug', { keyId: 'key_12345678', permissions: [''] }, 'body.permissions[0]'],
    ['a slug with `/`', { keyId: 'key_12345678', permissions: ['a/b'] }, 'body.permissions[0]'],
    ['objects in place of slugs', { keyId: 'key_1', permissions: [{ slug: 'a' }] }, 'body.permissions[0]'],
    ['1001 slugs', { keyId: 'key_1', permissions: Array(1001).fill('a') }, 'body.permissions'],
  ]),
]);
