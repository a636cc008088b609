import { expect } from 'vitest';
import {
  concurrently,
  eventsOfCall,
  grant,
  type MadeApi,
  makeApi,
  makePermissions,
  makeRoles,
  recordsOfCall,
} from '../arrange-keys.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { pythonClient } from '../python-client.ts';
import { malformed } from '../refusals.ts';
import { type Scenario, scenario, suite, type World } from '../scenario.ts';

const apiNotFound = { status: 404, code: 'unkey/data/api_not_found' } as const;
const invalid = { status: 400, code: 'unkey/application/invalid_input' } as const;

/** Creates a key with these members; getKey must return the expected ones. */
function shown(name: string, members: object, expected: object): Scenario {
  return scenario({
    name,
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, ...members }),
    expect: { status: 200 },
    async after(world, _api, reply) {
      expect(await world.do('keys.getKey', { keyId: reply.body.data.keyId })).toMatchObject(expected);
    },
  });
}

/** A key with these members is refused, with this location. */
function refused(what: string, members: object, location: string): Scenario {
  return scenario({
    name: `400 for ${what}, and nothing is created`,
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, externalId: 'user_1', permissions: ['made'], ...members }),
    expect: { ...invalid, locations: [location] },
    after: (world, api) => expectNothingMade(world, api),
  });
}

async function expectNothingMade(world: World, { apiId }: MadeApi): Promise<void> {
  expect(await world.do('apis.listKeys', { apiId })).toEqual([]);
  expect(await world.do('identities.listIdentities', {})).toEqual([]);
  expect(await world.do('permissions.listPermissions', {})).toEqual([]);
}

const sufficient: Record<string, (api: MadeApi, world: World) => string[]> = {
  'the permission for every API': () => ['api.*.create_key'],
  'the permission for this API': ({ apiId }) => [`api.${apiId}.create_key`],
  'a grant on this API': ({ keyspaceId }, world) => [grant(world, `keyspaces/${keyspaceId}#create_key`)],
  'a grant on all APIs': (_api, world) => [grant(world, 'keyspaces/*#create_key')],
  'a grant on everything': (_api, world) => [grant(world, '**#*')],
};

const insufficient: Record<string, (api: MadeApi, world: World) => string[]> = {
  'no permission': () => [],
  'read_key only': ({ apiId }) => ['api.*.read_key', `api.${apiId}.read_key`],
  'the permission for another API': () => ['api.api_12345678.create_key'],
  'wildcards that nobody asks for': () => ['*', 'api.*', 'api.*.*', 'api.create_key'],
  'a grant to read it': ({ keyspaceId }, world) => [grant(world, `keyspaces/${keyspaceId}#read_keyspace`)],
  'a grant on its keys': ({ keyspaceId }, world) => [
    grant(world, `keyspaces/${keyspaceId}/keys/*#create_key`),
  ],
  'a grant on another API': (_api, world) => [grant(world, 'keyspaces/ks_other#create_key')],
};

const recoverable: Record<string, (api: MadeApi, world: World) => string[]> = {
  'the permissions for every API': () => ['api.*.create_key', 'api.*.encrypt_key'],
  'the permissions for this API': ({ apiId }) => [`api.${apiId}.create_key`, `api.${apiId}.encrypt_key`],
  'a grant on the pattern of its keys': ({ keyspaceId }, world) => [
    grant(world, `keyspaces/${keyspaceId}#create_key`),
    grant(world, `keyspaces/${keyspaceId}/keys/*#encrypt_key`),
  ],
};

export const drops = ['hash'];

export default suite('keys.createKey', [
  scenario({
    name: 'a key without options is enabled and shown by its first characters, and its creation is audited',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId }),
    expect: { status: 200 },
    async after(world, { apiId }, reply) {
      const { keyId, key } = reply.body.data;
      expect(reply.body.data).toEqual({ keyId, key });
      expect(keyId).toMatch(/^key_[a-zA-Z0-9]+$/);
      expect(key).toMatch(/^[1-9A-HJ-NP-Za-km-z]{20,24}$/);
      expect(await world.do('keys.getKey', { keyId })).toEqual({
        keyId,
        start: key.slice(0, 4),
        enabled: true,
        createdAt: world.clock.now(),
      });
      const [record, ...others] = (await recordsOfCall(world)).filter(({ event }) => event !== 'api.create');
      expect(others).toEqual([]);
      expect(record).toMatchObject({
        event: 'key.create',
        actor: { type: 'rootkey', name: 'tests' },
        resources: [
          { type: 'key', id: keyId },
          { type: 'api', id: apiId },
        ],
        correlationId: null,
      });
    },
  }),
  scenario({
    name: 'a prefix precedes the key, with `_` between them',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, prefix: 'test' }),
    expect: { status: 200, data: { key: expect.stringMatching(/^test_[^_]{20,24}$/) } },
    async after(world, _api, reply) {
      const { keyId, key } = reply.body.data;
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ start: key.slice(0, 9) });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID', keyId });
    },
  }),
  scenario({
    name: 'a prefix that ends in `_` gets another one',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, prefix: 'my_app_' }),
    expect: { status: 200, data: { key: expect.stringMatching(/^my_app__[^_]{20,24}$/) } },
  }),
  scenario({
    name: 'more bytes make a longer key',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, byteLength: 64 }),
    expect: { status: 200, data: { key: expect.stringMatching(/^.{80,}$/) } },
  }),
  scenario({
    name: 'prefix and length come from the API where the request has none',
    async arrange(world) {
      const api = await makeApi(world);
      await world.service.app.services.storage.write((store) =>
        store.apis.update(world.workspaceId, api.apiId, { defaultPrefix: 'std', defaultByteLength: 64 }),
      );
      return api;
    },
    body: ({ apiId }: MadeApi) => ({ apiId }),
    expect: { status: 200, data: { key: expect.stringMatching(/^std_.{80,}$/) } },
    async after(world, { apiId }) {
      const own = await world.do('keys.createKey', { apiId, prefix: 'own', byteLength: 16 });
      expect(own.key).toMatch(/^own_.{20,24}$/);
    },
  }),
  shown(
    'every member is stored',
    {
      name: 'Laptop',
      externalId: 'user_1',
      byteLength: 24,
      meta: { team: { id: 7, tags: ['a', null] }, note: 'ключ 🔑' },
      expires: 4_102_444_800_000,
      enabled: false,
      credits: { remaining: 10, refill: { interval: 'monthly', amount: 100, refillDay: 31 } },
      ratelimits: [{ name: 'requests', limit: 10, duration: 60_000, autoApply: true }],
    },
    {
      name: 'Laptop',
      identity: { id: expect.stringMatching(/^id_/), externalId: 'user_1' },
      meta: { team: { id: 7, tags: ['a', null] }, note: 'ключ 🔑' },
      expires: 4_102_444_800_000,
      enabled: false,
      credits: { remaining: 10, refill: { interval: 'monthly', amount: 100, refillDay: 31 } },
      ratelimits: [
        { id: expect.stringMatching(/^rl_/), name: 'requests', limit: 10, duration: 60_000, autoApply: true },
      ],
    },
  ),
  scenario({
    name: 'a key that expired before its creation verifies as EXPIRED',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, expires: 1_704_067_200_000 }),
    expect: { status: 200 },
    async after(world, _api, reply) {
      const { key } = reply.body.data;
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({
        code: 'EXPIRED',
        expires: 1_704_067_200_000,
      });
    },
  }),
  scenario({
    name: 'twenty keys created at once with one external id share one identity',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, externalId: 'user_1' }),
    expect: { status: 200 },
    async after(world, { apiId }) {
      const replies = await concurrently(20, () =>
        world.call('keys.createKey', { apiId, externalId: 'user_1' }),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await world.do('identities.listIdentities', {})).toHaveLength(1);
      const keys = await world.do('apis.listKeys', { apiId, externalId: 'user_1' });
      expect(keys).toHaveLength(21);
    },
  }),
  scenario({
    name: 'an external id is never read as the id of an identity, and is case-sensitive',
    async arrange(world) {
      const { identityId } = await world.do('identities.createIdentity', { externalId: 'User_1' });
      return { ...(await makeApi(world)), identityId };
    },
    body: ({ apiId, identityId }: MadeApi & { identityId: string }) => ({ apiId, externalId: identityId }),
    expect: { status: 200 },
    async after(world, { apiId, identityId }, reply) {
      const { identity } = await world.do('keys.getKey', { keyId: reply.body.data.keyId });
      expect(identity.externalId).toBe(identityId);
      expect(identity.id).not.toBe(identityId);
      await world.do('keys.createKey', { apiId, externalId: 'user_1' });
      expect(await world.do('identities.listIdentities', {})).toHaveLength(3);
    },
  }),
  scenario({
    name: 'credits that are null make the key unlimited',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, credits: { remaining: null } }),
    expect: { status: 200 },
    async after(world, _api, reply) {
      const { keyId, key } = reply.body.data;
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('credits');
      expect(await world.do('keys.verifyKey', { key })).not.toHaveProperty('credits');
    },
  }),
  shown(
    'credits may be as large as numbers go',
    { credits: { remaining: Number.MAX_SAFE_INTEGER } },
    { credits: { remaining: Number.MAX_SAFE_INTEGER } },
  ),
  shown(
    'a day is passed over in a daily refill',
    { credits: { remaining: 5, refill: { interval: 'daily', amount: 9, refillDay: 4 } } },
    { credits: { remaining: 5, refill: { interval: 'daily', amount: 9 } } },
  ),
  shown(
    'of limits with one name the last counts',
    {
      ratelimits: [
        { name: 'requests', limit: 1, duration: 1000, autoApply: true },
        { name: 'tokens', limit: 2, duration: 2000, autoApply: false },
        { name: 'requests', limit: 3, duration: 3000, autoApply: false },
      ],
    },
    {
      ratelimits: [
        { name: 'requests', limit: 3, duration: 3000, autoApply: false },
        { name: 'tokens', limit: 2, duration: 2000, autoApply: false },
      ],
    },
  ),
  shown(
    'a limit may have members that nobody knows',
    { ratelimits: [{ name: 'requests', limit: 1, duration: 1000, autoApply: true, note: 'x' }] },
    { ratelimits: [{ name: 'requests', limit: 1, duration: 1000, autoApply: true }] },
  ),
  scenario({
    name: 'numbers may be written with an exponent, or with a fraction of zero',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => `{"apiId":"${apiId}","byteLength":16.0,"credits":{"remaining":1e3}}`,
    expect: { status: 200 },
    async after(world, _api, reply) {
      const { credits } = await world.do('keys.getKey', { keyId: reply.body.data.keyId });
      expect(credits).toEqual({ remaining: 1000 });
    },
  }),
  scenario({
    name: 'missing permissions are created, each once, and only their attachment is audited',
    arrange: makeApi,
    permissions: ['api.*.create_key'],
    body: ({ apiId }: MadeApi) => ({
      apiId,
      permissions: [
        'documents.read',
        'documents.*',
        '2fa.read',
        'api:read',
        'documents.read',
        'Documents.Read',
      ],
    }),
    expect: { status: 200 },
    async after(world, _api, reply) {
      const { keyId } = reply.body.data;
      expect((await world.do('keys.getKey', { keyId })).permissions).toEqual([
        '2fa.read',
        'api:read',
        'documents.*',
        'documents.read',
      ]);
      expect(await world.do('permissions.getPermission', { permission: 'api:read' })).toMatchObject({
        slug: 'api:read',
        name: 'api:read',
      });
      const records = (await recordsOfCall(world)).filter(({ event }) => event !== 'api.create');
      expect(records.map(({ event }) => event)).toEqual([
        ...Array(4).fill('authorization.connect_permission_and_key'),
        'key.create',
      ]);
      expect(new Set(records.map(({ correlationId }) => correlationId)).size).toBe(1);
      expect(records[0]?.correlationId).toMatch(/^cor_/);
    },
  }),
  scenario({
    name: 'permissions and roles that differ in case only are the ones that exist',
    async arrange(world) {
      await makePermissions(world, ['documents.read']);
      await makeRoles(world, ['Billing Admin']);
      return makeApi(world);
    },
    body: ({ apiId }: MadeApi) => ({
      apiId,
      permissions: ['Documents.READ'],
      roles: ['billing admin', 'Billing Admin'],
    }),
    expect: { status: 200 },
    async after(world, _api, reply) {
      expect(await world.do('keys.getKey', { keyId: reply.body.data.keyId })).toMatchObject({
        permissions: ['documents.read'],
        roles: ['Billing Admin'],
      });
      const events = await eventsOfCall(world);
      expect(events.filter((event) => event === 'authorization.connect_role_and_key')).toHaveLength(1);
    },
  }),
  scenario({
    name: '404 for a role that does not exist, and nothing is created',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, externalId: 'user_1', permissions: ['made'], roles: ['nobody'] }),
    expect: { status: 404, code: 'unkey/data/role_not_found' },
    after: (world, api) => expectNothingMade(world, api),
  }),
  refused(
    'a refill of unlimited credits',
    { credits: { remaining: null, refill: { interval: 'daily', amount: 100 } } },
    'body.credits.remaining',
  ),
  refused(
    'a monthly refill without its day',
    { credits: { remaining: 1, refill: { interval: 'monthly', amount: 100 } } },
    'body.credits.refill.refillDay',
  ),
  refused('meta above 1 MiB', { meta: { text: 'x'.repeat(1024 * 1024) } }, 'body.meta'),
  shown(
    'meta of 1 MiB is stored',
    { meta: { text: 'x'.repeat(1024 * 1024 - '{"text":""}'.length) } },
    { meta: { text: 'x'.repeat(1024 * 1024 - '{"text":""}'.length) } },
  ),
  ...Object.entries(sufficient).map(([what, permissions]) =>
    scenario({
      name: `${what} suffices`,
      arrange: makeApi,
      permissions,
      body: ({ apiId }: MadeApi) => ({ apiId }),
      expect: { status: 200 },
    }),
  ),
  ...Object.entries(insufficient).map(([what, permissions]) =>
    scenario({
      name: `404, as for an API that does not exist, with ${what}`,
      arrange: makeApi,
      permissions,
      body: ({ apiId }: MadeApi) => ({ apiId }),
      expect: apiNotFound,
      async after(world, { apiId, keyspaceId }, reply) {
        const absent = await world.call('keys.createKey', { apiId: 'api_doesNotExist' });
        expect(reply.body.error).toEqual(absent.body.error);
        expect(JSON.stringify(reply.body)).not.toContain(keyspaceId);
        expect(await world.do('apis.listKeys', { apiId })).toEqual([]);
      },
    }),
  ),
  ...Object.entries(recoverable).map(([what, permissions]) =>
    scenario({
      name: `a recoverable key can be shown again, and ${what} suffices to create it`,
      arrange: makeApi,
      permissions,
      body: ({ apiId }: MadeApi) => ({ apiId, prefix: 'test', recoverable: true }),
      expect: { status: 200 },
      async after(world, _api, reply) {
        const { keyId, key } = reply.body.data;
        expect((await world.do('keys.getKey', { keyId, decrypt: true })).plaintext).toBe(key);
      },
    }),
  ),
  scenario({
    name: '404 for a recoverable key without the permission to encrypt',
    arrange: makeApi,
    permissions: ({ keyspaceId }, world) => [
      'api.*.create_key',
      grant(world, `keyspaces/${keyspaceId}/keys/key_one#encrypt_key`),
    ],
    body: ({ apiId }: MadeApi) => ({ apiId, recoverable: true }),
    expect: apiNotFound,
  }),
  scenario({
    name: '412 for a recoverable key on a server without master key; others are created there',
    service: 'withoutMasterKey',
    arrange: makeApi,
    body: ({ apiId }: MadeApi) => ({ apiId, recoverable: true, externalId: 'user_1', permissions: ['made'] }),
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
    async after(world, api) {
      await expectNothingMade(world, api);
      await world.do('keys.createKey', { apiId: api.apiId, recoverable: false });
    },
  }),
  scenario({
    name: '412 for a recoverable key on a server without master key comes before the permission to encrypt',
    service: 'withoutMasterKey',
    arrange: makeApi,
    permissions: ['api.*.create_key'],
    body: ({ apiId }: MadeApi) => ({ apiId, recoverable: true }),
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
  }),
  scenario({
    name: '404 for a recoverable key without any permission, also on a server without master key',
    service: 'withoutMasterKey',
    arrange: makeApi,
    permissions: ['api.*.encrypt_key'],
    body: ({ apiId }: MadeApi) => ({ apiId, recoverable: true }),
    expect: apiNotFound,
  }),
  { name: '404 for an API that does not exist', body: { apiId: 'api_doesNotExist' }, expect: apiNotFound },
  { name: '404 for an id of three characters', body: { apiId: 'api' }, expect: apiNotFound },
  scenario({
    name: '404 for an API of another workspace',
    arrange: async (world) => (await otherWorkspace(world)).do('apis.createApi', { name: 'theirs' }),
    body: ({ apiId }: MadeApi) => ({ apiId }),
    expect: apiNotFound,
  }),
  scenario({
    name: '404 for a deleted API',
    async arrange(world) {
      const api = await makeApi(world);
      await world.do('apis.deleteApi', { apiId: api.apiId });
      return api;
    },
    body: ({ apiId }: MadeApi) => ({ apiId }),
    expect: apiNotFound,
  }),
  scenario({
    name: 'the Python client 2.x may say `keyCredits`',
    arrange: makeApi,
    headers: pythonClient,
    body: ({ apiId }: MadeApi) => ({ apiId, keyCredits: { remaining: 7 } }),
    expect: { status: 200 },
    async after(world, _api, reply) {
      const { keyId } = reply.body.data;
      expect((await world.do('keys.getKey', { keyId })).credits).toEqual({ remaining: 7 });
    },
  }),
  shown('every client may say `keyCredits`', { keyCredits: { remaining: 7 } }, { credits: { remaining: 7 } }),
  refused(
    'both `credits` and `keyCredits`',
    { credits: { remaining: 7 }, keyCredits: { remaining: 7 } },
    'body.keyCredits',
  ),
  ...malformed([
    ['no apiId', {}, 'body.apiId'],
    ['an empty apiId', { apiId: '' }, 'body.apiId'],
    ['an apiId of two characters', { apiId: 'ab' }, 'body.apiId'],
    ['an apiId with other characters', { apiId: 'api-1' }, 'body.apiId'],
    ['an empty prefix', { apiId: 'api_1', prefix: '' }, 'body.prefix'],
    ['a prefix of 40 characters', { apiId: 'api_1', prefix: 'p'.repeat(40) }, 'body.prefix'],
    ['a prefix with other characters', { apiId: 'api_1', prefix: 'a-b' }, 'body.prefix'],
    ['ten bytes', { apiId: 'api_1', byteLength: 10 }, 'body.byteLength'],
    ['300 bytes', { apiId: 'api_1', byteLength: 300 }, 'body.byteLength'],
    ['an empty name', { apiId: 'api_1', name: '' }, 'body.name'],
    ['a name of 256 characters', { apiId: 'api_1', name: 'n'.repeat(256) }, 'body.name'],
    ['a name that is null', { apiId: 'api_1', name: null }, 'body.name'],
    ['an externalId with a space', { apiId: 'api_1', externalId: 'user 1' }, 'body.externalId'],
    ['meta that is an array', { apiId: 'api_1', meta: [] }, 'body.meta'],
    [
      'meta with 101 members',
      { apiId: 'api_1', meta: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`m${n}`, n])) },
      'body.meta',
    ],
    ['a negative expires', { apiId: 'api_1', expires: -1 }, 'body.expires'],
    ['expires after 2100', { apiId: 'api_1', expires: 4_102_444_800_001 }, 'body.expires'],
    ['expires with a fraction', { apiId: 'api_1', expires: 1.5 }, 'body.expires'],
    ['an empty permission', { apiId: 'api_1', permissions: [''] }, 'body.permissions[0]'],
    ['a permission with `/`', { apiId: 'api_1', permissions: ['ok', 'a/b'] }, 'body.permissions[1]'],
    [
      'a permission of 129 characters',
      { apiId: 'api_1', permissions: ['p'.repeat(129)] },
      'body.permissions[0]',
    ],
    ['an empty role', { apiId: 'api_1', roles: [''] }, 'body.roles[0]'],
    ['a role of 129 characters', { apiId: 'api_1', roles: ['r'.repeat(129)] }, 'body.roles[0]'],
    ['101 roles', { apiId: 'api_1', roles: Array(101).fill('r') }, 'body.roles'],
    ['credits without remaining', { apiId: 'api_1', credits: {} }, 'body.credits.remaining'],
    ['credits that are null', { apiId: 'api_1', credits: null }, 'body.credits'],
    ['negative credits', { apiId: 'api_1', credits: { remaining: -1 } }, 'body.credits.remaining'],
    [
      'credits above 2^53 − 1',
      '{"apiId":"api_1","credits":{"remaining":9007199254740992}}',
      'body.credits.remaining',
    ],
    [
      'a refill of nothing',
      { apiId: 'api_1', credits: { remaining: 1, refill: { interval: 'daily', amount: 0 } } },
      'body.credits.refill.amount',
    ],
    [
      'a refill on day 32',
      {
        apiId: 'api_1',
        credits: { remaining: 1, refill: { interval: 'monthly', amount: 1, refillDay: 32 } },
      },
      'body.credits.refill.refillDay',
    ],
    [
      'a limit without autoApply',
      { apiId: 'api_1', ratelimits: [{ name: 'requests', limit: 1, duration: 1000 }] },
      'body.ratelimits[0].autoApply',
    ],
    [
      'a limit of 0',
      { apiId: 'api_1', ratelimits: [{ name: 'requests', limit: 0, duration: 1000, autoApply: true }] },
      'body.ratelimits[0].limit',
    ],
    [
      'a window of 999 ms',
      { apiId: 'api_1', ratelimits: [{ name: 'requests', limit: 1, duration: 999, autoApply: true }] },
      'body.ratelimits[0].duration',
    ],
    ['enabled that is a text', { apiId: 'api_1', enabled: 'yes' }, 'body.enabled'],
    ['a member that it does not know', { apiId: 'api_1', ownerId: 'x' }, 'body.ownerId'],
  ]),
]);
