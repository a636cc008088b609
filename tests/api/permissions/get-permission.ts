import { expect } from 'vitest';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/permission_not_found' } as const;
const valid = { name: 'Read documents', slug: 'documents.read', description: 'Open them' };
const newPermission = async (world: World): Promise<string> =>
  (await world.do('permissions.createPermission', valid)).permissionId;

export const drops = [];

export default suite('permissions.getPermission', [
  ...(
    [
      ['its id', (id: string) => ({ permission: id })],
      ['its slug', { permission: 'documents.read' }],
      ['its slug in another case', { permission: 'Documents.READ' }],
    ] as const
  ).map(([what, body]) =>
    scenario({
      name: `a permission is found by ${what} and returned as it is stored`,
      arrange: newPermission,
      permissions: ['rbac.*.read_permission'],
      body,
      expect: { status: 200 },
      async after(_world, id, reply) {
        expect(reply.body.data).toEqual({ id, ...valid });
      },
    }),
  ),
  scenario({
    name: 'a permission without description has none in the response',
    arrange: (world) => world.do('permissions.createPermission', { name: 'x', slug: 'bare' }),
    body: { permission: 'bare' },
    expect: { status: 200 },
    async after(_world, { permissionId }, reply) {
      expect(reply.body.data).toEqual({ id: permissionId, name: 'x', slug: 'bare' });
    },
  }),
  { name: '404 for one that does not exist', body: { permission: 'nothing' }, expect: absent },
  scenario({
    name: '404 for an id in another case',
    arrange: newPermission,
    body: (id: string) => ({ permission: id.toUpperCase() }),
    expect: absent,
  }),
  scenario({
    name: '404 for a name: only ids and slugs count',
    arrange: (world) => world.do('permissions.createPermission', { name: 'naming', slug: 'other' }),
    body: { permission: 'naming' },
    expect: absent,
  }),
  scenario({
    name: '404 for one of another workspace, by id and by slug',
    arrange: async (world) =>
      (await (await otherWorkspace(world)).do('permissions.createPermission', valid)).permissionId,
    body: (id: string) => ({ permission: id }),
    expect: absent,
    async after(world) {
      expect((await world.call('permissions.getPermission', { permission: valid.slug })).status).toBe(404);
    },
  }),
  scenario({
    name: '404 for a deleted one',
    async arrange(world) {
      await newPermission(world);
      await world.do('permissions.deletePermission', { permission: valid.slug });
    },
    body: { permission: valid.slug },
    expect: absent,
  }),
  ...denied({
    body: { permission: 'nothing' },
    held: [[], ['rbac.*.read_role'], ['rbac.*.create_permission'], ['rbac.nothing.read_permission']],
  }),
  ...malformed([
    ['no reference', {}, 'body.permission'],
    ['an empty reference', { permission: '' }, 'body.permission'],
    ['a reference of 129 characters', { permission: 'p'.repeat(129) }, 'body.permission'],
    ['a reference with a space', { permission: 'a b' }, 'body.permission'],
    ['a member that it does not know', { permission: 'abc', slug: 'abc' }, 'body.slug'],
  ]),
]);
