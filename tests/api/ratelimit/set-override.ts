import { expect } from 'vitest';
import { auditOf } from '../audit.ts';
import { deleteNamespace, findNamespace, newNamespace } from '../namespaces.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/ratelimit_namespace_not_found' } as const;
const valid = { namespace: 'email.send', identifier: 'user_1', limit: 5, duration: 60_000 };
const reference = { namespace: 'email.send', identifier: 'user_1' };
const withNamespace = (world: World) => newNamespace(world);
const set = (world: World, changes: object = {}) =>
  world.do('ratelimit.setOverride', { ...valid, ...changes });

export const drops = ['rlns'];

export default suite('ratelimit.setOverride', [
  scenario({
    name: 'an override gets an id, is found, and is audited with its namespace',
    arrange: withNamespace,
    permissions: ['ratelimit.*.set_override'],
    body: valid,
    expect: { status: 200, data: { overrideId: expect.stringMatching(/^rlor_/) } },
    async after(world, namespaceId, reply) {
      const { overrideId } = reply.body.data;
      expect(reply.body.data).toEqual({ overrideId });
      expect(await world.do('ratelimit.getOverride', reference)).toEqual({
        overrideId,
        identifier: 'user_1',
        limit: 5,
        duration: 60_000,
      });
      expect((await auditOf(world)).at(-1)).toMatchObject({
        event: 'ratelimit.set_override',
        resources: expect.arrayContaining([
          expect.objectContaining({ type: 'ratelimitOverride', id: overrideId }),
          expect.objectContaining({ type: 'ratelimitNamespace', id: namespaceId }),
        ]),
      });
    },
  }),
  scenario({
    name: 'the next limit call uses it, also when one was made before',
    async arrange(world) {
      await withNamespace(world);
      const call = { ...reference, limit: 100, duration: 60_000 };
      await world.do('ratelimit.limit', call);
      return call;
    },
    body: valid,
    expect: { status: 200 },
    async after(world, call, reply) {
      expect(await world.do('ratelimit.limit', call)).toMatchObject({
        limit: 5,
        overrideId: reply.body.data.overrideId,
      });
    },
  }),
  scenario({
    name: 'the namespace is named by its id too, and the permission by that id',
    arrange: withNamespace,
    permissions: (id) => [`ratelimit.${id}.set_override`],
    body: (id: string) => ({ ...valid, namespace: id }),
    expect: { status: 200 },
  }),
  scenario({
    name: 'the same identifier again keeps the id and has the new values',
    async arrange(world) {
      await withNamespace(world);
      return set(world);
    },
    body: { ...valid, limit: 9, duration: 1000 },
    expect: { status: 200 },
    async after(world, { overrideId }, reply) {
      expect(reply.body.data.overrideId).toBe(overrideId);
      expect(await world.do('ratelimit.getOverride', reference)).toMatchObject({ limit: 9, duration: 1000 });
      expect(await world.do('ratelimit.listOverrides', { namespace: 'email.send' })).toHaveLength(1);
    },
  }),
  scenario({
    name: 'an override that was deleted comes back when it is set again',
    async arrange(world) {
      await withNamespace(world);
      await set(world);
      await world.do('ratelimit.deleteOverride', reference);
    },
    body: { ...valid, limit: 7 },
    expect: { status: 200 },
    async after(world, _vars, reply) {
      const wanted = { overrideId: reply.body.data.overrideId, limit: 7 };
      expect(await world.do('ratelimit.getOverride', reference)).toMatchObject(wanted);
      expect(await world.do('ratelimit.listOverrides', { namespace: 'email.send' })).toMatchObject([wanted]);
      expect(await world.do('ratelimit.limit', { ...reference, limit: 1, duration: 1000 })).toMatchObject(
        wanted,
      );
    },
  }),
  ...[
    { identifier: '*' },
    { identifier: '🚀'.repeat(512) },
    { identifier: ' spaced\n' },
    { limit: 0 },
    { limit: Number.MAX_SAFE_INTEGER },
    { duration: 1000 },
    { duration: Number.MAX_SAFE_INTEGER },
  ].map((changes) =>
    scenario({
      name: `${JSON.stringify(changes).slice(0, 40)} is stored unchanged`,
      arrange: withNamespace,
      body: { ...valid, ...changes },
      expect: { status: 200 },
      async after(world) {
        const [stored] = await world.do('ratelimit.listOverrides', { namespace: 'email.send' });
        expect(stored).toMatchObject(changes);
      },
    }),
  ),
  scenario({
    name: 'a limit call under the longest possible override is decided',
    arrange: withNamespace,
    body: { ...valid, duration: Number.MAX_SAFE_INTEGER },
    expect: { status: 200 },
    async after(world) {
      const result = await world.do('ratelimit.limit', { ...reference, limit: 1, duration: 1000 });
      expect(result).toMatchObject({ success: true, remaining: 4 });
    },
  }),
  scenario({
    name: 'ten calls at once for one identifier make one override',
    arrange: withNamespace,
    body: { ...valid, identifier: 'first' },
    expect: { status: 200 },
    async after(world) {
      const made = await Promise.all(Array.from({ length: 10 }, (_, index) => set(world, { limit: index })));
      expect(new Set(made.map(({ overrideId }) => overrideId)).size).toBe(1);
    },
  }),
  ...['email.send', 'rlns_does_not_exist'].map((namespace) => ({
    name: `404 for the namespace ${namespace}, which does not exist, without permission too; none is created`,
    permissions: [],
    body: { ...valid, namespace },
    expect: absent,
    async after(world: World) {
      expect(await findNamespace(world, namespace)).toBeNull();
    },
  })),
  scenario({
    name: '404 for a deleted namespace',
    async arrange(world) {
      await deleteNamespace(world, await withNamespace(world));
    },
    body: valid,
    expect: absent,
  }),
  scenario({
    name: '404 for a namespace of another workspace, by name',
    arrange: async (world) =>
      (await otherWorkspace(world)).do('ratelimit.limit', { ...reference, limit: 1, duration: 1000 }),
    body: valid,
    expect: absent,
  }),
  ...denied({
    arrange: withNamespace,
    body: valid,
    held: {
      'no permission': () => [],
      'the permission for another namespace': () => ['ratelimit.rlns_other.set_override'],
      'the permission to count': () => ['ratelimit.*.limit'],
      'the permission to delete': (id) => [`ratelimit.${id}.delete_override`],
    },
  }),
  ...malformed([
    ['no namespace', { ...valid, namespace: undefined }, 'body.namespace'],
    ['an empty namespace', { ...valid, namespace: '' }, 'body.namespace'],
    ['no identifier', { ...valid, identifier: undefined }, 'body.identifier'],
    ['an empty identifier', { ...valid, identifier: '' }, 'body.identifier'],
    ['an identifier of 513 characters', { ...valid, identifier: 'i'.repeat(513) }, 'body.identifier'],
    ['no limit', { ...valid, limit: undefined }, 'body.limit'],
    ['a negative limit', { ...valid, limit: -1 }, 'body.limit'],
    ['a limit of a half', { ...valid, limit: 0.5 }, 'body.limit'],
    ['no duration', { ...valid, duration: undefined }, 'body.duration'],
    ['a duration of 999', { ...valid, duration: 999 }, 'body.duration'],
    ['a duration beyond 2^53 - 1', { ...valid, duration: 2 ** 53 }, 'body.duration'],
    ['a member that it does not know', { ...valid, cost: 1 }, 'body.cost'],
  ]),
]);
