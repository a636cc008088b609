import { expect } from 'vitest';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/role_not_found' } as const;
const newRole = async (world: World): Promise<string> =>
  (
    await world.do('permissions.createRole', {
      name: 'Éditeur général',
      description: 'Writes',
      permissions: ['b.slug', 'a.slug'],
    })
  ).roleId;

export const drops = [];

export default suite('permissions.getRole', [
  ...(
    [
      ['its id', (id: string) => ({ role: id })],
      ['its name', { role: 'Éditeur général' }],
      ['its name in another case', { role: 'éditeur GÉNÉRAL' }],
    ] as const
  ).map(([what, body]) =>
    scenario({
      name: `a role is found by ${what} and returned with its permissions`,
      arrange: newRole,
      permissions: ['rbac.*.read_role'],
      body,
      expect: { status: 200 },
      async after(_world, id, reply) {
        const { permissions, ...rest } = reply.body.data;
        expect(rest).toEqual({ id, name: 'Éditeur général', description: 'Writes' });
        expect(permissions).toHaveLength(2);
        expect(permissions).toContainEqual({
          id: expect.stringMatching(/^perm_/),
          name: 'a.slug',
          slug: 'a.slug',
        });
      },
    }),
  ),
  { name: '404 for one that does not exist', body: { role: 'nobody 🤷' }, expect: absent },
  scenario({
    name: '404 for a name with another accent',
    arrange: newRole,
    body: { role: 'Editeur general' },
    expect: absent,
  }),
  scenario({
    name: '404 for an id in another case',
    arrange: newRole,
    body: (id: string) => ({ role: id.toUpperCase() }),
    expect: absent,
  }),
  scenario({
    name: '404 for one of another workspace, by id and by name',
    arrange: async (world) =>
      (await (await otherWorkspace(world)).do('permissions.createRole', { name: 'Theirs' })).roleId,
    body: (id: string) => ({ role: id }),
    expect: absent,
    async after(world) {
      expect((await world.call('permissions.getRole', { role: 'Theirs' })).status).toBe(404);
    },
  }),
  scenario({
    name: '404 for a deleted one',
    async arrange(world) {
      const role = await newRole(world);
      await world.do('permissions.deleteRole', { role });
      return role;
    },
    body: (role: string) => ({ role }),
    expect: absent,
  }),
  ...denied({ body: { role: 'nobody' }, held: [[], ['rbac.*.read_permission'], ['rbac.*.create_role']] }),
  ...malformed([
    ['no reference', {}, 'body.role'],
    ['an empty reference', { role: '' }, 'body.role'],
    ['a reference of 129 characters', { role: 'r'.repeat(129) }, 'body.role'],
    ['a reference that is a number', { role: 1 }, 'body.role'],
    ['a member that it does not know', { role: 'abc', roleId: 'x' }, 'body.roleId'],
  ]),
]);
