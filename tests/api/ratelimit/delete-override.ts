import { expect } from 'vitest';
import { auditOf, eventsOf } from '../audit.ts';
import { deleteNamespace, newNamespace } from '../namespaces.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absentOverride = { status: 404, code: 'unkey/data/ratelimit_override_not_found' } as const;
const absentNamespace = { status: 404, code: 'unkey/data/ratelimit_namespace_not_found' } as const;
const reference = { namespace: 'email.send', identifier: 'user_1' };

/** Returns the id of its namespace. */
async function newOverride(world: World, identifier = 'user_1'): Promise<string> {
  const id = await newNamespace(world);
  await world.do('ratelimit.setOverride', {
    namespace: 'email.send',
    identifier,
    limit: 5,
    duration: 60_000,
  });
  return id;
}

const newOverrideOnly = (world: World) => newOverride(world);

export const drops = ['rlns'];

export default suite('ratelimit.deleteOverride', [
  scenario({
    name: 'an override is deleted by namespace name, limit calls go by their own values at once, it is audited',
    async arrange(world) {
      const id = await newOverride(world);
      const call = { ...reference, limit: 100, duration: 60_000 };
      expect(await world.do('ratelimit.limit', call)).toMatchObject({ limit: 5 });
      return { id, call };
    },
    permissions: ['ratelimit.*.delete_override'],
    body: reference,
    expect: { status: 200 },
    async after(world, { id, call }, reply) {
      expect(reply.body.data).toEqual({});
      const result = await world.do('ratelimit.limit', call);
      expect(result).toMatchObject({ limit: 100 });
      expect(result).not.toHaveProperty('overrideId');
      expect((await auditOf(world)).at(-1)).toMatchObject({
        event: 'ratelimit.delete_override',
        resources: expect.arrayContaining([
          expect.objectContaining({ type: 'ratelimitOverride' }),
          expect.objectContaining({ type: 'ratelimitNamespace', id }),
        ]),
      });
    },
  }),
  scenario({
    name: 'it is deleted by namespace id, with the permission for that namespace',
    arrange: newOverrideOnly,
    permissions: (id) => [`ratelimit.${id}.delete_override`],
    body: (id: string) => ({ ...reference, namespace: id }),
    expect: { status: 200 },
    async after(world) {
      expect((await world.call('ratelimit.getOverride', reference)).status).toBe(404);
    },
  }),
  scenario({
    name: 'a wildcard is deleted by its own text',
    arrange: (world) => newOverride(world, 'user_*'),
    body: { ...reference, identifier: 'user_*' },
    expect: { status: 200 },
  }),
  scenario({
    name: '404 for an identifier that a wildcard only covers, and the wildcard stays',
    arrange: (world) => newOverride(world, 'user_*'),
    body: reference,
    expect: absentOverride,
    async after(world) {
      await world.do('ratelimit.getOverride', reference);
    },
  }),
  scenario({
    name: '404 for a wildcard that would match an override, which is unchanged',
    arrange: newOverrideOnly,
    body: { ...reference, identifier: '*' },
    expect: absentOverride,
    async after(world) {
      await world.do('ratelimit.getOverride', reference);
    },
  }),
  scenario({
    name: '404 the second time, and one audit record',
    async arrange(world) {
      await newOverride(world);
      await world.do('ratelimit.deleteOverride', reference);
    },
    body: reference,
    expect: absentOverride,
    async after(world) {
      const deletions = (await eventsOf(world)).filter((event) => event === 'ratelimit.delete_override');
      expect(deletions).toHaveLength(1);
    },
  }),
  { name: '404 for a namespace that does not exist', body: reference, expect: absentNamespace },
  { name: '404 comes before 403', permissions: [], body: reference, expect: absentNamespace },
  scenario({
    name: '404 for a deleted namespace',
    async arrange(world) {
      await deleteNamespace(world, await newOverride(world));
    },
    body: reference,
    expect: absentNamespace,
  }),
  scenario({
    name: '404 for a namespace of another workspace, and the override is unchanged',
    async arrange(world) {
      const other = await otherWorkspace(world);
      await other.do('ratelimit.limit', { ...reference, limit: 1, duration: 1000 });
      await other.do('ratelimit.setOverride', { ...reference, limit: 1, duration: 1000 });
      return other;
    },
    body: reference,
    expect: absentNamespace,
    async after(_world, other) {
      await other.do('ratelimit.getOverride', reference);
    },
  }),
  ...denied({
    arrange: newOverrideOnly,
    body: reference,
    held: {
      'no permission': () => [],
      'the permission for another namespace': () => ['ratelimit.rlns_other.delete_override'],
      'the permission to set': (id) => [`ratelimit.${id}.set_override`],
    },
  }),
  ...denied({
    arrange: newOverrideOnly,
    body: { ...reference, identifier: 'nobody' },
    held: [['ratelimit.*.read_override']],
  }),
  ...malformed([
    ['no namespace', { identifier: 'x' }, 'body.namespace'],
    ['an empty namespace', { namespace: '', identifier: 'x' }, 'body.namespace'],
    ['no identifier', { namespace: 'x' }, 'body.identifier'],
    ['an empty identifier', { namespace: 'x', identifier: '' }, 'body.identifier'],
    ['a member that it does not know', { ...reference, overrideId: 'x' }, 'body.overrideId'],
  ]),
]);
