import { expect } from 'vitest';
import { auditOf, eventsOf } from '../audit.ts';
import { deleteNamespace, findNamespace, newNamespace } from '../namespaces.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const item = (namespace: string, changes: object = {}) => ({
  namespace,
  identifier: 'user_1',
  limit: 10,
  duration: 60_000,
  ...changes,
});

/** What remains of the limit of an item, by a check of cost 0. */
async function remainingOf(world: World, body: object): Promise<number> {
  return (await world.do('ratelimit.limit', { ...body, cost: 0 })).remaining;
}

async function twoNamespaces(world: World): Promise<{ a: string; b: string }> {
  return { a: await newNamespace(world, 'a'), b: await newNamespace(world, 'b') };
}

export const drops = ['rlns'];

export default suite('ratelimit.multiLimit', [
  scenario({
    name: 'three new namespaces are created, each audited, and the results are in the order of the items',
    body: [item('a'), item('b', { cost: 3 }), item('c', { cost: 10, identifier: 'user_2' })],
    expect: { status: 200 },
    async after(world, _vars, reply) {
      const reset = (Math.floor(world.clock.now() / 60_000) + 1) * 60_000;
      expect(reply.body.data).toEqual({
        passed: true,
        limits: [
          { namespace: 'a', identifier: 'user_1', passed: true, limit: 10, remaining: 9, reset },
          { namespace: 'b', identifier: 'user_1', passed: true, limit: 10, remaining: 7, reset },
          { namespace: 'c', identifier: 'user_2', passed: true, limit: 10, remaining: 0, reset },
        ],
      });
      expect(await eventsOf(world)).toEqual(Array.from({ length: 3 }, () => 'ratelimitNamespace.create'));
    },
  }),
  scenario({
    name: 'the audit records of namespaces created together share a correlation id',
    body: [item('a'), item('b'), item('a')],
    expect: { status: 200 },
    async after(world) {
      const [first, second, ...others] = await auditOf(world);
      expect(first?.correlationId).toMatch(/^cor_/);
      expect(second?.correlationId).toBe(first?.correlationId);
      expect(others).toEqual([]);
    },
  }),
  scenario({
    name: 'one denied item denies all, and none is consumed',
    arrange: (world) => world.do('ratelimit.limit', item('b', { cost: 10 })),
    body: [item('a', { cost: 2 }), item('b'), item('c')],
    expect: { status: 200 },
    async after(world, _vars, reply) {
      expect(reply.body.data).toMatchObject({
        passed: false,
        limits: [
          { namespace: 'a', passed: true, remaining: 10 },
          { namespace: 'b', passed: false, remaining: 0 },
          { namespace: 'c', passed: true, remaining: 10 },
        ],
      });
      expect(await remainingOf(world, item('a'))).toBe(10);
      expect(await remainingOf(world, item('c'))).toBe(10);
    },
  }),
  scenario({
    name: 'items that count the same add up in their order',
    body: [item('a', { cost: 4 }), item('a', { cost: 6 })],
    expect: {
      status: 200,
      data: {
        passed: true,
        limits: [
          { passed: true, remaining: 6 },
          { passed: true, remaining: 0 },
        ],
      },
    },
    async after(world) {
      expect(await remainingOf(world, item('a'))).toBe(0);
    },
  }),
  scenario({
    name: 'items that together exceed one limit are denied, and consume nothing',
    body: [item('a', { cost: 6 }), item('a', { cost: 5 })],
    expect: {
      status: 200,
      data: { passed: false, limits: [{ passed: true }, { passed: false, remaining: 0 }] },
    },
    async after(world) {
      expect(await remainingOf(world, item('a'))).toBe(10);
    },
  }),
  scenario({
    name: 'overrides apply to each item separately',
    async arrange(world) {
      await twoNamespaces(world);
      return {
        exact: await world.do('ratelimit.setOverride', {
          namespace: 'a',
          identifier: 'user_1',
          limit: 50,
          duration: 60_000,
        }),
        wildcard: await world.do('ratelimit.setOverride', {
          namespace: 'b',
          identifier: '*',
          limit: 20,
          duration: 60_000,
        }),
      };
    },
    body: [item('a'), item('b'), item('a', { identifier: 'user_2' })],
    expect: { status: 200 },
    async after(_world, { exact, wildcard }, reply) {
      const [first, second, third] = reply.body.data.limits;
      expect(first).toMatchObject({ limit: 50, remaining: 49, overrideId: exact.overrideId });
      expect(second).toMatchObject({ limit: 20, remaining: 19, overrideId: wildcard.overrideId });
      expect(third).not.toHaveProperty('overrideId');
    },
  }),
  scenario({
    name: 'a namespace is returned as it was sent, also by id, and counts the same',
    arrange: twoNamespaces,
    body: ({ a }: { a: string }) => [item(a), item('a')],
    expect: { status: 200 },
    async after(_world, { a }, reply) {
      expect(reply.body.data.limits).toMatchObject([
        { namespace: a, remaining: 9 },
        { namespace: 'a', remaining: 8 },
      ]);
    },
  }),
  scenario({
    name: 'it shares its counts with ratelimit.limit',
    arrange: (world) => world.do('ratelimit.limit', item('a', { cost: 9 })),
    body: [item('a')],
    expect: { status: 200, data: { passed: true, limits: [{ remaining: 0 }] } },
    async after(world) {
      expect(await world.do('ratelimit.limit', item('a'))).toMatchObject({ success: false });
    },
  }),
  {
    name: 'a hundred items are counted',
    body: Array.from({ length: 100 }, (_, index) => item(`namespace ${index % 7}`, { limit: 100 })),
    expect: { status: 200, data: { passed: true } },
    async after(_world, _vars, reply) {
      expect(reply.body.data.limits).toHaveLength(100);
    },
  },
  scenario({
    name: 'concurrent batches consume all or nothing',
    body: [item('first')],
    expect: { status: 200 },
    async after(world) {
      const batch = [item('a', { limit: 10 }), item('b', { limit: 7 })];
      const results = await Promise.all(
        Array.from({ length: 20 }, () => world.do('ratelimit.multiLimit', batch)),
      );
      expect(results.filter(({ passed }) => passed)).toHaveLength(7);
      expect(await remainingOf(world, item('a'))).toBe(3);
    },
  }),
  scenario({
    name: 'the permissions for all its namespaces suffice',
    arrange: twoNamespaces,
    permissions: ({ a, b }) => [`ratelimit.${a}.limit`, `ratelimit.${b}.limit`],
    body: [item('a'), item('b')],
    expect: { status: 200 },
  }),
  ...denied({
    arrange: twoNamespaces,
    body: [item('a'), item('b')],
    held: {
      'no permission': () => [],
      'the permission for one of two': ({ a }) => [`ratelimit.${a}.limit`],
      'the right to make namespaces': () => ['ratelimit.*.create_namespace'],
    },
  }),
  scenario({
    name: '403 without the permission to create a missing namespace, and nothing is created or counted',
    arrange: (world) => newNamespace(world, 'a'),
    permissions: ['ratelimit.*.limit'],
    body: [item('a'), item('new')],
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    async after(world, _vars, reply) {
      expect(reply.body.error.detail).toContain('ratelimit.*.create_namespace');
      expect(await findNamespace(world, 'new')).toBeNull();
      expect(await remainingOf(world, item('a'))).toBe(10);
    },
  }),
  scenario({
    name: '410 when one of its namespaces is deleted, and nothing is counted',
    async arrange(world) {
      const { b } = await twoNamespaces(world);
      await deleteNamespace(world, b);
    },
    body: [item('a'), item('b')],
    expect: { status: 410, code: 'unkey/data/ratelimit_namespace_gone' },
    async after(world) {
      expect(await remainingOf(world, item('a'))).toBe(10);
    },
  }),
  scenario({
    name: '403 comes before 410',
    async arrange(world) {
      const { b } = await twoNamespaces(world);
      await deleteNamespace(world, b);
    },
    permissions: [],
    body: [item('b')],
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
  }),
  ...malformed([
    ['an empty array', [], 'body'],
    ['an object', item('a'), 'body'],
    ['101 items', Array.from({ length: 101 }, () => item('a')), 'body'],
    ['a negative cost', [item('a'), item('a', { cost: -1 })], 'body[1].cost'],
    ['an empty namespace', [item('')], 'body[0].namespace'],
    ['an item without limit', [item('a', { limit: undefined })], 'body[0].limit'],
    ['a duration of 999', [item('a', { duration: 999 })], 'body[0].duration'],
    ['an item that is null', [null], 'body[0]'],
    ['a member that it does not know', [item('a', { tags: [] })], 'body[0].tags'],
  ]),
]);
