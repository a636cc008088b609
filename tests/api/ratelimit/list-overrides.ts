import { expect } from 'vitest';
import { deleteNamespace, newNamespace } from '../namespaces.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/ratelimit_namespace_not_found' } as const;
const identifiers = (count: number) => Array.from({ length: count }, (_, index) => `user_${index}`).sort();

/** Creates a namespace with this many overrides; returns its id. */
async function withOverrides(world: World, count: number): Promise<string> {
  const id = await newNamespace(world);
  for (const identifier of identifiers(count)) {
    await world.do('ratelimit.setOverride', { namespace: id, identifier, limit: 5, duration: 60_000 });
  }
  return id;
}

const identifiersOf = (rows: { identifier: string }[]) => rows.map(({ identifier }) => identifier).sort();

export const drops = [];

export default suite('ratelimit.listOverrides', [
  scenario({
    name: 'a namespace without overrides has an empty list without cursor',
    arrange: (world) => withOverrides(world, 0),
    body: { namespace: 'email.send' },
    expect: { status: 200, data: [] },
    async after(_world, _id, reply) {
      expect(reply.body.pagination).toEqual({ hasMore: false });
    },
  }),
  scenario({
    name: 'the default page holds ten, and pages are disjoint and complete, in the order of their ids',
    arrange: (world) => withOverrides(world, 23),
    permissions: ['ratelimit.*.read_override'],
    body: { namespace: 'email.send' },
    expect: { status: 200 },
    async after(world, _id, reply) {
      expect(reply.body.data).toHaveLength(10);
      const rows = [...reply.body.data];
      let { cursor } = reply.body.pagination;
      while (cursor !== undefined) {
        const next = await world.call('ratelimit.listOverrides', { namespace: 'email.send', cursor });
        rows.push(...next.body.data);
        cursor = next.body.pagination.cursor;
      }
      expect(identifiersOf(rows)).toEqual(identifiers(23));
      const ids = rows.map(({ overrideId }) => overrideId);
      expect(ids).toEqual([...ids].sort());
    },
  }),
  scenario({
    name: 'an item has all members of the override, by namespace id and with the permission for it',
    arrange: (world) => withOverrides(world, 1),
    permissions: (id) => [`ratelimit.${id}.read_override`],
    body: (id: string) => ({ namespace: id, limit: 100 }),
    expect: { status: 200 },
    async after(_world, _id, reply) {
      expect(reply.body.data).toEqual([
        {
          overrideId: expect.stringMatching(/^rlor_/),
          identifier: 'user_0',
          limit: 5,
          duration: 60_000,
        },
      ]);
    },
  }),
  scenario({
    name: 'deleted overrides and those of other namespaces are not listed',
    async arrange(world) {
      await withOverrides(world, 2);
      await newNamespace(world, 'other');
      await world.do('ratelimit.setOverride', {
        namespace: 'other',
        identifier: 'elsewhere',
        limit: 1,
        duration: 1000,
      });
      await world.do('ratelimit.deleteOverride', { namespace: 'email.send', identifier: 'user_0' });
    },
    body: { namespace: 'email.send' },
    expect: { status: 200, data: [{ identifier: 'user_1' }] },
  }),
  scenario({
    name: 'any text is a cursor',
    arrange: (world) => withOverrides(world, 2),
    body: { namespace: 'email.send', cursor: '~ garbage ~' },
    expect: { status: 200, data: [] },
  }),
  { name: '404 for a namespace that does not exist', body: { namespace: 'email.send' }, expect: absent },
  { name: '404 comes before 403', permissions: [], body: { namespace: 'email.send' }, expect: absent },
  scenario({
    name: '404 for a deleted namespace',
    async arrange(world) {
      await deleteNamespace(world, await withOverrides(world, 1));
    },
    body: { namespace: 'email.send' },
    expect: absent,
  }),
  scenario({
    name: '404 for a namespace of another workspace',
    arrange: async (world) =>
      (await otherWorkspace(world)).do('ratelimit.limit', {
        namespace: 'email.send',
        identifier: 'x',
        limit: 1,
        duration: 1000,
      }),
    body: { namespace: 'email.send' },
    expect: absent,
  }),
  ...denied({
    arrange: (world) => withOverrides(world, 1),
    body: { namespace: 'email.send' },
    held: {
      'no permission': () => [],
      'the permission for another namespace': () => ['ratelimit.rlns_other.read_override'],
      'the permission that its name suggests': () => ['ratelimit.*.list_overrides'],
      'the permission to set': (id) => [`ratelimit.${id}.set_override`],
    },
  }),
  ...malformed([
    ['no namespace', {}, 'body.namespace'],
    ['an empty namespace', { namespace: '' }, 'body.namespace'],
    ['a limit of 0', { namespace: 'x', limit: 0 }, 'body.limit'],
    ['a limit of 101', { namespace: 'x', limit: 101 }, 'body.limit'],
    ['a cursor that is a number', { namespace: 'x', cursor: 1 }, 'body.cursor'],
    ['a member that it does not know', { namespace: 'x', search: 'y' }, 'body.search'],
  ]),
]);
