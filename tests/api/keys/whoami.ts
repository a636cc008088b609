import { expect } from 'vitest';
import { grant, type MadeKey, makeForeignKey, makeKey, recordsOfCall } from '../arrange-keys.ts';
import { makeFullKey, shownKey } from '../full-key.ts';
import { keyNotFound } from '../key-cases.ts';
import { pythonClient } from '../python-client.ts';
import { malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const byKey = ({ key }: MadeKey) => ({ key });

const sufficient: Record<string, (key: MadeKey, world: World) => string[]> = {
  'the permission for every API': () => ['api.*.read_key'],
  'the permission for its API': ({ apiId }) => [`api.${apiId}.read_key`],
  'a grant on the key': ({ keyspaceId, keyId }, world) => [
    grant(world, `keyspaces/${keyspaceId}/keys/${keyId}#read_key`),
  ],
  'a grant on everything': (_key, world) => [grant(world, '**#*')],
};

const insufficient: Record<string, (key: MadeKey, world: World) => string[]> = {
  'no permission': () => [],
  'create_key and verify_key only': () => ['api.*.create_key', 'api.*.verify_key'],
  'the permission for another API': () => ['api.api_12345678.read_key'],
  'a grant on another key': ({ keyspaceId }, world) => [
    grant(world, `keyspaces/${keyspaceId}/keys/key_other#read_key`),
  ],
};

export const drops = [];

export default suite('keys.whoami', [
  scenario({
    name: 'a key is found by its plaintext, and returned with all members',
    arrange: makeFullKey,
    body: byKey,
    expect: { status: 200 },
    async after(world, made, reply) {
      expect(reply.body.data).toEqual(shownKey(made, world.clock.now() - 1000));
      expect(await recordsOfCall(world)).toEqual([]);
    },
  }),
  scenario({
    name: 'whoami spends no credits, counts against no limit and does not count as use',
    arrange: (world) =>
      makeKey(world, {
        credits: { remaining: 1 },
        ratelimits: [{ name: 'requests', limit: 1, duration: 60_000, autoApply: true }],
      }),
    body: byKey,
    expect: { status: 200, data: { credits: { remaining: 1 } } },
    async after(world, { key }, reply) {
      expect(reply.body.data).not.toHaveProperty('lastUsedAt');
      expect(await world.do('keys.whoami', { key })).not.toHaveProperty('lastUsedAt');
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID', credits: 0 });
    },
  }),
  scenario({
    name: 'a disabled and expired key is shown',
    arrange: (world) => makeKey(world, { enabled: false, expires: 1 }),
    body: byKey,
    expect: { status: 200, data: { enabled: false, expires: 1 } },
  }),
  scenario({
    name: 'a recoverable key comes without plaintext',
    arrange: (world) => makeKey(world, { recoverable: true }),
    body: byKey,
    expect: { status: 200 },
    async after(_world, _key, reply) {
      expect(reply.body.data).not.toHaveProperty('plaintext');
    },
  }),
  scenario({
    name: 'a daily refill has no day',
    arrange: (world) =>
      makeKey(world, { credits: { remaining: 1, refill: { interval: 'daily', amount: 5 } } }),
    body: byKey,
    expect: { status: 200 },
    async after(_world, _key, reply) {
      expect(reply.body.data.credits).toEqual({ remaining: 1, refill: { interval: 'daily', amount: 5 } });
    },
  }),
  scenario({
    name: 'the Python client 2.x finds the credits under both names',
    arrange: (world) => makeKey(world, { credits: { remaining: 1 } }),
    body: byKey,
    expect: { status: 200 },
    async after(world, { key }) {
      const { body } = await world.call('keys.whoami', { key }, { headers: pythonClient });
      expect(body.data).toMatchObject({ credits: { remaining: 1 }, keyCredits: { remaining: 1 } });
    },
  }),
  ...Object.entries(sufficient).map(([what, permissions]) =>
    scenario({
      name: `${what} suffices`,
      arrange: makeKey,
      permissions,
      body: byKey,
      expect: { status: 200 },
    }),
  ),
  ...Object.entries(insufficient).map(([what, permissions]) =>
    scenario({
      name: `404, as for a key that does not exist, with ${what}`,
      arrange: makeKey,
      permissions,
      body: byKey,
      expect: keyNotFound,
      async after(world, _key, reply) {
        const absent = await world.call('keys.whoami', { key: 'unknown' });
        expect(reply.body.error).toEqual(absent.body.error);
      },
    }),
  ),
  { name: '404 for a key that does not exist', body: { key: 'test_unknown' }, expect: keyNotFound },
  scenario({
    name: '404 for the id of a key',
    arrange: makeKey,
    body: ({ keyId }: MadeKey) => ({ key: keyId }),
    expect: keyNotFound,
  }),
  scenario({
    name: '404 for a key of another workspace',
    arrange: makeForeignKey,
    body: byKey,
    expect: keyNotFound,
  }),
  scenario({
    name: '404 for a deleted key',
    async arrange(world) {
      const made = await makeKey(world);
      await world.do('keys.deleteKey', { keyId: made.keyId });
      return made;
    },
    body: byKey,
    expect: keyNotFound,
  }),
  scenario({
    name: '404 for a root key',
    arrange: async (world) => world.rootKey,
    body: (key: string) => ({ key }),
    expect: keyNotFound,
  }),
  {
    name: '401 for an unknown root key',
    headers: { authorization: 'Bearer unkey_unknown' },
    body: { key: 'test_unknown' },
    expect: { status: 401, code: 'unkey/authentication/key_not_found' },
  },
  {
    name: '400 without a credential',
    headers: { authorization: '' },
    body: { key: 'test_unknown' },
    expect: { status: 400, code: 'unkey/application/invalid_input', locations: ['header.authorization'] },
  },
  ...malformed([
    ['no key', {}, 'body.key'],
    ['an empty key', { key: '' }, 'body.key'],
    ['a key of 513 characters', { key: 'k'.repeat(513) }, 'body.key'],
    ['a member that it does not know', { key: 'test', decrypt: true }, 'body.decrypt'],
  ]),
]);
