import { expect } from 'vitest';
import { deleteNamespace, newNamespace } from '../namespaces.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const notFound = { status: 404, code: 'unkey/data/ratelimit_override_not_found' } as const;
const absent = { status: 404, code: 'unkey/data/ratelimit_namespace_not_found' } as const;
const reference = { namespace: 'email.send', identifier: 'user_1' };

interface Made {
  readonly namespaceId: string;
  readonly overrideId: string;
}

async function newOverride(world: World, identifier = 'user_1'): Promise<Made> {
  const namespaceId = await newNamespace(world);
  const { overrideId } = await world.do('ratelimit.setOverride', {
    namespace: 'email.send',
    identifier,
    limit: 5,
    duration: 60_000,
  });
  return { namespaceId, overrideId };
}

const newOverrideOnly = (world: World) => newOverride(world);

const grants = [
  ({ namespaceId, overrideId }: Made) =>
    `ratelimits/namespaces/${namespaceId}/overrides/${overrideId}#read_override`,
  ({ namespaceId }: Made) => `ratelimits/namespaces/${namespaceId}/overrides/*#read_override`,
  ({ namespaceId }: Made) => `ratelimits/namespaces/${namespaceId}/**#read_override`,
  () => 'ratelimits/**#read_override',
  () => 'ratelimits/namespaces/*/overrides/*#read_override',
  () => '**#*',
];

const uselessGrants = [
  () => 'ratelimits/namespaces/rlns_other/overrides/*#read_override',
  ({ namespaceId }: Made) => `ratelimits/namespaces/${namespaceId}/overrides/*#delete_override`,
  ({ namespaceId }: Made) => `ratelimits/namespaces/${namespaceId}#read_override`,
  ({ namespaceId }: Made) => `ratelimits/namespaces/${namespaceId}/overrides/*#*`,
  () => 'ratelimits/**/overrides/*#read_override',
];

export const drops = [];

export default suite('ratelimit.getOverride', [
  scenario({
    name: 'an override is found by namespace name and identifier',
    arrange: newOverrideOnly,
    permissions: ['ratelimit.*.read_override'],
    body: reference,
    expect: { status: 200 },
    async after(_world, { overrideId }, reply) {
      expect(reply.body.data).toEqual({ overrideId, identifier: 'user_1', limit: 5, duration: 60_000 });
    },
  }),
  scenario({
    name: 'it is found by namespace id, with the permission for that namespace',
    arrange: newOverrideOnly,
    permissions: ({ namespaceId }) => [`ratelimit.${namespaceId}.read_override`],
    body: ({ namespaceId }: Made) => ({ ...reference, namespace: namespaceId }),
    expect: { status: 200 },
  }),
  scenario({
    name: 'a wildcard that matches the identifier is returned with its pattern',
    arrange: (world) => newOverride(world, 'user_*'),
    body: reference,
    expect: { status: 200, data: { identifier: 'user_*' } },
  }),
  ...grants.map((grant) =>
    scenario({
      name: `the grant ${grant({ namespaceId: 'NS', overrideId: 'OV' })} suffices`,
      arrange: newOverrideOnly,
      permissions: (made, { workspaceId }) => [`unkey:v1:${workspaceId}:${grant(made)}`],
      body: reference,
      expect: { status: 200 },
    }),
  ),
  ...uselessGrants.map((grant) =>
    scenario({
      name: `404 with the grant ${grant({ namespaceId: 'NS', overrideId: 'OV' })}`,
      arrange: newOverrideOnly,
      permissions: (made, { workspaceId }) => [`unkey:v1:${workspaceId}:${grant(made)}`],
      body: reference,
      expect: notFound,
    }),
  ),
  scenario({
    name: '404 with a grant of another workspace',
    arrange: newOverrideOnly,
    permissions: ['unkey:v1:ws_other:**#*'],
    body: reference,
    expect: notFound,
  }),
  scenario({
    name: '404 without permission, the same response as for an override that does not exist',
    arrange: newOverrideOnly,
    permissions: ['ratelimit.*.limit'],
    body: reference,
    expect: notFound,
    async after(world, _made, reply) {
      const rootKey = await world.rootKeyWith('ratelimit.*.limit');
      const missing = { ...reference, identifier: 'nobody' };
      for (const options of [{ rootKey }, {}]) {
        const other = await world.call('ratelimit.getOverride', missing, options);
        expect(other.status).toBe(reply.status);
        expect(other.body.error).toEqual(reply.body.error);
      }
    },
  }),
  scenario({
    name: '404 for an identifier without override',
    arrange: newOverrideOnly,
    body: { ...reference, identifier: 'user_2' },
    expect: notFound,
  }),
  scenario({
    name: '404 for a deleted override',
    async arrange(world) {
      await newOverride(world);
      await world.do('ratelimit.deleteOverride', reference);
    },
    body: reference,
    expect: notFound,
  }),
  { name: '404 for a namespace that does not exist', body: reference, expect: absent },
  scenario({
    name: '404 for a deleted namespace',
    async arrange(world) {
      await deleteNamespace(world, (await newOverride(world)).namespaceId);
    },
    body: reference,
    expect: absent,
  }),
  scenario({
    name: '404 for a namespace of another workspace',
    async arrange(world) {
      const other = await otherWorkspace(world);
      await other.do('ratelimit.limit', { ...reference, limit: 1, duration: 1000 });
      await other.do('ratelimit.setOverride', { ...reference, limit: 1, duration: 1000 });
    },
    body: reference,
    expect: absent,
  }),
  ...malformed([
    ['no namespace', { identifier: 'x' }, 'body.namespace'],
    ['an empty namespace', { namespace: '', identifier: 'x' }, 'body.namespace'],
    ['no identifier', { namespace: 'x' }, 'body.identifier'],
    ['an empty identifier', { namespace: 'x', identifier: '' }, 'body.identifier'],
    ['a member that it does not know', { ...reference, limit: 1 }, 'body.limit'],
  ]),
]);
