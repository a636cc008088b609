import { expect } from 'vitest';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';
import { limitNamed } from '../stored-limits.ts';

/** Creates them in order; returns their ids by external id. */
async function make(world: World, ...externalIds: string[]): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const externalId of externalIds) {
    ids[externalId] = (await world.do('identities.createIdentity', { externalId })).identityId;
  }
  return ids;
}

const users = (count: number) => Array.from({ length: count }, (_, index) => `user_${index}`);
const externalIdsOf = (rows: { externalId: string }[]) => rows.map(({ externalId }) => externalId).sort();

export const drops = [];

export default suite('identities.listIdentities', [
  {
    name: 'a workspace without identities has an empty list without cursor',
    body: {},
    expect: { status: 200, data: [] },
    async after(_world, _vars, reply) {
      expect(reply.body.pagination).toEqual({ hasMore: false });
    },
  },
  scenario({
    name: 'identities come with meta and limits, in the order of their ids',
    async arrange(world) {
      await make(world, ...users(6));
      await world.do('identities.createIdentity', {
        externalId: 'rich',
        meta: { name: 'Zoë 北京' },
        ratelimits: [limitNamed('requests')],
      });
    },
    body: {},
    expect: { status: 200 },
    async after(_world, _vars, reply) {
      const { data, pagination } = reply.body;
      expect(externalIdsOf(data)).toEqual(['rich', ...users(6)].sort());
      expect(pagination).toEqual({ hasMore: false });
      const ids = data.map(({ id }: { id: string }) => id);
      expect(ids).toEqual([...ids].sort());
      expect(data.find(({ externalId }: { externalId: string }) => externalId === 'rich')).toMatchObject({
        meta: { name: 'Zoë 北京' },
        ratelimits: [{ name: 'requests', limit: 100 }],
      });
    },
  }),
  scenario({
    name: 'the default page holds 100',
    arrange: (world) => make(world, ...users(101)),
    body: {},
    expect: { status: 200 },
    async after(world, _ids, reply) {
      expect(reply.body.data).toHaveLength(100);
      const { hasMore, cursor } = reply.body.pagination;
      expect(hasMore).toBe(true);
      const next = await world.call('identities.listIdentities', { cursor });
      expect(next.body.data).toHaveLength(1);
      expect(next.body.pagination).toEqual({ hasMore: false });
    },
  }),
  scenario({
    name: 'pages are disjoint and complete',
    arrange: (world) => make(world, ...users(10)),
    body: { limit: 7 },
    expect: { status: 200 },
    async after(world, _ids, reply) {
      expect(reply.body.data).toHaveLength(7);
      const next = await world.call('identities.listIdentities', {
        limit: 7,
        cursor: reply.body.pagination.cursor,
      });
      expect(externalIdsOf([...reply.body.data, ...next.body.data])).toEqual(users(10));
      expect(next.body.pagination).toEqual({ hasMore: false });
    },
  }),
  scenario({
    name: 'a page with exactly all items has no cursor',
    arrange: (world) => make(world, ...users(3)),
    body: { limit: 3 },
    expect: { status: 200 },
    async after(_world, _ids, reply) {
      expect(reply.body.data).toHaveLength(3);
      expect(reply.body.pagination).toEqual({ hasMore: false });
    },
  }),
  scenario({
    name: 'a cursor whose identity was deleted continues with the next one',
    arrange: (world) => make(world, ...users(5)),
    body: { limit: 2 },
    expect: { status: 200 },
    async after(world, _ids, reply) {
      const { cursor } = reply.body.pagination;
      await world.call('identities.deleteIdentity', { identity: cursor });
      const next = await world.call('identities.listIdentities', { cursor });
      expect(next.body.data).toHaveLength(2);
    },
  }),
  ...['', 'garbage', 'zzzz', "' OR 1=1 --"].map((cursor) =>
    scenario({
      name: `the cursor ${JSON.stringify(cursor)} is no error`,
      arrange: (world) => make(world, 'only'),
      body: { cursor },
      expect: { status: 200 },
    }),
  ),
  scenario({
    name: 'deleted identities and those of other workspaces are not listed',
    async arrange(world) {
      await make(world, 'kept', 'gone');
      await world.call('identities.deleteIdentity', { identity: 'gone' });
      await (await otherWorkspace(world)).do('identities.createIdentity', { externalId: 'theirs' });
    },
    body: {},
    expect: { status: 200, data: [{ externalId: 'kept' }] },
  }),
  ...(
    [
      ['a part of the external id', 'lic', ['alice']],
      ['upper case', 'ALICE', ['alice']],
      ['blanks around it', '  bob ', ['bob']],
      ['nothing that fits', 'carol', []],
      ['only blanks', '   ', ['a.b_c', 'alice', 'axb-c', 'bob']],
      ['an empty text', '', ['a.b_c', 'alice', 'axb-c', 'bob']],
      ['a literal %', '%', []],
      ['a literal _', 'b_c', ['a.b_c']],
      ['a backslash', '\\', []],
      ['a quote', "'", []],
    ] as const
  ).map(([what, search, found]) =>
    scenario({
      name: `search by ${what} finds ${found.length}`,
      arrange: (world) => make(world, 'alice', 'bob', 'a.b_c', 'axb-c'),
      body: { search },
      expect: { status: 200 },
      async after(_world, _ids, reply) {
        expect(externalIdsOf(reply.body.data)).toEqual(found);
      },
    }),
  ),
  scenario({
    name: 'search by id finds it',
    arrange: (world) => make(world, 'alice', 'bob'),
    body: (ids: Record<string, string>) => ({ search: ids.bob }),
    expect: { status: 200, data: [{ externalId: 'bob' }] },
  }),
  scenario({
    name: 'search and cursor go together',
    arrange: (world) => make(world, ...users(5), 'other'),
    body: { search: 'user_', limit: 3 },
    expect: { status: 200 },
    async after(world, _ids, reply) {
      const { cursor } = reply.body.pagination;
      const next = await world.call('identities.listIdentities', { search: 'user_', limit: 3, cursor });
      expect(externalIdsOf([...reply.body.data, ...next.body.data])).toEqual(users(5));
    },
  }),
  {
    name: 'an empty page needs no permission',
    permissions: [],
    body: {},
    expect: { status: 200, data: [] },
  },
  scenario({
    name: 'the permission for one identity suffices for a page with only that one',
    arrange: (world) => make(world, 'alice', 'bob'),
    permissions: (ids) => [`identity.${ids.alice}.read_identity`],
    body: { search: 'alice' },
    expect: { status: 200, data: [{ externalId: 'alice' }] },
  }),
  scenario({
    name: 'a grant by path suffices',
    arrange: (world) => make(world, 'alice', 'bob'),
    permissions: (_ids, { workspaceId }) => [`unkey:v1:${workspaceId}:projects/*/identities/*#read_identity`],
    body: {},
    expect: { status: 200 },
  }),
  ...denied({
    arrange: (world) => make(world, 'alice', 'bob'),
    body: {},
    held: {
      'no permission': () => [],
      'the permission for one of two': (ids) => [`identity.${ids.alice}.read_identity`],
      'another action': () => ['identity.*.create_identity'],
    },
  }),
  ...malformed([
    ['a limit of -10', { limit: -10 }, 'body.limit'],
    ['a limit of 0', { limit: 0 }, 'body.limit'],
    ['a limit of 101', { limit: 101 }, 'body.limit'],
    ['a limit of 1000', { limit: 1000 }, 'body.limit'],
    ['a limit that is a string', { limit: '10' }, 'body.limit'],
    ['a cursor that is null', { cursor: null }, 'body.cursor'],
    ['a search of 257 characters', { search: 's'.repeat(257) }, 'body.search'],
    ['a member that it does not know', { page: 2 }, 'body.page'],
    ['an empty body', '', 'body'],
  ]),
]);
