import { expect } from 'vitest';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

async function make(world: World, ...slugs: string[]): Promise<void> {
  for (const slug of slugs) await world.do('permissions.createPermission', { name: `Name of ${slug}`, slug });
}

const slugsOf = (rows: { slug: string }[]) => rows.map(({ slug }) => slug).sort();
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `slug.${index}`).sort();

export const drops = [];

export default suite('permissions.listPermissions', [
  {
    name: 'a workspace without permissions has an empty list without cursor',
    body: {},
    expect: { status: 200, data: [] },
    async after(_world, _vars, reply) {
      expect(reply.body.pagination).toEqual({ hasMore: false });
    },
  },
  scenario({
    name: 'the default page holds 100, the next one the rest, in the order of their ids',
    arrange: (world) => make(world, ...numbered(103)),
    permissions: ['rbac.*.read_permission'],
    body: {},
    expect: { status: 200 },
    async after(world, _vars, reply) {
      expect(reply.body.data).toHaveLength(100);
      const { hasMore, cursor } = reply.body.pagination;
      expect(hasMore).toBe(true);
      const next = await world.call('permissions.listPermissions', { cursor });
      expect(next.body.pagination).toEqual({ hasMore: false });
      const all = [...reply.body.data, ...next.body.data];
      expect(slugsOf(all)).toEqual(numbered(103));
      const ids = all.map(({ id }: { id: string }) => id);
      expect(ids).toEqual([...ids].sort());
    },
  }),
  scenario({
    name: 'implicitly created ones are listed, and those of other workspaces are not',
    async arrange(world) {
      await world.do('permissions.createRole', { name: 'Editor', permissions: ['in.passing'] });
      await (await otherWorkspace(world)).do('permissions.createPermission', { name: 'x', slug: 'theirs' });
    },
    body: {},
    expect: { status: 200, data: [{ slug: 'in.passing', name: 'in.passing' }] },
  }),
  ...(
    [
      ['a part of a slug', 'cuments.r', ['documents.read']],
      ['a part of a name', 'name of invo', ['invoices_read']],
      ['upper case', 'READ', ['documents.read', 'invoices_read']],
      ['a part of a description', 'money', ['described']],
      ['a literal %', '%', []],
      ['a literal _', 's_r', ['invoices_read']],
      ['a backslash', '\\', []],
      ['nothing that fits', 'nope', []],
      ['only blanks', ' \t ', ['described', 'documents.read', 'invoices_read']],
    ] as const
  ).map(([what, search, found]) =>
    scenario({
      name: `search by ${what} finds ${found.length}`,
      async arrange(world) {
        await make(world, 'documents.read', 'invoices_read');
        await world.do('permissions.createPermission', {
          name: 'x',
          slug: 'described',
          description: 'Moves MONEY',
        });
      },
      body: { search },
      expect: { status: 200 },
      async after(_world, _vars, reply) {
        expect(slugsOf(reply.body.data)).toEqual(found);
      },
    }),
  ),
  scenario({
    name: 'any text is a cursor',
    arrange: (world) => make(world, 'one'),
    body: { cursor: '~~ garbage ~~' },
    expect: { status: 200, data: [] },
  }),
  ...denied({ body: {}, held: [[], ['rbac.*.read_role']] }),
  ...malformed([
    ['a limit of 0', { limit: 0 }, 'body.limit'],
    ['a limit of 101', { limit: 101 }, 'body.limit'],
    ['a limit of a half', { limit: 1.5 }, 'body.limit'],
    ['a cursor of 1025 characters', { cursor: 'c'.repeat(1025) }, 'body.cursor'],
    ['a search of 257 characters', { search: 's'.repeat(257) }, 'body.search'],
    ['a member that it does not know', { offset: 1 }, 'body.offset'],
  ]),
]);
