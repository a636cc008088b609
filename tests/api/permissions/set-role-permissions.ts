import { expect } from 'vitest';
import { auditOf, eventsOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/role_not_found' } as const;
const changing = ['rbac.*.add_permission_to_role', 'rbac.*.remove_permission_from_role'];
const newRole = async (world: World, permissions: string[] = ['old']): Promise<string> =>
  (await world.do('permissions.createRole', { name: 'Editor', permissions })).roleId;

async function slugsOf(world: World, role: string): Promise<string[]> {
  const { permissions = [] } = await world.do('permissions.getRole', { role });
  return permissions.map(({ slug }: { slug: string }) => slug).sort();
}

export const drops = [];

export default suite('permissions.setRolePermissions', [
  scenario({
    name: 'the set is replaced: one keeps its spelling, one is created, one is removed; each change is audited',
    async arrange(world) {
      await world.do('permissions.createPermission', { name: 'Kept', slug: 'keep' });
      return newRole(world, ['old']);
    },
    body: (roleId: string) => ({ roleId, permissions: ['KEEP', 'new', 'NEW'] }),
    expect: { status: 200 },
    async after(world, roleId, reply) {
      expect(reply.body.data).toEqual([
        { id: expect.stringMatching(/^perm_/), name: 'Kept', slug: 'keep' },
        { id: expect.stringMatching(/^perm_/), name: 'new', slug: 'new' },
      ]);
      expect(await slugsOf(world, roleId)).toEqual(['keep', 'new']);
      const records = (await auditOf(world)).slice(4);
      expect(records.map(({ event }) => event)).toEqual([
        'permission.create',
        'authorization.disconnect_role_and_permissions',
        'authorization.connect_role_and_permission',
        'authorization.connect_role_and_permission',
      ]);
      expect(new Set(records.map(({ correlationId }) => correlationId)).size).toBe(1);
      await world.do('permissions.getPermission', { permission: 'old' });
    },
  }),
  scenario({
    name: 'the same set again writes nothing',
    arrange: (world) => newRole(world, ['a', 'b']),
    body: (roleId: string) => ({ roleId, permissions: ['B', 'a', 'b'] }),
    expect: { status: 200, data: [{ slug: 'a' }, { slug: 'b' }] },
    async after(world) {
      expect(await eventsOf(world)).toHaveLength(5);
    },
  }),
  scenario({
    name: 'an empty list clears the role',
    arrange: (world) => newRole(world, ['a', 'b']),
    permissions: changing,
    body: (roleId: string) => ({ roleId, permissions: [] }),
    expect: { status: 200, data: [] },
    async after(world, roleId) {
      expect(await slugsOf(world, roleId)).toEqual([]);
      expect((await eventsOf(world)).slice(5)).toEqual([
        'authorization.disconnect_role_and_permissions',
        'authorization.disconnect_role_and_permissions',
      ]);
    },
  }),
  scenario({
    name: 'keys with the role can do the new and no longer the old, at once',
    async arrange(world) {
      const roleId = await newRole(world, ['old']);
      const { apiId } = await world.do('apis.createApi', { name: 'demo' });
      const { key } = await world.do('keys.createKey', { apiId, roles: ['Editor'] });
      expect(await world.do('keys.verifyKey', { key, permissions: 'old' })).toMatchObject({ code: 'VALID' });
      return { roleId, key };
    },
    body: ({ roleId }: { roleId: string }) => ({ roleId, permissions: ['new'] }),
    expect: { status: 200 },
    async after(world, { key }) {
      expect(await world.do('keys.verifyKey', { key, permissions: 'new' })).toMatchObject({ code: 'VALID' });
      expect(await world.do('keys.verifyKey', { key, permissions: 'old' })).toMatchObject({
        code: 'INSUFFICIENT_PERMISSIONS',
      });
    },
  }),
  scenario({
    name: 'slugs that exist need no right to make permissions',
    async arrange(world) {
      await world.do('permissions.createPermission', { name: 'x', slug: 'known' });
      return newRole(world);
    },
    permissions: changing,
    body: (roleId: string) => ({ roleId, permissions: ['known', 'old'] }),
    expect: { status: 200, data: [{ slug: 'known' }, { slug: 'old' }] },
  }),
  scenario({
    name: 'a grant by path suffices to create permissions',
    arrange: newRoleOnly,
    permissions: (_roleId, { workspaceId }) => [
      ...changing,
      `unkey:v1:${workspaceId}:rbac/permissions/*#create_permission`,
    ],
    body: (roleId: string) => ({ roleId, permissions: ['new'] }),
    expect: { status: 200 },
  }),
  scenario({
    name: 'concurrent calls that name one missing slug make it once',
    arrange: newRoleOnly,
    body: (roleId: string) => ({ roleId, permissions: ['old'] }),
    expect: { status: 200 },
    async after(world, roleId) {
      const { roleId: other } = await world.do('permissions.createRole', { name: 'Other' });
      await Promise.all(
        [roleId, other, roleId, other].map((id) =>
          world.do('permissions.setRolePermissions', { roleId: id, permissions: ['shared'] }),
        ),
      );
      expect(await slugsOf(world, roleId)).toEqual(['shared']);
      expect(await slugsOf(world, other)).toEqual(['shared']);
      const created = (await auditOf(world)).filter(({ display }) => display.startsWith('Created shared'));
      expect(created).toHaveLength(1);
    },
  }),
  {
    name: '404 for a role that does not exist',
    body: { roleId: 'role_none', permissions: ['new'] },
    expect: absent,
  },
  scenario({
    name: '404 for a name, and nothing is created',
    arrange: newRoleOnly,
    body: { roleId: 'Editor', permissions: ['new'] },
    expect: absent,
    async after(world) {
      expect((await world.call('permissions.getPermission', { permission: 'new' })).status).toBe(404);
    },
  }),
  scenario({
    name: '404 for a role of another workspace, which is unchanged',
    async arrange(world) {
      const other = await otherWorkspace(world);
      const { roleId } = await other.do('permissions.createRole', {
        name: 'Theirs',
        permissions: ['theirs'],
      });
      return { other, roleId };
    },
    body: ({ roleId }: { roleId: string }) => ({ roleId, permissions: [] }),
    expect: absent,
    async after(_world, { other, roleId }) {
      expect((await other.do('permissions.getRole', { role: roleId })).permissions).toHaveLength(1);
    },
  }),
  ...denied({
    arrange: newRoleOnly,
    body: (roleId: string) => ({ roleId, permissions: [] }),
    held: [
      [],
      ['rbac.*.add_permission_to_role'],
      ['rbac.*.remove_permission_from_role'],
      ['rbac.*.create_permission'],
    ],
  }),
  scenario({
    name: '403 without the permission to create permissions, and the role is unchanged',
    arrange: newRoleOnly,
    permissions: changing,
    body: (roleId: string) => ({ roleId, permissions: ['new'] }),
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    async after(world, roleId) {
      expect(await slugsOf(world, roleId)).toEqual(['old']);
      expect((await world.call('permissions.getPermission', { permission: 'new' })).status).toBe(404);
    },
  }),
  {
    name: '403 for a role that does not exist, without the permission to change roles',
    permissions: ['rbac.*.add_permission_to_role'],
    body: { roleId: 'role_none', permissions: [] },
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
  },
  ...malformed([
    ['no role', { permissions: [] }, 'body.roleId'],
    ['an id of two characters', { roleId: 'ro', permissions: [] }, 'body.roleId'],
    ['an id of 256 characters', { roleId: 'r'.repeat(256), permissions: [] }, 'body.roleId'],
    ['an id with a space', { roleId: 'my role', permissions: [] }, 'body.roleId'],
    ['no permissions', { roleId: 'role_none' }, 'body.permissions'],
    ['permissions that are null', { roleId: 'role_none', permissions: null }, 'body.permissions'],
    ['an empty slug', { roleId: 'role_none', permissions: [''] }, 'body.permissions[0]'],
    ['a slug of other characters', { roleId: 'role_none', permissions: ['a', 'ö'] }, 'body.permissions[1]'],
    ['a member that it does not know', { roleId: 'role_none', permissions: [], role: 'x' }, 'body.role'],
  ]),
]);

function newRoleOnly(world: World): Promise<string> {
  return newRole(world);
}
