import { expect } from 'vitest';
import { auditOf, eventsOf } from '../audit.ts';
import { deleteNamespace, findNamespace, newNamespace } from '../namespaces.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const gone = { status: 410, code: 'unkey/data/ratelimit_namespace_gone' } as const;
const valid = { namespace: 'email.send', identifier: 'user_1', limit: 100, duration: 60_000 };
const limit = (world: World, changes: object = {}) => world.do('ratelimit.limit', { ...valid, ...changes });
const override = (world: World, identifier: string, limit: number, duration = 60_000) =>
  world.do('ratelimit.setOverride', { namespace: 'email.send', identifier, limit, duration });

/** The start of a minute's window, far from what other cases count. */
function startOfWindow(world: World): number {
  const now = Math.ceil(world.clock.now() / 60_000) * 60_000;
  world.clock.set(now);
  return now;
}

const namespaces = [
  'a',
  'with spaces',
  '  blanks around  ',
  'emoji 🚀👩‍👩‍👧‍👦',
  'control \u0001 \t \n characters',
  'slash/and\\backslash',
  'quote \' and " and ;--',
  '%_*?',
  'عربى',
  'n'.repeat(255),
  '🚀'.repeat(512),
];

// The first use of a namespace creates it.
export const drops = ['rlns'];

export default suite('ratelimit.limit', [
  scenario({
    name: 'the first call creates the namespace, counts, and is audited with its name',
    body: valid,
    expect: { status: 200 },
    async after(world, _vars, reply) {
      const now = world.clock.now();
      expect(reply.body.data).toEqual({
        success: true,
        limit: 100,
        remaining: 99,
        reset: (Math.floor(now / 60_000) + 1) * 60_000,
      });
      const records = await auditOf(world);
      expect(records).toMatchObject([
        {
          event: 'ratelimitNamespace.create',
          resources: [{ type: 'ratelimitNamespace', name: 'email.send' }],
        },
      ]);
      expect(records[0]?.display).toContain('email.send');
    },
  }),
  scenario({
    name: 'a cost is consumed as a whole',
    body: { ...valid, cost: 5 },
    expect: { status: 200, data: { success: true, remaining: 95 } },
  }),
  scenario({
    name: 'a cost of 0 checks without consuming, also when nothing remains',
    async arrange(world) {
      await limit(world, { limit: 3, cost: 3 });
    },
    body: { ...valid, limit: 3, cost: 0 },
    expect: { status: 200, data: { success: true, remaining: 0 } },
    async after(world) {
      expect(await limit(world, { limit: 4 })).toMatchObject({ success: true, remaining: 0 });
    },
  }),
  scenario({
    name: 'a call beyond the limit is denied with 200 and consumes nothing',
    arrange: (world) => limit(world, { limit: 5, cost: 4 }),
    body: { ...valid, limit: 5, cost: 2 },
    expect: { status: 200, data: { success: false, limit: 5, remaining: 0 } },
    async after(world) {
      expect(await limit(world, { limit: 5, cost: 1 })).toMatchObject({ success: true, remaining: 0 });
      expect(await limit(world, { limit: 5 })).toMatchObject({ success: false, remaining: 0 });
    },
  }),
  {
    name: 'a cost above the limit is always denied',
    body: { ...valid, limit: 5, cost: 6 },
    expect: { status: 200, data: { success: false, remaining: 0 } },
  },
  scenario({
    name: 'changing the limit keeps the count, changing the duration starts another',
    arrange: (world) => limit(world, { cost: 10 }),
    body: { ...valid, limit: 11 },
    expect: { status: 200, data: { success: true, remaining: 0 } },
    async after(world) {
      expect(await limit(world, { limit: 11, duration: 61_000 })).toMatchObject({ remaining: 10 });
      expect(await limit(world, { limit: 12 })).toMatchObject({ success: true, remaining: 0 });
    },
  }),
  scenario({
    name: 'identifiers and namespaces count by themselves, and upper and lower case differ',
    arrange: (world) => limit(world, { limit: 1 }),
    body: { ...valid, limit: 1, identifier: 'USER_1' },
    expect: { status: 200, data: { success: true } },
    async after(world) {
      expect(await limit(world, { limit: 1, namespace: 'Email.send' })).toMatchObject({ success: true });
      expect(await limit(world, { limit: 1 })).toMatchObject({ success: false });
      expect((await eventsOf(world)).length).toBe(2);
    },
  }),
  scenario({
    name: 'the window slides: the previous one counts in proportion to its part within the duration',
    async arrange(world) {
      const start = startOfWindow(world);
      await limit(world, { cost: 90 });
      world.clock.set(start + 60_000 + 15_000);
    },
    body: { ...valid, cost: 0 },
    // floor(90 × 0.75) = 67
    expect: { status: 200, data: { success: true, remaining: 33 } },
    async after(world) {
      expect(await limit(world, { cost: 33 })).toMatchObject({ success: true, remaining: 0 });
      expect(await limit(world)).toMatchObject({ success: false });
      world.clock.advance(60_000);
      expect(await limit(world, { cost: 0 })).toMatchObject({ remaining: 76 });
      world.clock.advance(60_000);
      expect(await limit(world, { cost: 0 })).toMatchObject({ remaining: 100 });
    },
  }),
  scenario({
    name: 'two windows later nothing counts',
    async arrange(world) {
      const start = startOfWindow(world);
      await limit(world, { cost: 100 });
      world.clock.set(start + 120_000);
    },
    body: valid,
    expect: { status: 200, data: { success: true, remaining: 99 } },
  }),
  scenario({
    name: 'a namespace is named by its id too, and counts the same',
    async arrange(world) {
      const id = await newNamespace(world);
      await limit(world, { limit: 2 });
      return id;
    },
    body: (id: string) => ({ ...valid, limit: 2, namespace: id }),
    expect: { status: 200, data: { success: true, remaining: 0 } },
    async after(world) {
      expect(await limit(world, { limit: 2 })).toMatchObject({ success: false });
      expect(await eventsOf(world)).toHaveLength(1);
    },
  }),
  ...namespaces.map((namespace) =>
    scenario({
      name: `the namespace ${JSON.stringify(namespace.slice(0, 30))} is stored unchanged`,
      body: { ...valid, namespace, identifier: namespace },
      expect: { status: 200, data: { success: true } },
      async after(world) {
        expect((await findNamespace(world, namespace))?.name).toBe(namespace);
      },
    }),
  ),
  scenario({
    name: 'an exact override replaces limit and duration',
    async arrange(world) {
      await newNamespace(world);
      return override(world, 'user_1', 200, 1000);
    },
    body: valid,
    expect: { status: 200 },
    async after(world, { overrideId }, reply) {
      const reset = (Math.floor(world.clock.now() / 1000) + 1) * 1000;
      expect(reply.body.data).toEqual({ success: true, limit: 200, remaining: 199, reset, overrideId });
    },
  }),
  scenario({
    name: 'an override of 3 lets three through and names itself throughout',
    async arrange(world) {
      await newNamespace(world);
      return override(world, 'user_1', 3);
    },
    body: valid,
    expect: { status: 200, data: { success: true, limit: 3, remaining: 2 } },
    async after(world, { overrideId }) {
      for (const [success, remaining] of [
        [true, 1],
        [true, 0],
        [false, 0],
      ]) {
        expect(await limit(world)).toMatchObject({ success, remaining, limit: 3, overrideId });
      }
    },
  }),
  scenario({
    name: 'an override of 0 denies all',
    async arrange(world) {
      await newNamespace(world);
      return override(world, 'user_1', 0);
    },
    body: valid,
    expect: { status: 200 },
    async after(_world, { overrideId }, reply) {
      expect(reply.body.data).toMatchObject({ success: false, limit: 0, remaining: 0, overrideId });
    },
  }),
  scenario({
    name: 'an exact override wins over wildcards, and of those the one with the most literal characters',
    async arrange(world) {
      await newNamespace(world);
      for (const [identifier, limit] of [
        ['*', 1],
        ['user_*', 2],
        ['*er_1', 3],
        ['us*er_1', 4],
        ['user_1', 5],
      ] as const) {
        await override(world, identifier, limit);
      }
    },
    body: valid,
    expect: { status: 200, data: { limit: 5 } },
    async after(world) {
      const limitOf = async (identifier: string) => (await limit(world, { identifier })).limit;
      expect(await limitOf('user_2')).toBe(2);
      expect(await limitOf('usXer_1')).toBe(4);
      expect(await limitOf('nobody')).toBe(1);
      expect(await limitOf('buyer_1')).toBe(3);
      expect(await limitOf('line\nbreak')).toBe(100);
      await world.do('ratelimit.deleteOverride', { namespace: 'email.send', identifier: 'user_1' });
      expect(await limitOf('user_1')).toBe(4);
    },
  }),
  scenario({
    name: 'of wildcards that are equally specific the oldest wins',
    async arrange(world) {
      await newNamespace(world);
      await override(world, 'user*1', 7);
      world.clock.advance(1);
      await override(world, 'user_*', 8);
      world.clock.advance(1);
      await override(world, '*ser_1', 9);
      await override(world, 'user_*', 10);
    },
    body: valid,
    expect: { status: 200, data: { limit: 7 } },
  }),
  scenario({
    name: 'an identifier with * matches the override with that text; all other characters of a pattern are literal',
    async arrange(world) {
      await newNamespace(world);
      await override(world, 'a.b*', 2);
    },
    body: { ...valid, identifier: 'a.b*' },
    expect: { status: 200, data: { limit: 2 } },
    async after(world) {
      expect(await limit(world, { identifier: 'axb1' })).toMatchObject({ limit: 100 });
      expect(await limit(world, { identifier: 'A.B1' })).toMatchObject({ limit: 100 });
      expect(await limit(world, { identifier: 'a.b' })).toMatchObject({ limit: 2 });
    },
  }),
  scenario({
    name: 'concurrent first calls make one namespace and count each',
    body: { ...valid, namespace: 'another' },
    expect: { status: 200 },
    async after(world) {
      const results = await Promise.all(Array.from({ length: 20 }, () => limit(world, { limit: 15 })));
      expect(results.filter(({ success }) => success)).toHaveLength(15);
      expect(await eventsOf(world)).toEqual(['ratelimitNamespace.create', 'ratelimitNamespace.create']);
    },
  }),
  scenario({
    name: 'the permission for this namespace suffices, by its id',
    arrange: newNamespaceOnly,
    permissions: (id) => [`ratelimit.${id}.limit`],
    body: valid,
    expect: { status: 200 },
  }),
  {
    name: 'the permissions to create and to count suffice for a new namespace',
    permissions: ['ratelimit.*.create_namespace', 'ratelimit.*.limit'],
    body: valid,
    expect: { status: 200 },
  },
  scenario({
    name: 'limits and durations at their bounds are allowed',
    body: { ...valid, limit: Number.MAX_SAFE_INTEGER, duration: 2_592_000_000 },
    expect: { status: 200, data: { success: true, remaining: Number.MAX_SAFE_INTEGER - 1 } },
    async after(world) {
      const most = Number.MAX_SAFE_INTEGER;
      expect(await limit(world, { limit: 1, duration: 1000 })).toMatchObject({ success: true });
      expect(await limit(world, { identifier: 'x', limit: most, cost: most })).toMatchObject({
        success: true,
        remaining: 0,
      });
      expect(await limit(world, { identifier: 'x', limit: most, cost: most })).toMatchObject({
        success: false,
      });
    },
  }),
  {
    name: 'whole numbers may be written with a fraction of zero or an exponent',
    body: '{"namespace":"n","identifier":"i","limit":10.0,"duration":6e4,"cost":1e0}',
    expect: { status: 200, data: { limit: 10, remaining: 9 } },
  },
  ...[undefined, 'disabled', 'enabled'].map((value) =>
    scenario({
      name: `X-Unkey-Metrics: ${value ?? 'absent'} changes nothing in the response`,
      ...(value && { headers: { 'x-unkey-metrics': value } }),
      body: valid,
      expect: { status: 200, data: { success: true, remaining: 99 } },
    }),
  ),
  ...denied({
    body: valid,
    held: [[], ['ratelimit.*.limit'], ['ratelimit.*.create_namespace'], ['ratelimit.email.send.limit']],
  }),
  {
    name: '403 names the permission to create namespaces first, and none is created',
    permissions: ['ratelimit.*.limit'],
    body: valid,
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    async after(world, _vars, reply) {
      expect(reply.body.error.detail).toContain('ratelimit.*.create_namespace');
      expect(await findNamespace(world, 'email.send')).toBeNull();
    },
  },
  {
    name: '403 with the permission to create namespaces but not to count, and none is created',
    permissions: ['ratelimit.*.create_namespace'],
    body: valid,
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    async after(world) {
      expect(await findNamespace(world, 'email.send')).toBeNull();
      expect(await eventsOf(world)).toEqual([]);
    },
  },
  ...denied({
    arrange: newNamespaceOnly,
    body: valid,
    held: {
      'no permission': () => [],
      'the right to make namespaces': () => ['ratelimit.*.create_namespace'],
      'the permission for another namespace': () => ['ratelimit.rlns_other.limit'],
      'the permission named with the name': () => ['ratelimit.email.send.limit'],
      'another action': (id) => [`ratelimit.${id}.read_override`],
    },
  }),
  scenario({
    name: "403, and a new namespace is needed, for the name of another workspace's namespace",
    arrange: async (world) => (await otherWorkspace(world)).do('ratelimit.limit', valid),
    permissions: ['ratelimit.*.limit'],
    body: valid,
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    async after(_world, _vars, reply) {
      expect(reply.body.error.detail).toContain('create_namespace');
    },
  }),
  scenario({
    name: "another workspace's count does not matter",
    arrange: async (world) => (await otherWorkspace(world)).do('ratelimit.limit', { ...valid, cost: 100 }),
    body: valid,
    expect: { status: 200, data: { success: true, remaining: 99 } },
  }),
  ...[true, false].map((isPermitted) =>
    scenario({
      name: `410 for a deleted namespace, by name and by id, ${isPermitted ? 'with' : 'without'} permission`,
      async arrange(world) {
        const id = await newNamespace(world);
        await limit(world);
        await deleteNamespace(world, id);
        return id;
      },
      ...(!isPermitted && { permissions: [] }),
      body: valid,
      expect: gone,
      async after(world, id) {
        const byId = await world.call('ratelimit.limit', { ...valid, namespace: id });
        expect(byId.status).toBe(410);
        expect(await eventsOf(world)).toEqual(['ratelimitNamespace.create']);
      },
    }),
  ),
  ...malformed([
    ['no namespace', { ...valid, namespace: undefined }, 'body.namespace'],
    ['an empty namespace', { ...valid, namespace: '' }, 'body.namespace'],
    ['a namespace of 513 characters', { ...valid, namespace: 'n'.repeat(513) }, 'body.namespace'],
    ['no identifier', { ...valid, identifier: undefined }, 'body.identifier'],
    ['an empty identifier', { ...valid, identifier: '' }, 'body.identifier'],
    ['an identifier of 513 characters', { ...valid, identifier: 'i'.repeat(513) }, 'body.identifier'],
    ['no limit', { ...valid, limit: undefined }, 'body.limit'],
    ['a limit of 0', { ...valid, limit: 0 }, 'body.limit'],
    ['a limit beyond 2^53 - 1', { ...valid, limit: 2 ** 53 }, 'body.limit'],
    ['no duration', { ...valid, duration: undefined }, 'body.duration'],
    ['a duration of 999', { ...valid, duration: 999 }, 'body.duration'],
    ['a duration over 30 days', { ...valid, duration: 2_592_000_001 }, 'body.duration'],
    ['a negative cost', { ...valid, cost: -1 }, 'body.cost'],
    ['a cost of a half', { ...valid, cost: 0.5 }, 'body.cost'],
    ['a cost that is null', { ...valid, cost: null }, 'body.cost'],
    ['a member that it does not know', { ...valid, async: true }, 'body.async'],
  ]),
]);

function newNamespaceOnly(world: World): Promise<string> {
  return newNamespace(world);
}
