import { expect } from 'vitest';
import { auditOf, eventsOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const conflict = { status: 409, code: 'unkey/data/role_already_exists' } as const;
const makePermission = (world: World, slug: string) =>
  world.do('permissions.createPermission', { name: `Name of ${slug}`, slug });

/** The slugs of a role, sorted. */
async function slugsOf(world: World, role: string): Promise<string[]> {
  const { permissions = [] } = await world.do('permissions.getRole', { role });
  return permissions.map(({ slug }: { slug: string }) => slug).sort();
}

export const drops = [];

export default suite('permissions.createRole', [
  scenario({
    name: 'a role gets an id, is found by it, and its creation is audited',
    permissions: ['rbac.*.create_role'],
    body: { name: 'Content editor ✎', description: 'Writes' },
    expect: { status: 200, data: { roleId: expect.stringMatching(/^role_/) } },
    async after(world, _vars, reply) {
      const { roleId } = reply.body.data;
      expect(await world.do('permissions.getRole', { role: roleId })).toEqual({
        id: roleId,
        name: 'Content editor ✎',
        description: 'Writes',
      });
      expect(await eventsOf(world)).toEqual(['role.create']);
    },
  }),
  scenario({
    name: 'an empty description removes it, and an empty list requires only the role',
    permissions: ['rbac.*.create_role'],
    body: { name: 'Editor', description: '', permissions: [] },
    expect: { status: 200 },
    async after(world, _vars, reply) {
      expect(await world.do('permissions.getRole', { role: 'Editor' })).toEqual({
        id: reply.body.data.roleId,
        name: 'Editor',
      });
    },
  }),
  scenario({
    name: 'listed slugs are attached: existing ones, and missing ones, which are created with the slug as name',
    arrange: (world) => makePermission(world, 'old'),
    body: { name: 'Editor', permissions: ['new.b', 'old', 'new.a'] },
    expect: { status: 200 },
    async after(world) {
      expect(await slugsOf(world, 'Editor')).toEqual(['new.a', 'new.b', 'old']);
      expect(await world.do('permissions.getPermission', { permission: 'new.a' })).toEqual({
        id: expect.stringMatching(/^perm_/),
        name: 'new.a',
        slug: 'new.a',
      });
      const records = (await auditOf(world)).slice(1);
      expect(records.map(({ event }) => event)).toEqual([
        'role.create',
        'permission.create',
        'permission.create',
        ...Array.from({ length: 3 }, () => 'authorization.connect_role_and_permission'),
      ]);
      expect(new Set(records.map(({ correlationId }) => correlationId)).size).toBe(1);
      expect(records[0]?.correlationId).toMatch(/^cor_/);
    },
  }),
  scenario({
    name: 'slugs that differ in case are one: the stored spelling, else the first',
    arrange: (world) => makePermission(world, 'KEEP'),
    body: { name: 'Editor', permissions: ['keep', 'Fresh', 'FRESH', 'Keep', 'fresh'] },
    expect: { status: 200 },
    async after(world) {
      expect(await slugsOf(world, 'Editor')).toEqual(['Fresh', 'KEEP']);
    },
  }),
  scenario({
    name: 'slugs that exist need no right to make permissions',
    arrange: (world) => makePermission(world, 'old'),
    permissions: ['rbac.*.create_role', 'rbac.*.add_permission_to_role'],
    body: { name: 'Editor', permissions: ['OLD'] },
    expect: { status: 200 },
  }),
  scenario({
    name: 'a grant by path suffices to create permissions',
    permissions: (_vars, { workspaceId }) => [
      'rbac.*.create_role',
      'rbac.*.add_permission_to_role',
      `unkey:v1:${workspaceId}:rbac/permissions/*#create_permission`,
    ],
    body: { name: 'Editor', permissions: ['new'] },
    expect: { status: 200 },
  }),
  scenario({
    name: 'a thousand slugs are attached',
    body: { name: 'Wide', permissions: Array.from({ length: 1000 }, (_, index) => `slug.${index}`) },
    expect: { status: 200 },
    async after(world) {
      expect(await slugsOf(world, 'Wide')).toHaveLength(1000);
    },
  }),
  scenario({
    name: 'two concurrent roles that name one missing slug create it once',
    body: { name: 'First' },
    expect: { status: 200 },
    async after(world) {
      await Promise.all(
        ['A', 'B'].map((name) => world.do('permissions.createRole', { name, permissions: ['shared'] })),
      );
      expect(await slugsOf(world, 'A')).toEqual(['shared']);
      expect(await slugsOf(world, 'B')).toEqual(['shared']);
      expect((await eventsOf(world)).filter((event) => event === 'permission.create')).toHaveLength(1);
    },
  }),
  scenario({
    name: '409 for a name in use, and nothing is created',
    arrange: (world) => world.do('permissions.createRole', { name: 'Editor' }),
    body: { name: 'Editor', permissions: ['new'] },
    expect: conflict,
    async after(world) {
      expect(await slugsOf(world, 'Editor')).toEqual([]);
      expect((await world.call('permissions.getPermission', { permission: 'new' })).status).toBe(404);
      expect(await eventsOf(world)).toEqual(['role.create']);
    },
  }),
  scenario({
    name: '409 for a name that differs in case only',
    arrange: (world) => world.do('permissions.createRole', { name: 'Éditeur' }),
    body: { name: 'éDITEUR' },
    expect: conflict,
  }),
  scenario({
    name: 'accents make another name',
    arrange: (world) => world.do('permissions.createRole', { name: 'Éditeur' }),
    body: { name: 'Editeur' },
    expect: { status: 200 },
  }),
  scenario({
    name: 'another workspace may use the same name',
    arrange: async (world) => (await otherWorkspace(world)).do('permissions.createRole', { name: 'Editor' }),
    body: { name: 'Editor' },
    expect: { status: 200 },
  }),
  {
    name: 'names of 1 and of 128 code points are allowed',
    body: { name: '👑'.repeat(128), description: 'd'.repeat(512) },
    expect: { status: 200 },
    async after(world) {
      await world.do('permissions.createRole', { name: ' ' });
    },
  },
  ...denied({
    body: { name: 'Editor' },
    held: [[], ['rbac.*.read_role'], ['rbac.*.create_permission']],
  }),
  ...denied({
    arrange: (world) => makePermission(world, 'old'),
    body: { name: 'Editor', permissions: ['old'] },
    held: [['rbac.*.create_role'], ['rbac.*.create_role', 'rbac.*.create_permission']],
  }),
  scenario({
    name: '403 without the permission to create permissions, and nothing is created',
    arrange: (world) => makePermission(world, 'old'),
    permissions: ['rbac.*.create_role', 'rbac.*.add_permission_to_role'],
    body: { name: 'Editor', permissions: ['old', 'new'] },
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    async after(world, _vars, reply) {
      expect(reply.body.error.detail).toContain('rbac.*.create_permission');
      expect((await world.call('permissions.getRole', { role: 'Editor' })).status).toBe(404);
      expect((await world.call('permissions.getPermission', { permission: 'new' })).status).toBe(404);
    },
  }),
  ...malformed([
    ['no name', {}, 'body.name'],
    ['an empty name', { name: '' }, 'body.name'],
    ['a name of 129 characters', { name: 'n'.repeat(129) }, 'body.name'],
    ['a description of 513 characters', { name: 'x', description: 'd'.repeat(513) }, 'body.description'],
    ['permissions that are null', { name: 'x', permissions: null }, 'body.permissions'],
    ['an empty slug', { name: 'x', permissions: ['ok', ''] }, 'body.permissions[1]'],
    ['a slug with a space', { name: 'x', permissions: ['a b'] }, 'body.permissions[0]'],
    ['a slug of 129 characters', { name: 'x', permissions: ['s'.repeat(129)] }, 'body.permissions[0]'],
    ['a slug that is a number', { name: 'x', permissions: [1] }, 'body.permissions[0]'],
    ['a member that it does not know', { name: 'x', slug: 'x' }, 'body.slug'],
  ]),
]);
