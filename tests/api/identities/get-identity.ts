import { expect } from 'vitest';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';
import { limitNamed } from '../stored-limits.ts';

const absent = { status: 404, code: 'unkey/data/identity_not_found' } as const;
const newIdentity = async (world: World, externalId = 'user_123'): Promise<string> =>
  (await world.do('identities.createIdentity', { externalId })).identityId;
const byReference = (identity: string) => ({ identity });

export const drops = [];

export default suite('identities.getIdentity', [
  scenario({
    name: 'an identity without meta and limits is id and external id',
    arrange: newIdentity,
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(_world, id, reply) {
      expect(reply.body.data).toEqual({ id, externalId: 'user_123' });
    },
  }),
  scenario({
    name: 'empty meta is left out',
    arrange: (world) =>
      world.do('identities.createIdentity', { externalId: 'user_123', meta: {}, ratelimits: [] }),
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(_world, _vars, reply) {
      expect(Object.keys(reply.body.data).sort()).toEqual(['externalId', 'id']);
    },
  }),
  scenario({
    name: 'ten limits are returned',
    arrange: (world) =>
      world.do('identities.createIdentity', {
        externalId: 'user_123',
        meta: { team: { name: 'A', members: Array.from({ length: 200 }, (_, index) => index) } },
        ratelimits: Array.from({ length: 10 }, (_, index) => limitNamed(`limit ${index}`)),
      }),
    body: { identity: 'user_123' },
    expect: { status: 200 },
    async after(_world, _vars, reply) {
      expect(reply.body.data.ratelimits).toHaveLength(10);
      expect(new Set(reply.body.data.ratelimits.map(({ id }: { id: string }) => id)).size).toBe(10);
      expect(reply.body.data.meta.team.members).toHaveLength(200);
    },
  }),
  scenario({
    name: 'an id wins over an external id of the same text',
    async arrange(world) {
      const id = await newIdentity(world);
      await newIdentity(world, id);
      return id;
    },
    body: byReference,
    expect: { status: 200, data: { externalId: 'user_123' } },
  }),
  scenario({
    name: 'the permission for this identity suffices, by its id',
    arrange: newIdentity,
    permissions: (id) => [`identity.${id}.read_identity`],
    body: { identity: 'user_123' },
    expect: { status: 200 },
  }),
  ...['projects/*/identities/*', 'projects/**', '**'].map((path) =>
    scenario({
      name: `a grant for ${path} suffices`,
      arrange: newIdentity,
      permissions: (_id, { workspaceId }) => [`unkey:v1:${workspaceId}:${path}#read_identity`],
      body: byReference,
      expect: { status: 200 },
    }),
  ),
  scenario({
    name: 'a grant of `*` suffices',
    arrange: newIdentity,
    permissions: (_id, { workspaceId }) => [`unkey:v1:${workspaceId}:**#*`],
    body: byReference,
    expect: { status: 200 },
  }),
  { name: '404 for an identity that does not exist', body: { identity: 'nobody' }, expect: absent },
  { name: '404 comes before 403', permissions: [], body: { identity: 'nobody' }, expect: absent },
  { name: '404 for characters that no identity has', body: { identity: '@#$% ✓' }, expect: absent },
  { name: '404 for a very long text', body: { identity: 'x'.repeat(10_000) }, expect: absent },
  scenario({
    name: '404 for a deleted identity, by id and by external id',
    async arrange(world) {
      const id = await newIdentity(world);
      await world.call('identities.deleteIdentity', { identity: id });
      return id;
    },
    body: byReference,
    expect: absent,
    async after(world) {
      expect((await world.call('identities.getIdentity', { identity: 'user_123' })).status).toBe(404);
    },
  }),
  scenario({
    name: '404 for an identity of another workspace',
    arrange: async (world) =>
      (await (await otherWorkspace(world)).do('identities.createIdentity', { externalId: 'theirs' }))
        .identityId,
    body: byReference,
    expect: absent,
    async after(world) {
      expect((await world.call('identities.getIdentity', { identity: 'theirs' })).status).toBe(404);
    },
  }),
  scenario({
    name: '404 for an external id in another case',
    arrange: newIdentity,
    body: { identity: 'USER_123' },
    expect: absent,
  }),
  scenario({
    name: '403 names the missing permissions, and not those of the root key',
    arrange: newIdentity,
    permissions: ['identity.id_other.read_identity'],
    body: byReference,
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    async after(_world, _id, reply) {
      expect(reply.body.error.detail).toContain('identity.*.read_identity');
      expect(reply.body.error.detail).not.toContain('id_other');
      expect(reply.body.error.detail).not.toMatch(/[{}]|have:/);
    },
  }),
  ...denied({
    arrange: newIdentity,
    body: byReference,
    held: {
      'no permission': () => [],
      'the permission named with the external id': () => ['identity.user_123.read_identity'],
      'the permission to update': () => ['identity.*.update_identity'],
      'a malformed grant': (_id, { workspaceId }) => [
        `unkey:v1:${workspaceId}:projects//identities/*#read_identity`,
      ],
      'a grant of everything for one action only': (_id, { workspaceId }) => [
        `unkey:v1:${workspaceId}:projects/*#*`,
      ],
    },
  }),
  ...malformed([
    ['no identity', {}, 'body.identity'],
    ['an empty identity', { identity: '' }, 'body.identity'],
    ['an identity that is a number', { identity: 5 }, 'body.identity'],
    ['a member that it does not know', { identity: 'user_123', externalId: 'x' }, 'body.externalId'],
  ]),
]);
