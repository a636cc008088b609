import { expect } from 'vitest';
import { eventsOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';
import { limitNamed } from '../stored-limits.ts';

const absent = { status: 404, code: 'unkey/data/identity_not_found' } as const;
const newIdentity = async (world: World): Promise<string> =>
  (
    await world.do('identities.createIdentity', {
      externalId: 'user_123',
      ratelimits: [limitNamed('requests', { limit: 1, autoApply: true }), limitNamed('tokens')],
    })
  ).identityId;

export const drops = ['id'];

export default suite('identities.deleteIdentity', [
  scenario({
    name: 'the response has no data; the identity is deleted, and its limits are audited too',
    arrange: newIdentity,
    permissions: ['identity.*.delete_identity'],
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(world, _id, reply) {
      expect(Object.keys(reply.body)).toEqual(['meta']);
      expect((await world.call('identities.getIdentity', { identity: 'user_123' })).status).toBe(404);
      expect((await eventsOf(world)).slice(3)).toEqual([
        'identity.delete',
        'ratelimit.delete',
        'ratelimit.delete',
      ]);
    },
  }),
  scenario({
    name: 'it is found by its id too',
    arrange: newIdentity,
    body: (id: string) => ({ identity: id }),
    expect: { status: 200 },
    async after(world) {
      expect((await world.call('identities.getIdentity', { identity: 'user_123' })).status).toBe(404);
    },
  }),
  scenario({
    name: 'its keys go on working, without its limits and without it',
    async arrange(world) {
      await newIdentity(world);
      const { apiId } = await world.do('apis.createApi', { name: 'demo' });
      const { key, keyId } = await world.do('keys.createKey', { apiId, externalId: 'user_123' });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID', identity: {} });
      return { key, keyId };
    },
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(world, { key, keyId }) {
      for (let count = 0; count < 3; count++) {
        const verified = await world.do('keys.verifyKey', { key });
        expect(verified).toMatchObject({ code: 'VALID' });
        expect(verified).not.toHaveProperty('identity');
      }
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('identity');
    },
  }),
  scenario({
    name: 'one external id is created and deleted repeatedly, with limits of equal names',
    async arrange(world) {
      const first = await newIdentity(world);
      await world.call('identities.deleteIdentity', { identity: 'user_123' });
      return { first, second: await newIdentity(world) };
    },
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(world, { first, second }) {
      const third = await newIdentity(world);
      expect(new Set([first, second, third]).size).toBe(3);
      expect((await world.call('identities.deleteIdentity', { identity: first })).status).toBe(404);
      expect((await world.call('identities.deleteIdentity', { identity: third })).status).toBe(200);
    },
  }),
  scenario({
    name: 'two deletions at once leave one audit record and no fault',
    arrange: newIdentity,
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(world) {
      await newIdentity(world);
      const replies = await Promise.all(
        [1, 2].map(() => world.call('identities.deleteIdentity', { identity: 'user_123' })),
      );
      const statuses = replies.map(({ status }) => status).sort();
      expect(statuses[0]).toBe(200);
      expect([200, 404]).toContain(statuses[1]);
      const deletions = (await eventsOf(world)).filter((event) => event === 'identity.delete');
      expect(deletions).toHaveLength(2);
    },
  }),
  scenario({
    name: '404 when it is deleted already',
    async arrange(world) {
      await newIdentity(world);
      await world.call('identities.deleteIdentity', { identity: 'user_123' });
    },
    body: { identity: 'user_123' },
    expect: absent,
  }),
  scenario({
    name: '404 for an identity of another workspace, and it stays',
    async arrange(world) {
      const other = await otherWorkspace(world);
      const { identityId } = await other.do('identities.createIdentity', { externalId: 'theirs' });
      return { identityId, other };
    },
    body: ({ identityId }: { identityId: string }) => ({ identity: identityId }),
    expect: absent,
    async after(_world, { identityId, other }) {
      await other.do('identities.getIdentity', { identity: identityId });
    },
  }),
  { name: '404 for characters that no identity has', body: { identity: '@#$%' }, expect: absent },
  { name: '404 for a very long text', body: { identity: 'x'.repeat(5000) }, expect: absent },
  scenario({
    name: 'a grant by path suffices',
    arrange: newIdentity,
    permissions: (_vars, { workspaceId }) => [
      `unkey:v1:${workspaceId}:projects/*/identities/*#delete_identity`,
    ],
    body: { identity: 'user_123' },
    expect: { status: 200 },
  }),
  ...denied({
    arrange: newIdentity,
    body: { identity: 'user_123' },
    held: [
      [],
      ['identity.*.create_identity'],
      ['identity.*.read_identity'],
      ['key.*.delete_key'],
      ['identity.delete_identity'],
      ['IDENTITY.*.DELETE_IDENTITY'],
    ],
  }),
  ...denied({ body: { identity: 'nobody' }, held: [['identity.*.read_identity']] }),
  ...malformed([
    ['no identity', {}, 'body.identity'],
    ['an empty identity', { identity: '' }, 'body.identity'],
    ['an identity that is null', { identity: null }, 'body.identity'],
    ['a member that it does not know', { identity: 'user_123', force: true }, 'body.force'],
  ]),
]);
