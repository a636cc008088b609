import { expect } from 'vitest';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

async function make(world: World, ...names: string[]): Promise<void> {
  for (const name of names) await world.do('permissions.createRole', { name });
}

const namesOf = (rows: { name: string }[]) => rows.map(({ name }) => name).sort();
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `Role ${index}`).sort();

export const drops = [];

export default suite('permissions.listRoles', [
  {
    name: 'a workspace without roles has an empty list without cursor',
    body: {},
    expect: { status: 200, data: [] },
    async after(_world, _vars, reply) {
      expect(reply.body.pagination).toEqual({ hasMore: false });
    },
  },
  scenario({
    name: 'the default page holds 100, the next one the rest, in the order of their ids',
    arrange: (world) => make(world, ...numbered(102)),
    permissions: ['rbac.*.read_role'],
    body: {},
    expect: { status: 200 },
    async after(world, _vars, reply) {
      expect(reply.body.data).toHaveLength(100);
      const { hasMore, cursor } = reply.body.pagination;
      expect(hasMore).toBe(true);
      const next = await world.call('permissions.listRoles', { cursor });
      expect(next.body.pagination).toEqual({ hasMore: false });
      const all = [...reply.body.data, ...next.body.data];
      expect(namesOf(all)).toEqual(numbered(102));
      const ids = all.map(({ id }: { id: string }) => id);
      expect(ids).toEqual([...ids].sort());
    },
  }),
  scenario({
    name: 'each role is returned with its permissions, and those of other workspaces are not listed',
    async arrange(world) {
      await world.do('permissions.createRole', { name: 'Editor', permissions: ['read', 'write'] });
      await world.do('permissions.createRole', { name: 'Guest' });
      await (await otherWorkspace(world)).do('permissions.createRole', { name: 'Theirs' });
    },
    body: {},
    expect: { status: 200 },
    async after(_world, _vars, reply) {
      const roles = reply.body.data as { name: string; permissions?: unknown[] }[];
      expect(namesOf(roles)).toEqual(['Editor', 'Guest']);
      expect(roles.find(({ name }) => name === 'Editor')?.permissions).toHaveLength(2);
      expect(roles.find(({ name }) => name === 'Guest')).not.toHaveProperty('permissions');
    },
  }),
  ...(
    [
      ['a part of a name', 'min_o', ['admin_one']],
      ['upper case', 'ADMIN', ['admin_one', 'admin%two']],
      ['a part of a description', 'pays', ['Billing']],
      ['a literal %', '%', ['admin%two']],
      ['a literal _', 'n_', ['admin_one']],
      ['nothing that fits', 'nope', []],
      ['only blanks', '  ', ['Billing', 'admin_one', 'admin%two']],
    ] as const
  ).map(([what, search, found]) =>
    scenario({
      name: `search by ${what} finds ${found.length}`,
      async arrange(world) {
        await make(world, 'admin_one', 'admin%two');
        await world.do('permissions.createRole', { name: 'Billing', description: 'PAYS bills' });
      },
      body: { search },
      expect: { status: 200 },
      async after(_world, _vars, reply) {
        expect(namesOf(reply.body.data)).toEqual([...found].sort());
      },
    }),
  ),
  ...denied({ body: {}, held: [[], ['rbac.*.read_permission']] }),
  ...malformed([
    ['a limit of 0', { limit: 0 }, 'body.limit'],
    ['a limit of 101', { limit: 101 }, 'body.limit'],
    ['a cursor of 1025 characters', { cursor: 'c'.repeat(1025) }, 'body.cursor'],
    ['a search of 257 characters', { search: 's'.repeat(257) }, 'body.search'],
    ['a member that it does not know', { offset: 1 }, 'body.offset'],
  ]),
]);
