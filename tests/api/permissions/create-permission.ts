import { expect } from 'vitest';
import { auditOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite } from '../scenario.ts';

const conflict = { status: 409, code: 'unkey/data/permission_already_exists' } as const;
const valid = { name: 'Read documents', slug: 'documents.read' };

export const drops = [];

export default suite('permissions.createPermission', [
  scenario({
    name: 'a permission gets an id, is found by it, and its creation is audited',
    permissions: ['rbac.*.create_permission'],
    body: { ...valid, description: 'Open and download' },
    expect: { status: 200, data: { permissionId: expect.stringMatching(/^perm_/) } },
    async after(world, _vars, reply) {
      const { permissionId } = reply.body.data;
      expect(await world.do('permissions.getPermission', { permission: permissionId })).toEqual({
        id: permissionId,
        ...valid,
        description: 'Open and download',
      });
      expect(await auditOf(world)).toMatchObject([
        { event: 'permission.create', resources: [{ type: 'permission', id: permissionId }] },
      ]);
    },
  }),
  ...[{}, { description: '' }].map((description) =>
    scenario({
      name: `${'description' in description ? 'an empty' : 'no'} description is omitted`,
      body: { ...valid, ...description },
      expect: { status: 200 },
      async after(world) {
        expect(
          await world.do('permissions.getPermission', { permission: 'documents.read' }),
        ).not.toHaveProperty('description');
      },
    }),
  ),
  ...['*', 'a', 's'.repeat(128), '0:-._*Z', 'documents.*'].map((slug) => ({
    name: `the slug ${slug.slice(0, 12)} of ${slug.length} characters is allowed`,
    body: { name: 'x', slug },
    expect: { status: 200 },
  })),
  {
    name: 'the longest name and description are allowed, in code points',
    body: { name: '🔑'.repeat(512), slug: 'long', description: '✓'.repeat(512) },
    expect: { status: 200 },
  },
  scenario({
    name: 'names may repeat',
    arrange: (world) => world.do('permissions.createPermission', valid),
    body: { ...valid, slug: 'documents.write' },
    expect: { status: 200 },
  }),
  scenario({
    name: '409 for a slug in use',
    arrange: (world) => world.do('permissions.createPermission', valid),
    body: { ...valid, name: 'Other' },
    expect: conflict,
    async after(world) {
      expect(await world.do('permissions.getPermission', { permission: valid.slug })).toMatchObject({
        name: valid.name,
      });
    },
  }),
  scenario({
    name: '409 for a slug that differs in case only',
    arrange: (world) => world.do('permissions.createPermission', valid),
    body: { ...valid, slug: 'DOCUMENTS.Read' },
    expect: conflict,
  }),
  scenario({
    name: 'another workspace may use the same slug',
    arrange: async (world) => (await otherWorkspace(world)).do('permissions.createPermission', valid),
    body: valid,
    expect: { status: 200 },
  }),
  scenario({
    name: 'of ten concurrent calls with one slug one creates it',
    body: { name: 'x', slug: 'first' },
    expect: { status: 200 },
    async after(world) {
      const replies = await Promise.all(
        Array.from({ length: 10 }, () => world.call('permissions.createPermission', valid)),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([
        200,
        ...Array.from({ length: 9 }, () => 409),
      ]);
    },
  }),
  ...denied({
    body: valid,
    held: [[], ['rbac.*.read_permission'], ['rbac.*.create_role'], ['*'], ['rbac.*']],
  }),
  ...malformed([
    ['no name', { slug: 'abc' }, 'body.name'],
    ['an empty name', { name: '', slug: 'abc' }, 'body.name'],
    ['a name of 513 characters', { name: 'n'.repeat(513), slug: 'abc' }, 'body.name'],
    ['no slug', { name: 'abc' }, 'body.slug'],
    ['an empty slug', { name: 'abc', slug: '' }, 'body.slug'],
    ['a slug with a space', { name: 'abc', slug: 'a b' }, 'body.slug'],
    ['a slug of other characters', { name: 'abc', slug: '@#$%' }, 'body.slug'],
    ['a slug of 129 characters', { name: 'abc', slug: 's'.repeat(129) }, 'body.slug'],
    ['a description of 513 characters', { ...valid, description: 'd'.repeat(513) }, 'body.description'],
    ['a description that is null', { ...valid, description: null }, 'body.description'],
    ['a member that it does not know', { ...valid, id: 'perm_1' }, 'body.id'],
    ['a body that breaks off', '{"name":"abc",', 'body'],
  ]),
]);
