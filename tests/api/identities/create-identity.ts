import { expect } from 'vitest';
import { auditOf, eventsOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite } from '../scenario.ts';
import { limitNamed, malformedLimits } from '../stored-limits.ts';

const richMeta = {
  plan: 'pro',
  nothing: null,
  emoji: '👩‍👩‍👧‍👦 ✓',
  nested: { list: [1, [2, [3, null]], { deep: true }], empty: {} },
  number: -0.5,
  ['__proto__']: { polluted: true },
  constructor: 'data',
};

export const drops = ['id'];

export default suite('identities.createIdentity', [
  scenario({
    name: 'an identity gets an id, and is found by it and by its external id',
    body: { externalId: 'user_123' },
    expect: { status: 200, data: { identityId: expect.stringMatching(/^id_/) } },
    async after(world, _vars, reply) {
      const { identityId } = reply.body.data;
      const wanted = { id: identityId, externalId: 'user_123' };
      expect(await world.do('identities.getIdentity', { identity: 'user_123' })).toEqual(wanted);
      expect(await world.do('identities.getIdentity', { identity: identityId })).toEqual(wanted);
      expect(await eventsOf(world)).toEqual(['identity.create']);
    },
  }),
  scenario({
    name: 'meta comes back as it was sent',
    body: { externalId: 'user_123', meta: JSON.parse(JSON.stringify(richMeta)) },
    expect: { status: 200 },
    async after(world) {
      const { meta } = await world.do('identities.getIdentity', { identity: 'user_123' });
      expect(JSON.parse(JSON.stringify(meta))).toEqual(JSON.parse(JSON.stringify(richMeta)));
    },
  }),
  scenario({
    name: 'limits get ids, and each is audited with the identity',
    body: {
      externalId: 'user_123',
      ratelimits: [
        limitNamed('requests', { autoApply: true }),
        limitNamed('tokens', { limit: 9_007_199_254_740_991 }),
      ],
    },
    expect: { status: 200 },
    async after(world) {
      const { ratelimits } = await world.do('identities.getIdentity', { identity: 'user_123' });
      expect(ratelimits).toHaveLength(2);
      expect(ratelimits).toEqual(
        expect.arrayContaining([
          {
            id: expect.stringMatching(/^rl_/),
            name: 'requests',
            limit: 100,
            duration: 60_000,
            autoApply: true,
          },
          expect.objectContaining({ name: 'tokens', limit: 9_007_199_254_740_991, autoApply: false }),
        ]),
      );
      const records = await auditOf(world);
      expect(records.map(({ event }) => event)).toEqual([
        'identity.create',
        'ratelimit.create',
        'ratelimit.create',
      ]);
      expect(new Set(records.map(({ correlationId }) => correlationId)).size).toBe(1);
      expect(records[0]?.correlationId).toMatch(/^cor_/);
    },
  }),
  scenario({
    name: 'of two limits with one name the last counts',
    body: {
      externalId: 'user_123',
      ratelimits: [limitNamed('requests', { limit: 1 }), limitNamed('requests', { limit: 2 })],
    },
    expect: { status: 200 },
    async after(world) {
      const { ratelimits } = await world.do('identities.getIdentity', { identity: 'user_123' });
      expect(ratelimits).toMatchObject([{ name: 'requests', limit: 2 }]);
    },
  }),
  {
    name: 'members that it does not know are passed over, also in limits',
    body: {
      externalId: 'user_123',
      note: 'ignored',
      ratelimits: [limitNamed('requests', { unit: 'calls' })],
    },
    expect: { status: 200 },
  },
  ...['abc', 'x', 'i'.repeat(255), 'User.Name-1_2'].map((externalId) => ({
    name: `an external id of ${externalId.length} characters (${externalId.slice(0, 12)}) is accepted`,
    body: { externalId },
    expect: { status: 200 },
  })),
  scenario({
    name: 'external ids that differ in case are two identities',
    arrange: (world) => world.do('identities.createIdentity', { externalId: 'User' }),
    body: { externalId: 'user' },
    expect: { status: 200 },
  }),
  {
    name: '100 members of meta are allowed',
    body: { externalId: 'user_123', meta: members(100) },
    expect: { status: 200 },
  },
  scenario({
    name: 'meta of exactly 1 MiB is stored',
    body: { externalId: 'user_123', meta: metaOf(1_048_576) },
    expect: { status: 200 },
    async after(world) {
      const { meta } = await world.do('identities.getIdentity', { identity: 'user_123' });
      expect(JSON.stringify(meta)).toHaveLength(1_048_576);
    },
  }),
  scenario({
    name: 'the external id of a deleted identity is free again, and the new one is empty',
    async arrange(world) {
      const { identityId } = await world.do('identities.createIdentity', {
        externalId: 'user_123',
        meta: { old: true },
        ratelimits: [limitNamed('requests')],
      });
      const { apiId } = await world.do('apis.createApi', { name: 'demo' });
      const { keyId } = await world.do('keys.createKey', { apiId, externalId: 'user_123' });
      await world.do('identities.updateIdentity', { identity: identityId, meta: { old: true } });
      await world.call('identities.deleteIdentity', { identity: identityId });
      return { identityId, keyId };
    },
    body: { externalId: 'user_123' },
    expect: { status: 200 },
    async after(world, { identityId, keyId }, reply) {
      expect(reply.body.data.identityId).not.toBe(identityId);
      expect(await world.do('identities.getIdentity', { identity: 'user_123' })).toEqual({
        id: reply.body.data.identityId,
        externalId: 'user_123',
      });
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('identity');
    },
  }),
  scenario({
    name: 'another workspace may use the same external id',
    arrange: async (world) =>
      (await otherWorkspace(world)).do('identities.createIdentity', { externalId: 'user_123' }),
    body: { externalId: 'user_123' },
    expect: { status: 200 },
  }),
  scenario({
    name: '409 for an external id in use, and nothing is written',
    arrange: (world) => world.do('identities.createIdentity', { externalId: 'user_123', meta: { first: 1 } }),
    body: { externalId: 'user_123', ratelimits: [limitNamed('requests')] },
    expect: { status: 409, code: 'unkey/data/identity_already_exists' },
    async after(world) {
      const { id, ...rest } = await world.do('identities.getIdentity', { identity: 'user_123' });
      expect(rest).toEqual({ externalId: 'user_123', meta: { first: 1 } });
      expect(await eventsOf(world)).toEqual(['identity.create']);
    },
  }),
  scenario({
    name: 'of twenty concurrent calls with one external id one creates it',
    body: { externalId: 'first' },
    expect: { status: 200 },
    async after(world) {
      const replies = await Promise.all(
        Array.from({ length: 20 }, () =>
          world.call('identities.createIdentity', { externalId: 'contended' }),
        ),
      );
      const statuses = replies.map(({ status }) => status).sort();
      expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 409)]);
    },
  }),
  scenario({
    name: 'a grant by path suffices',
    permissions: (_vars, { workspaceId }) => [
      `unkey:v1:${workspaceId}:projects/*/identities/*#create_identity`,
    ],
    body: { externalId: 'user_123' },
    expect: { status: 200 },
  }),
  ...denied({
    body: { externalId: 'user_123' },
    held: {
      'no permission': () => [],
      'the permission to read identities': () => ['identity.*.read_identity'],
      'a grant of another workspace': () => ['unkey:v1:ws_other:projects/*/identities/*#create_identity'],
      'a grant for one identity': (_vars, { workspaceId }) => [
        `unkey:v1:${workspaceId}:projects/*/identities/id_1#create_identity`,
      ],
    },
  }),
  ...malformed([
    ['no external id', {}, 'body.externalId'],
    ['an empty external id', { externalId: '' }, 'body.externalId'],
    ['an external id of 256 characters', { externalId: 'i'.repeat(256) }, 'body.externalId'],
    ['an external id with a space', { externalId: 'user 1' }, 'body.externalId'],
    ['an external id with @', { externalId: 'a@example.com' }, 'body.externalId'],
    ['an external id with a colon', { externalId: 'org:1' }, 'body.externalId'],
    ['an external id with an umlaut', { externalId: 'müller' }, 'body.externalId'],
    ['an external id that is null', { externalId: null }, 'body.externalId'],
    ['meta that is null', { externalId: 'user_1', meta: null }, 'body.meta'],
    ['meta that is an array', { externalId: 'user_1', meta: [] }, 'body.meta'],
    ['101 members of meta', { externalId: 'user_1', meta: members(101) }, 'body.meta'],
    ['meta one byte over 1 MiB', { externalId: 'user_1', meta: metaOf(1_048_577) }, 'body.meta'],
    ...malformedLimits.map(
      ([what, ratelimits, place]) =>
        [what, { externalId: 'user_1', ratelimits }, `body.ratelimits${place}`] as const,
    ),
  ]),
]);

function members(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`member ${index}`, index]));
}

function metaOf(bytes: number): { text: string } {
  return { text: 'x'.repeat(bytes - '{"text":""}'.length) };
}
