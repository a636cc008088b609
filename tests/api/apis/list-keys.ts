import { expect } from 'vitest';
import { grant, type MadeApi, type MadeKey, makeApi, makeKey } from '../arrange-keys.ts';
import { damageCiphertext, makeFullKey, shownKey } from '../full-key.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { pythonClient } from '../python-client.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const apiNotFound = { status: 404, code: 'unkey/data/api_not_found' } as const;
const all = ({ apiId }: MadeApi) => ({ apiId });
const decrypted = ({ apiId }: MadeApi) => ({ apiId, decrypt: true });
const idsOf = (keys: { keyId: string }[]) => keys.map(({ keyId }) => keyId).sort();

interface Populated extends MadeApi {
  readonly keyIds: string[];
  readonly ofUser: string[];
}

/** Five keys: two of one identity, one of another, one of none, one disabled and expired; and one in another API. */
async function makePopulated(world: World): Promise<Populated> {
  await world.do('identities.createIdentity', { externalId: 'user_1', meta: { plan: 'pro' } });
  const api = await makeApi(world);
  const keyIds: string[] = [];
  for (const members of [
    { externalId: 'user_1' },
    { externalId: 'user_1', name: 'second' },
    { externalId: 'user_2' },
    {},
    { enabled: false, expires: 1 },
  ]) {
    keyIds.push((await makeKey(world, { ...members, apiId: api.apiId })).keyId);
  }
  await makeKey(world, { externalId: 'user_1' });
  return { ...api, keyIds: [...keyIds].sort(), ofUser: keyIds.slice(0, 2).sort() };
}

const sufficient: Record<string, (api: MadeApi, world: World) => string[]> = {
  'both permissions for every API': () => ['api.*.read_key', 'api.*.read_api'],
  'both permissions for this API': ({ apiId }) => [`api.${apiId}.read_key`, `api.${apiId}.read_api`],
  'one for every API and one for this': ({ apiId }) => ['api.*.read_key', `api.${apiId}.read_api`],
  'grants on the API and its keys': ({ keyspaceId }, world) => [
    grant(world, `keyspaces/${keyspaceId}/keys/*#read_key`),
    grant(world, `keyspaces/${keyspaceId}#read_keyspace`),
  ],
};

const insufficient: Record<string, (api: MadeApi, world: World) => string[]> = {
  'no permission': () => [],
  'read_key only': () => ['api.*.read_key'],
  'read_api only': () => ['api.*.read_api'],
  'the permissions for another API': () => ['api.api_12345678.read_key', 'api.api_12345678.read_api'],
  'a grant on one key': ({ keyspaceId }, world) => [
    grant(world, `keyspaces/${keyspaceId}/keys/key_one#read_key`),
    grant(world, `keyspaces/${keyspaceId}#read_keyspace`),
  ],
};

export const drops = [];

export default suite('apis.listKeys', [
  scenario({
    name: 'every key of the API is listed, and no other',
    arrange: makePopulated,
    body: ({ apiId }: Populated) => ({ apiId, revalidateKeysCache: true }),
    expect: { status: 200 },
    async after(_world, { keyIds }, reply) {
      expect(idsOf(reply.body.data)).toEqual(keyIds);
      expect(reply.body.pagination).toEqual({ hasMore: false });
    },
  }),
  scenario({
    name: 'a key is returned with all members',
    arrange: makeFullKey,
    body: all,
    expect: { status: 200 },
    async after(world, made, reply) {
      expect(reply.body.data).toEqual([shownKey(made, world.clock.now() - 1000)]);
    },
  }),
  scenario({
    name: 'absent members are omitted, and a verified key has its last-used time',
    async arrange(world) {
      const made = await makeKey(world);
      await world.do('keys.verifyKey', { key: made.key });
      return made;
    },
    body: all,
    expect: { status: 200 },
    async after(world, { keyId, key }, reply) {
      const now = world.clock.now();
      expect(reply.body.data).toEqual([
        { keyId, start: key.slice(0, 4), enabled: true, createdAt: now - 1000, lastUsedAt: now },
      ]);
    },
  }),
  scenario({
    name: 'pages follow one another until there is no more',
    arrange: makePopulated,
    body: ({ apiId }: Populated) => ({ apiId, limit: 2 }),
    expect: { status: 200 },
    async after(world, { apiId, keyIds }, reply) {
      const pages = [reply.body];
      while (pages.at(-1).pagination.hasMore) {
        const { cursor } = pages.at(-1).pagination;
        pages.push((await world.call('apis.listKeys', { apiId, limit: 2, cursor })).body);
      }
      expect(pages.map(({ data }) => data.length)).toEqual([2, 2, 1]);
      expect(idsOf(pages.flatMap(({ data }) => data))).toEqual(keyIds);
      expect(pages.at(-1).pagination).toEqual({ hasMore: false });
    },
  }),
  scenario({
    name: 'a page that ends with the last key is the last page',
    arrange: makePopulated,
    body: ({ apiId }: Populated) => ({ apiId, limit: 5 }),
    expect: { status: 200 },
    async after(_world, _api, reply) {
      expect(reply.body.data).toHaveLength(5);
      expect(reply.body.pagination).toEqual({ hasMore: false });
    },
  }),
  scenario({
    name: 'an external id keeps the keys of its identity, which is shown with its meta',
    arrange: makePopulated,
    body: ({ apiId }: Populated) => ({ apiId, externalId: 'user_1' }),
    expect: { status: 200 },
    async after(world, { apiId, ofUser }, reply) {
      expect(idsOf(reply.body.data)).toEqual(ofUser);
      for (const { identity } of reply.body.data) {
        expect(identity).toMatchObject({ externalId: 'user_1', meta: { plan: 'pro' } });
      }
      const { body } = await world.call('apis.listKeys', { apiId, externalId: 'user_1', limit: 1 });
      expect(body.pagination.hasMore).toBe(true);
    },
  }),
  ...['user_unknown', 'USER_1', 'u'].map((externalId) =>
    scenario({
      name: `no key is listed for the external id ${externalId}`,
      arrange: makePopulated,
      body: ({ apiId }: Populated) => ({ apiId, externalId }),
      expect: { status: 200, data: [] },
      async after(_world, _api, reply) {
        expect(reply.body.pagination).toEqual({ hasMore: false });
      },
    }),
  ),
  scenario({
    name: 'an external id of a deleted identity has no keys, and the id of an identity is no external id',
    async arrange(world) {
      const made = await makePopulated(world);
      const { id } = await world.do('identities.getIdentity', { identity: 'user_2' });
      await world.do('identities.deleteIdentity', { identity: 'user_1' });
      return { ...made, id };
    },
    body: ({ apiId }: Populated) => ({ apiId, externalId: 'user_1' }),
    expect: { status: 200, data: [] },
    async after(world, { apiId, id }) {
      expect(await world.do('apis.listKeys', { apiId, externalId: id })).toEqual([]);
    },
  }),
  scenario({
    name: 'an API without keys has an empty list, and deleted keys are not listed',
    async arrange(world) {
      const made = await makeKey(world);
      await world.do('keys.deleteKey', { keyId: made.keyId });
      return made;
    },
    body: all,
    expect: { status: 200, data: [] },
  }),
  scenario({
    name: 'recoverable keys are returned with plaintext on request, others without',
    async arrange(world) {
      const first = await makeKey(world, { recoverable: true });
      return {
        first,
        second: await makeKey(world, { recoverable: true, apiId: first.apiId }),
        plain: await makeKey(world, { apiId: first.apiId }),
      };
    },
    permissions: ({ first }) => ['api.*.read_key', 'api.*.read_api', `api.${first.apiId}.decrypt_key`],
    body: ({ first }: { first: MadeKey }) => ({ apiId: first.apiId, decrypt: true }),
    expect: { status: 200 },
    async after(world, { first, second, plain }, reply) {
      const shown = new Map(
        reply.body.data.map(({ keyId, plaintext }: { keyId: string; plaintext?: string }) => [
          keyId,
          plaintext,
        ]),
      );
      expect(shown).toEqual(
        new Map([
          [first.keyId, first.key],
          [second.keyId, second.key],
          [plain.keyId, undefined],
        ]),
      );
      for (const key of await world.do('apis.listKeys', { apiId: first.apiId })) {
        expect(key).not.toHaveProperty('plaintext');
      }
    },
  }),
  scenario({
    name: 'a key with a damaged ciphertext is listed without plaintext',
    arrange: damageCiphertext,
    body: decrypted,
    expect: { status: 200 },
    async after(_world, { keyId }, reply) {
      expect(reply.body.data).toMatchObject([{ keyId }]);
      expect(reply.body.data[0]).not.toHaveProperty('plaintext');
    },
  }),
  scenario({
    name: 'credits that are due for a refill are listed refilled',
    async arrange(world) {
      const made = await makeKey(world, {
        credits: { remaining: 1, refill: { interval: 'daily', amount: 9 } },
      });
      world.clock.advance(86_400_000);
      return made;
    },
    body: all,
    expect: { status: 200, data: [{ credits: { remaining: 9, refill: { interval: 'daily', amount: 9 } } }] },
  }),
  scenario({
    name: 'the Python client 2.x finds the credits under both names',
    arrange: (world) => makeKey(world, { credits: { remaining: 1 } }),
    body: all,
    expect: { status: 200 },
    async after(world, { apiId }) {
      const { body } = await world.call('apis.listKeys', { apiId }, { headers: pythonClient });
      expect(body.data).toMatchObject([{ credits: { remaining: 1 }, keyCredits: { remaining: 1 } }]);
    },
  }),
  ...Object.entries(sufficient).map(([what, permissions]) =>
    scenario({
      name: `${what} suffice`,
      arrange: makeApi,
      permissions,
      body: all,
      expect: { status: 200, data: [] },
    }),
  ),
  ...Object.entries(insufficient).map(([what, permissions]) =>
    scenario({
      name: `404, as for an API that does not exist, with ${what}`,
      arrange: makeApi,
      permissions,
      body: decrypted,
      expect: apiNotFound,
      async after(world, _api, reply) {
        const absent = await world.call('apis.listKeys', { apiId: 'api_doesNotExist' });
        expect(reply.body.error).toEqual(absent.body.error);
      },
    }),
  ),
  ...denied<MadeApi>({
    arrange: makeApi,
    body: decrypted,
    held: {
      'all but the permission to decrypt': () => ['api.*.read_key', 'api.*.read_api'],
      'the permission to decrypt in another API': () => [
        'api.*.read_key',
        'api.*.read_api',
        'api.api_12345678.decrypt_key',
      ],
    },
  }),
  scenario({
    name: '412 for decrypting on a server without master key',
    service: 'withoutMasterKey',
    arrange: makeApi,
    body: decrypted,
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
  }),
  scenario({
    name: '412 for decrypting on a server without master key comes before the permission to decrypt',
    service: 'withoutMasterKey',
    arrange: makeApi,
    permissions: ['api.*.read_key', 'api.*.read_api'],
    body: decrypted,
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
  }),
  {
    name: '404 for an API that does not exist, whatever the cursor',
    body: { apiId: 'api_doesNotExist', cursor: '%%% garbage' },
    expect: apiNotFound,
  },
  {
    name: '404 for an id that no API can have',
    body: { apiId: `ü /${'x'.repeat(500)}` },
    expect: apiNotFound,
  },
  scenario({
    name: '404 for an API of another workspace',
    arrange: async (world) => (await otherWorkspace(world)).do('apis.createApi', { name: 'theirs' }),
    body: all,
    expect: apiNotFound,
  }),
  scenario({
    name: '404 for a deleted API',
    async arrange(world) {
      const made = await makeKey(world);
      await world.do('apis.deleteApi', { apiId: made.apiId });
      return made;
    },
    body: all,
    expect: apiNotFound,
  }),
  ...malformed([
    ['no apiId', {}, 'body.apiId'],
    ['an empty apiId', { apiId: '' }, 'body.apiId'],
    ['a limit of 0', { apiId: 'api_1', limit: 0 }, 'body.limit'],
    ['a limit of 101', { apiId: 'api_1', limit: 101 }, 'body.limit'],
    ['an empty externalId', { apiId: 'api_1', externalId: '' }, 'body.externalId'],
    ['a cursor that is a number', { apiId: 'api_1', cursor: 1 }, 'body.cursor'],
    ['a member that it does not know', { apiId: 'api_1', search: 'x' }, 'body.search'],
  ]),
]);
