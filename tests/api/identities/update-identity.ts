import { expect } from 'vitest';
import { eventsOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';
import { limitNamed, malformedLimits } from '../stored-limits.ts';

const absent = { status: 404, code: 'unkey/data/identity_not_found' } as const;

/** With meta and two limits; returns the stored one. */
async function newIdentity(world: World) {
  await world.do('identities.createIdentity', {
    externalId: 'user_123',
    meta: { plan: 'free', seats: 1 },
    ratelimits: [limitNamed('requests'), limitNamed('tokens')],
  });
  return world.do('identities.getIdentity', { identity: 'user_123' });
}

const stored = (world: World) => world.do('identities.getIdentity', { identity: 'user_123' });
const idOf = (identity: { ratelimits: { name: string; id: string }[] }, name: string) =>
  identity.ratelimits.find((limit) => limit.name === name)?.id;

export const drops = ['id'];

export default suite('identities.updateIdentity', [
  scenario({
    name: 'meta is replaced as a whole, limits stay',
    arrange: newIdentity,
    body: { identity: 'user_123', meta: { plan: 'pro' } },
    expect: { status: 200 },
    async after(world, before, reply) {
      expect(reply.body.data).toEqual({ ...before, meta: { plan: 'pro' } });
      expect(await stored(world)).toEqual(reply.body.data);
    },
  }),
  scenario({
    name: 'empty meta clears it',
    arrange: newIdentity,
    body: { identity: 'user_123', meta: {} },
    expect: { status: 200 },
    async after(world, { meta: _, ...rest }, reply) {
      expect(reply.body.data).toEqual(rest);
      expect(await stored(world)).toEqual(rest);
    },
  }),
  scenario({
    name: 'limits are replaced by name: one keeps its id, one is new, one is removed',
    arrange: newIdentity,
    body: {
      identity: 'user_123',
      ratelimits: [
        limitNamed('requests', { limit: 7, duration: 1000, autoApply: true }),
        limitNamed('exports'),
      ],
    },
    expect: { status: 200 },
    async after(world, before, reply) {
      const { meta, ratelimits } = reply.body.data;
      expect(meta).toEqual(before.meta);
      expect(ratelimits).toHaveLength(2);
      expect(ratelimits).toEqual(
        expect.arrayContaining([
          { id: idOf(before, 'requests'), name: 'requests', limit: 7, duration: 1000, autoApply: true },
          expect.objectContaining({ name: 'exports', limit: 100 }),
        ]),
      );
      const after = await stored(world);
      expect(after.ratelimits).toHaveLength(2);
      expect(after.ratelimits).toEqual(expect.arrayContaining(ratelimits));
      const events = (await eventsOf(world)).slice(3);
      expect(events.sort()).toEqual([
        'identity.update',
        'ratelimit.create',
        'ratelimit.delete',
        'ratelimit.update',
      ]);
    },
  }),
  scenario({
    name: 'an empty list of limits deletes all',
    arrange: newIdentity,
    body: { identity: 'user_123', ratelimits: [] },
    expect: { status: 200 },
    async after(world, { ratelimits: _, ...rest }, reply) {
      expect(reply.body.data).toEqual(rest);
      expect(await stored(world)).toEqual(rest);
    },
  }),
  scenario({
    name: 'meta and limits change together, by id',
    arrange: newIdentity,
    body: ({ id }: { id: string }) => ({ identity: id, meta: { a: 1 }, ratelimits: [limitNamed('new one')] }),
    expect: { status: 200, data: { meta: { a: 1 }, ratelimits: [{ name: 'new one' }] } },
  }),
  scenario({
    name: 'a call that changes nothing returns the stored identity, and is audited',
    arrange: newIdentity,
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(world, before, reply) {
      expect(reply.body.data).toEqual(before);
      expect((await eventsOf(world)).slice(3)).toEqual(['identity.update']);
    },
  }),
  scenario({
    name: 'a key of the identity counts against the new limit at once',
    async arrange(world) {
      await newIdentity(world);
      const { apiId } = await world.do('apis.createApi', { name: 'demo' });
      const { key } = await world.do('keys.createKey', { apiId, externalId: 'user_123' });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID' });
      return key;
    },
    body: { identity: 'user_123', ratelimits: [limitNamed('requests', { limit: 1, autoApply: true })] },
    expect: { status: 200 },
    async after(world, key) {
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID' });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'RATE_LIMITED' });
    },
  }),
  scenario({
    name: 'ten concurrent changes of one identity all succeed, and one of them remains',
    arrange: newIdentity,
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(world) {
      const replies = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          world.call('identities.updateIdentity', {
            identity: 'user_123',
            ratelimits: [limitNamed('requests', { limit: index + 1 }), limitNamed(`limit ${index}`)],
          }),
        ),
      );
      expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
      const last = await stored(world);
      expect(last.ratelimits).toHaveLength(2);
      const { limit } = last.ratelimits.find(({ name }: { name: string }) => name === 'requests');
      expect(last.ratelimits).toContainEqual(expect.objectContaining({ name: `limit ${limit - 1}` }));
    },
  }),
  scenario({
    name: 'three rounds of concurrent changes of fifty identities all succeed',
    async arrange(world) {
      const names = Array.from({ length: 50 }, (_, index) => `user_${index}`);
      await Promise.all(names.map((externalId) => world.do('identities.createIdentity', { externalId })));
      return names;
    },
    body: { identity: 'user_0' },
    expect: { status: 200 },
    async after(world, names) {
      for (const round of [1, 2, 3]) {
        await Promise.all(
          names.map((identity) =>
            world.do('identities.updateIdentity', {
              identity,
              meta: { round },
              ratelimits: [limitNamed('requests', { limit: round })],
            }),
          ),
        );
      }
      const { meta, ratelimits } = await world.do('identities.getIdentity', { identity: 'user_49' });
      expect({ meta, ratelimits }).toMatchObject({ meta: { round: 3 }, ratelimits: [{ limit: 3 }] });
    },
  }),
  scenario({
    name: '400 for two limits with one name, before the identity is looked up',
    body: { identity: 'nobody', ratelimits: [limitNamed('requests'), limitNamed('requests')] },
    expect: {
      status: 400,
      code: 'unkey/application/invalid_input',
      locations: ['body.ratelimits[1].name'],
    },
  }),
  { name: '404 for an identity that does not exist', body: { identity: 'nobody', meta: {} }, expect: absent },
  scenario({
    name: '404 for a deleted identity',
    async arrange(world) {
      await newIdentity(world);
      await world.call('identities.deleteIdentity', { identity: 'user_123' });
    },
    body: { identity: 'user_123', meta: { back: true } },
    expect: absent,
  }),
  scenario({
    name: '404 for an identity of another workspace, and it stays as it is',
    async arrange(world) {
      const other = await otherWorkspace(world);
      const { identityId } = await other.do('identities.createIdentity', { externalId: 'theirs' });
      return { identityId, other };
    },
    body: ({ identityId }: { identityId: string }) => ({ identity: identityId, meta: { mine: true } }),
    expect: absent,
    async after(_world, { identityId, other }) {
      expect(await other.do('identities.getIdentity', { identity: identityId })).not.toHaveProperty('meta');
    },
  }),
  scenario({
    name: 'a grant by path suffices',
    arrange: newIdentity,
    permissions: (_vars, { workspaceId }) => [
      `unkey:v1:${workspaceId}:projects/*/identities/*#update_identity`,
    ],
    body: { identity: 'user_123', meta: {} },
    expect: { status: 200 },
  }),
  ...denied({
    arrange: newIdentity,
    body: { identity: 'user_123', meta: { changed: true } },
    held: {
      'no permission': () => [],
      'the permission to make identities': () => ['identity.*.create_identity'],
      'the permission for this identity, which does not exist': ({ id }) => [
        `identity.${id}.update_identity`,
      ],
    },
  }),
  ...denied({ body: { identity: 'nobody' }, held: [['identity.*.read_identity']] }),
  ...malformed([
    ['no identity', { meta: {} }, 'body.identity'],
    ['an empty identity', { identity: '' }, 'body.identity'],
    ['meta that is null', { identity: 'user_123', meta: null }, 'body.meta'],
    ['meta over 1 MiB', { identity: 'user_123', meta: { text: 'x'.repeat(1_048_576) } }, 'body.meta'],
    ['a member that it does not know', { identity: 'user_123', externalId: 'x' }, 'body.externalId'],
    ...malformedLimits.map(
      ([what, ratelimits, place]) =>
        [what, { identity: 'user_123', ratelimits }, `body.ratelimits${place}`] as const,
    ),
  ]),
]);
