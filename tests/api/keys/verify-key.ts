import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import {
  concurrently,
  grant,
  type MadeKey,
  makeForeignKey,
  makeKey,
  recordsOfCall,
} from '../arrange-keys.ts';
import { makeFullKey, shownKey } from '../full-key.ts';
import { makeMigration } from '../migrations.ts';
import { pythonClient } from '../python-client.ts';
import { malformed } from '../refusals.ts';
import { type Scenario, scenario, suite, type World } from '../scenario.ts';

const notFound = { valid: false, code: 'NOT_FOUND' };
const byKey = ({ key }: MadeKey) => ({ key });
const verify = (world: World, key: string, members: object = {}) =>
  world.do('keys.verifyKey', { key, ...members });

/** Verifies a key with these members and expects this response. */
function verdict(name: string, members: object, request: object, data: object): Scenario {
  return scenario({
    name,
    arrange: (world) => makeKey(world, { ...members }),
    body: ({ key }: MadeKey) => ({ key, ...request }),
    expect: { status: 200, data: { valid: 'code' in data && data.code === 'VALID', ...data } },
  });
}

/** Expects the response without details: it does not reveal whether the key exists. */
function expectsNotFound(name: string, arrange: (world: World) => Promise<{ key: string }>): Scenario {
  return scenario({
    name,
    arrange,
    body: ({ key }: { key: string }) => ({ key, permissions: 'a AND' }),
    expect: { status: 200 },
    async after(_world, _key, reply) {
      expect(reply.body.data).toEqual(notFound);
    },
  });
}

const basics: Scenario[] = [
  scenario({
    name: 'a key is valid, and the response has all of its members',
    arrange: makeFullKey,
    body: byKey,
    expect: { status: 200 },
    async after(world, made, reply) {
      const { start: _, createdAt: _at, credits: _credits, identity, ...shown } = shownKey(made, 0);
      expect(reply.body.data).toEqual({
        ...shown,
        valid: true,
        code: 'VALID',
        credits: 9,
        identity,
        ratelimits: [
          {
            id: expect.stringMatching(/^rl_/),
            name: 'requests',
            limit: 10,
            duration: 60_000,
            remaining: 9,
            exceeded: false,
            autoApply: true,
            reset: Math.floor(world.clock.now() / 60_000 + 1) * 60_000,
          },
        ],
      });
      expect(await recordsOfCall(world)).toEqual([]);
    },
  }),
  scenario({
    name: 'absent members are omitted',
    arrange: (world) => makeKey(world, { meta: {} }),
    body: byKey,
    expect: { status: 200 },
    async after(_world, { keyId }, reply) {
      expect(reply.body.data).toEqual({ valid: true, code: 'VALID', keyId, enabled: true });
    },
  }),
  expectsNotFound('an unknown key is not found', async () => ({ key: 'test_unknown' })),
  expectsNotFound('a key of another workspace is not found', makeForeignKey),
  expectsNotFound('a root key is not found', async ({ rootKey }) => ({ key: rootKey })),
  expectsNotFound('a key in another case is not found', async (world) => {
    const { key } = await makeKey(world, { prefix: 'test' });
    return { key: key.replace('test', 'TEST') };
  }),
  expectsNotFound('a key that was verified and then deleted is not found', async (world) => {
    const made = await makeKey(world);
    await verify(world, made.key);
    await world.do('keys.deleteKey', { keyId: made.keyId });
    return made;
  }),
  expectsNotFound('a key of a deleted API is not found', async (world) => {
    const made = await makeKey(world);
    await verify(world, made.key);
    await world.do('apis.deleteApi', { apiId: made.apiId });
    return made;
  }),
  scenario({
    name: 'a key that is created after it was looked up is found',
    async arrange(world) {
      const { apiId } = await makeKey(world);
      const hash = createHash('sha256').update('brought_along').digest('base64');
      expect(await verify(world, 'brought_along')).toEqual(notFound);
      const migrationId = await makeMigration(world, 'sha256');
      await world.do('keys.migrateKeys', { apiId, migrationId, keys: [{ hash }] });
    },
    body: { key: 'brought_along' },
    expect: { status: 200, data: { code: 'VALID' } },
  }),
  scenario({
    name: 'a key is valid until it expires',
    arrange: (world) => makeKey(world, { expires: world.clock.now() + 4000 }),
    body: byKey,
    expect: { status: 200, data: { code: 'VALID' } },
    async after(world, { key, keyId }) {
      world.clock.advance(2999);
      expect(await verify(world, key)).toMatchObject({ code: 'VALID' });
      world.clock.advance(2);
      expect(await verify(world, key)).toMatchObject({ valid: false, code: 'EXPIRED', keyId, enabled: true });
    },
  }),
  scenario({
    name: 'disabling and enabling count from the next verification on',
    async arrange(world) {
      const made = await makeKey(world, { name: 'Laptop', credits: { remaining: 5 } });
      expect(await verify(world, made.key)).toMatchObject({ code: 'VALID' });
      await world.do('keys.updateKey', { keyId: made.keyId, enabled: false });
      return made;
    },
    body: byKey,
    expect: {
      status: 200,
      data: { valid: false, code: 'DISABLED', enabled: false, name: 'Laptop', credits: 4 },
    },
    async after(world, { keyId, key }) {
      await world.do('keys.updateKey', { keyId, enabled: true });
      expect(await verify(world, key)).toMatchObject({ code: 'VALID', credits: 3 });
    },
  }),
  verdict('DISABLED comes before EXPIRED', { enabled: false, expires: 1 }, {}, { code: 'DISABLED' }),
  verdict(
    'EXPIRED comes before INSUFFICIENT_PERMISSIONS',
    { expires: 1 },
    { permissions: 'a' },
    { code: 'EXPIRED' },
  ),
  verdict(
    'INSUFFICIENT_PERMISSIONS comes before RATE_LIMITED and unknown limits',
    { credits: { remaining: 0 } },
    { permissions: 'a', ratelimits: [{ name: 'unknown' }] },
    { code: 'INSUFFICIENT_PERMISSIONS', credits: 0 },
  ),
  verdict(
    'RATE_LIMITED comes before USAGE_EXCEEDED',
    { credits: { remaining: 0 } },
    { ratelimits: [{ name: 'requests', limit: 1, duration: 1000, cost: 2 }] },
    { code: 'RATE_LIMITED', credits: 0 },
  ),
  scenario({
    name: 'changes of the identity, of roles and of permissions apply at once',
    async arrange(world) {
      const made = await makeFullKey(world);
      await verify(world, made.key);
      await world.do('identities.updateIdentity', { identity: 'user_1', meta: { plan: 'free' } });
      await world.do('permissions.deletePermission', { permission: 'billing.read' });
      return made;
    },
    body: byKey,
    expect: {
      status: 200,
      data: {
        identity: { meta: { plan: 'free' } },
        permissions: ['documents.read', 'documents.write'],
        roles: ['Billing Admin'],
      },
    },
    async after(world, { key }) {
      await world.do('permissions.deleteRole', { role: 'Billing Admin' });
      await world.do('identities.deleteIdentity', { identity: 'user_1' });
      const result = await verify(world, key);
      expect(result).not.toHaveProperty('roles');
      expect(result).not.toHaveProperty('identity');
    },
  }),
];

const access: Scenario[] = [
  ...Object.entries<(key: MadeKey, world: World) => string[]>({
    'the permission for every API': () => ['api.*.verify_key'],
    'the permission for its API': ({ apiId }) => [`api.${apiId}.verify_key`],
    'a grant on the key': ({ keyspaceId, keyId }, world) => [
      grant(world, `keyspaces/${keyspaceId}/keys/${keyId}#verify_key`),
    ],
    'a grant on everything': (_key, world) => [grant(world, '**#*')],
  }).map(([what, permissions]) =>
    scenario({
      name: `${what} suffices`,
      arrange: makeKey,
      permissions,
      body: byKey,
      expect: { status: 200, data: { code: 'VALID' } },
    }),
  ),
  ...Object.entries<(key: MadeKey, world: World) => string[]>({
    'no permission': () => [],
    'read_key only': ({ apiId }) => ['api.*.read_key', `api.${apiId}.read_key`],
    'the permission for another API': () => ['api.api_12345678.verify_key'],
    'a grant on another key': ({ keyspaceId }, world) => [
      grant(world, `keyspaces/${keyspaceId}/keys/key_other#verify_key`),
    ],
  }).map(([what, permissions]) =>
    scenario({
      name: `a key is not found with ${what}, and nothing is counted`,
      arrange: (world) => makeKey(world, { credits: { remaining: 1 } }),
      permissions,
      body: ({ key }: MadeKey) => ({ key, permissions: 'a AND' }),
      expect: { status: 200 },
      async after(world, { key }, reply) {
        expect(reply.body.data).toEqual(notFound);
        expect(await verify(world, key)).toMatchObject({ code: 'VALID', credits: 0 });
      },
    }),
  ),
];

const credits: Scenario[] = [
  verdict(
    'a verification spends one credit',
    { credits: { remaining: 5 } },
    {},
    { code: 'VALID', credits: 4 },
  ),
  verdict(
    'without credits usage is exceeded',
    { credits: { remaining: 0 } },
    {},
    { code: 'USAGE_EXCEEDED', credits: 0 },
  ),
  verdict(
    'the cost may be all credits',
    { credits: { remaining: 5 } },
    { credits: { cost: 5 } },
    { code: 'VALID', credits: 0 },
  ),
  verdict(
    'a cost above the credits spends none',
    { credits: { remaining: 5 } },
    { credits: { cost: 15 } },
    { code: 'USAGE_EXCEEDED', credits: 5 },
  ),
  verdict(
    'a cost of 0 passes without credits',
    { credits: { remaining: 0 } },
    { credits: { cost: 0 } },
    { code: 'VALID', credits: 0 },
  ),
  verdict(
    'credits above 32 bits are counted exactly',
    { credits: { remaining: Number.MAX_SAFE_INTEGER } },
    { credits: { cost: 1_000_000_000_000 } },
    { code: 'VALID', credits: Number.MAX_SAFE_INTEGER - 1_000_000_000_000 },
  ),
  scenario({
    name: 'an unlimited key passes over the cost',
    arrange: makeKey,
    body: ({ key }: MadeKey) => ({ key, credits: { cost: 7 } }),
    expect: { status: 200, data: { code: 'VALID' } },
    async after(_world, _key, reply) {
      expect(reply.body.data).not.toHaveProperty('credits');
    },
  }),
  scenario({
    name: 'of fifty spends of 5 at once from 100 credits exactly twenty pass',
    arrange: (world) => makeKey(world, { credits: { remaining: 100 } }),
    body: ({ key }: MadeKey) => ({ key, credits: { cost: 0 } }),
    expect: { status: 200, data: { credits: 100 } },
    async after(world, { key, keyId }) {
      const results = await concurrently(50, () => verify(world, key, { credits: { cost: 5 } }));
      expect(results.filter(({ code }) => code === 'VALID')).toHaveLength(20);
      expect(results.filter(({ code }) => code === 'USAGE_EXCEEDED')).toHaveLength(30);
      expect(
        results
          .filter(({ valid }) => valid)
          .map(({ credits }) => credits)
          .sort((a, b) => a - b),
      ).toEqual(Array.from({ length: 20 }, (_, index) => index * 5));
      expect(results.filter(({ valid }) => !valid).every(({ credits }) => credits >= 0 && credits < 5)).toBe(
        true,
      );
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ credits: { remaining: 0 } });
    },
  }),
  scenario({
    name: 'of two hundred spends of the last credit at once one passes',
    arrange: (world) => makeKey(world, { credits: { remaining: 1 } }),
    body: ({ key }: MadeKey) => ({ key, credits: { cost: 0 } }),
    expect: { status: 200 },
    async after(world, { key }) {
      const results = await concurrently(200, () => verify(world, key));
      expect(results.filter(({ valid }) => valid)).toHaveLength(1);
    },
  }),
  scenario({
    name: 'a verification that a limit denies spends no credits',
    arrange: (world) =>
      makeKey(world, {
        credits: { remaining: 10 },
        ratelimits: [{ name: 'requests', limit: 1, duration: 60_000, autoApply: true }],
      }),
    body: byKey,
    expect: { status: 200, data: { code: 'VALID', credits: 9 } },
    async after(world, { key }) {
      expect(await verify(world, key)).toMatchObject({ code: 'RATE_LIMITED', credits: 9 });
      world.clock.advance(120_000);
      expect(await verify(world, key)).toMatchObject({ code: 'VALID', credits: 8 });
    },
  }),
  scenario({
    name: 'a verification that only the credits deny has counted against the limits',
    arrange: (world) =>
      makeKey(world, {
        credits: { remaining: 0 },
        ratelimits: [{ name: 'requests', limit: 1, duration: 60_000, autoApply: true }],
      }),
    body: byKey,
    expect: {
      status: 200,
      data: { code: 'USAGE_EXCEEDED', ratelimits: [{ remaining: 0, exceeded: false }] },
    },
    async after(world, { key }) {
      expect(await verify(world, key)).toMatchObject({ code: 'RATE_LIMITED' });
    },
  }),
  scenario({
    name: 'a daily refill comes at 00:00 UTC, fills up to its amount, and is audited as the work of the system',
    arrange: (world) =>
      makeKey(world, { name: 'Laptop', credits: { remaining: 2, refill: { interval: 'daily', amount: 5 } } }),
    body: byKey,
    expect: { status: 200, data: { credits: 1 } },
    async after(world, { key, keyId }) {
      world.clock.set(Date.UTC(2026, 10, 15, 23, 59, 59, 999));
      expect(await verify(world, key)).toMatchObject({ code: 'VALID', credits: 0 });
      expect(await verify(world, key)).toMatchObject({ code: 'USAGE_EXCEEDED' });
      world.clock.advance(1);
      expect(await verify(world, key)).toMatchObject({ code: 'VALID', credits: 4 });
      expect(await recordsOfCall(world)).toMatchObject([
        {
          event: 'key.update',
          actor: { type: 'system', id: 'keyrefill', name: 'Key Refill Service' },
          display: expect.stringContaining('Laptop'),
          resources: [
            { type: 'key', id: keyId, meta: { refill_amount: 5, previous_remaining: 0, new_remaining: 5 } },
          ],
        },
      ]);
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ updatedAt: world.clock.now() });
      world.clock.advance(43_200_000);
      expect(await verify(world, key)).toMatchObject({ credits: 3 });
    },
  }),
  scenario({
    name: 'a monthly refill comes on its day, or on the last day of a month that lacks it',
    async arrange(world) {
      world.clock.set(Date.UTC(2027, 0, 31, 12));
      return makeKey(world, {
        credits: { remaining: 1, refill: { interval: 'monthly', amount: 5, refillDay: 31 } },
      });
    },
    body: byKey,
    expect: { status: 200, data: { credits: 0 } },
    async after(world, { key }) {
      world.clock.set(Date.UTC(2027, 1, 27, 23, 59, 59));
      expect(await verify(world, key)).toMatchObject({ code: 'USAGE_EXCEEDED' });
      world.clock.set(Date.UTC(2027, 1, 28));
      expect(await verify(world, key, { credits: { cost: 5 } })).toMatchObject({ code: 'VALID', credits: 0 });
      world.clock.set(Date.UTC(2027, 2, 30, 23, 59, 59));
      expect(await verify(world, key)).toMatchObject({ code: 'USAGE_EXCEEDED' });
      world.clock.set(Date.UTC(2027, 2, 31));
      expect(await verify(world, key)).toMatchObject({ code: 'VALID', credits: 4 });
    },
  }),
  scenario({
    name: 'a refill never lowers the credits',
    arrange: (world) =>
      makeKey(world, { credits: { remaining: 100, refill: { interval: 'daily', amount: 5 } } }),
    body: byKey,
    expect: { status: 200, data: { credits: 99 } },
    async after(world, { key }) {
      world.clock.advance(86_400_000);
      expect(await verify(world, key)).toMatchObject({ credits: 98 });
    },
  }),
  scenario({
    name: 'a refill never limits an unlimited key',
    async arrange(world) {
      const made = await makeKey(world);
      const refill = { interval: 'daily', amount: 1 };
      await world.do('keys.updateKey', { keyId: made.keyId, credits: { refill } });
      world.clock.advance(10 * 86_400_000);
      return made;
    },
    body: byKey,
    expect: { status: 200 },
    async after(world, { key, keyId }, reply) {
      expect(reply.body.data).not.toHaveProperty('credits');
      expect(await verify(world, key, { credits: { cost: 50 } })).toMatchObject({ code: 'VALID' });
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('credits');
    },
  }),
  scenario({
    name: 'many verifications at the moment of a refill see one refill',
    arrange: (world) =>
      makeKey(world, { credits: { remaining: 0, refill: { interval: 'daily', amount: 10 } } }),
    body: byKey,
    expect: { status: 200, data: { code: 'USAGE_EXCEEDED' } },
    async after(world, { key }) {
      world.clock.set(Date.UTC(2026, 10, 16));
      const results = await concurrently(40, () => verify(world, key));
      expect(results.filter(({ valid }) => valid)).toHaveLength(10);
      expect(await recordsOfCall(world)).toHaveLength(1);
    },
  }),
  scenario({
    name: 'the Python client 2.x may say `keyCredits`, and finds the rest under both names',
    arrange: (world) => makeKey(world, { credits: { remaining: 10 } }),
    body: ({ key }: MadeKey) => ({ key, keyCredits: { cost: 3 } }),
    expect: { status: 200, data: { credits: 7 } },
    async after(world, { key }, reply) {
      expect(reply.body.data).not.toHaveProperty('keyCredits');
      const { body } = await world.call(
        'keys.verifyKey',
        { key, keyCredits: { cost: 2 } },
        { headers: pythonClient },
      );
      expect(body.data).toMatchObject({ code: 'VALID', credits: 5, keyCredits: 5 });
    },
  }),
];

const syntaxErrors = {
  ' ': 'blanks only',
  'permission_1 AND': 'an operand that is missing at the end',
  '(permission_1 AND permission_2': 'a parenthesis that stays open',
  'permission_1 AND ()': 'empty parentheses',
  'AND permission_1': 'an operator at the start',
  'permission_1 permission_2': 'two slugs without operator',
  'permission_1)': 'a parenthesis that nobody opened',
  'permission_1 AND perm@2': 'a character that no slug has',
  '@': 'nothing but such a character',
};

const numbers = Array.from({ length: 25 }, (_, index) => `permission_${index}`);

const held = (permissions: string[], query: string): Scenario =>
  verdict(
    `${permissions.join(', ').slice(0, 60)} satisfies ${query.slice(0, 80)}`,
    { permissions },
    { permissions: query },
    {
      code: 'VALID',
    },
  );
const lacking = (permissions: string[], query: string): Scenario =>
  verdict(
    `${permissions.join(', ')} does not satisfy ${query}`,
    { permissions },
    { permissions: query },
    {
      code: 'INSUFFICIENT_PERMISSIONS',
    },
  );

const permissions: Scenario[] = [
  held(['documents.read'], 'documents.read'),
  held(['api.read', 'api.write'], 'api.read AND api.write'),
  held(['api.read', 'api.write'], 'api.read and (api.edit oR api.write)'),
  held(['api.*'], 'api.* OR api.edit'),
  held(
    ['system:admin:read', 'user:basic:read'],
    'system:admin:read AND (system:admin:write OR user:basic:read)',
  ),
  held(['system:admin:*', 'api_v2-test:read'], 'system:admin:* AND api_v2-test:read'),
  held(['p1'], 'p1 OR p2 AND p3'),
  held(['ANDROID', 'ORACLE'], 'ANDROID AND ORACLE'),
  held(['a', 'b'], '\t(a)\r\nAND((b))'),
  held(
    numbers,
    numbers.reduceRight((rest, slug) => `(${slug} AND ${rest})`),
  ),
  lacking(['p1'], '(p1 OR p2) AND p3'),
  lacking(['documents.*'], 'documents.read'),
  lacking(['documents.read'], 'Documents.Read'),
  lacking(['documents.read'], 'documents/read'),
  lacking(['documents.read'], 'documents.read AND documents.write'),
  scenario({
    name: 'permissions of roles count',
    arrange: makeFullKey,
    body: ({ key }: MadeKey) => ({ key, permissions: 'billing.read AND documents.write' }),
    expect: { status: 200, data: { code: 'VALID' } },
  }),
  scenario({
    name: 'a key without the permissions spends nothing, and the response has everything but the limits',
    arrange: makeFullKey,
    body: ({ key }: MadeKey) => ({ key, permissions: 'nobody.has.this' }),
    expect: { status: 200 },
    async after(world, { key }, reply) {
      expect(reply.body.data).toMatchObject({
        valid: false,
        code: 'INSUFFICIENT_PERMISSIONS',
        name: 'Laptop',
        credits: 10,
        permissions: ['billing.read', 'documents.read', 'documents.write'],
        roles: ['Billing Admin'],
        identity: { externalId: 'user_1' },
      });
      expect(reply.body.data).not.toHaveProperty('ratelimits');
      expect(await verify(world, key)).toMatchObject({ credits: 9, ratelimits: [{ remaining: 9 }] });
    },
  }),
  ...Object.entries(syntaxErrors).map(([query, what]) =>
    scenario({
      name: `400 for a permission query with ${what}, and nothing is counted`,
      arrange: (world) => makeKey(world, { credits: { remaining: 1 } }),
      body: ({ key }: MadeKey) => ({ key, permissions: query }),
      expect: { status: 400, code: 'user/bad_request/permissions_query_syntax_error' },
      async after(world, { key }, reply) {
        expect(reply.body.error).toMatchObject({ title: 'Bad Request', detail: expect.stringMatching(/./) });
        expect(reply.body.error.errors).toBeInstanceOf(Array);
        expect(await verify(world, key)).toMatchObject({ code: 'VALID', credits: 0 });
      },
    }),
  ),
  scenario({
    name: '400 for a broken permission query, also on a disabled key',
    arrange: (world) => makeKey(world, { enabled: false }),
    body: ({ key }: MadeKey) => ({ key, permissions: 'a AND' }),
    expect: { status: 400, code: 'user/bad_request/permissions_query_syntax_error' },
  }),
];

const limit = (name: string, members: object = {}) => ({
  name,
  limit: 1,
  duration: 60_000,
  autoApply: false,
  ...members,
});

/** Two keys of an identity with these limits. */
async function makeSiblings(world: World, ratelimits: object[], own: object[] = []) {
  await world.do('identities.createIdentity', { externalId: 'user_1', ratelimits });
  const first = await makeKey(world, { externalId: 'user_1', ratelimits: own });
  return { ...first, sibling: await makeKey(world, { externalId: 'user_1' }) };
}

const ratelimits: Scenario[] = [
  scenario({
    name: 'a limit with autoApply counts every verification',
    arrange: (world) => makeKey(world, { ratelimits: [limit('requests', { autoApply: true })] }),
    body: byKey,
    expect: { status: 200, data: { code: 'VALID' } },
    async after(world, { key }) {
      const result = await verify(world, key);
      expect(result).toMatchObject({
        valid: false,
        code: 'RATE_LIMITED',
        ratelimits: [{ name: 'requests', limit: 1, exceeded: true, remaining: 0, autoApply: true }],
      });
      expect(result.ratelimits[0].reset).toBeGreaterThan(world.clock.now());
    },
  }),
  scenario({
    name: 'a limit without autoApply counts only when it is named',
    arrange: (world) => makeKey(world, { ratelimits: [limit('requests')] }),
    body: ({ key }: MadeKey) => ({ key, ratelimits: [] }),
    expect: { status: 200, data: { code: 'VALID' } },
    async after(world, { key }, reply) {
      expect(reply.body.data).not.toHaveProperty('ratelimits');
      const named = { ratelimits: [{ name: 'requests' }] };
      expect(await verify(world, key, named)).toMatchObject({
        code: 'VALID',
        ratelimits: [{ autoApply: false }],
      });
      expect(await verify(world, key, named)).toMatchObject({ code: 'RATE_LIMITED' });
      expect(await verify(world, key)).toMatchObject({ code: 'VALID' });
    },
  }),
  verdict(
    'a limit of the request has no id',
    {},
    { ratelimits: [{ name: 'mine', cost: 3, limit: 10, duration: 60_000 }] },
    {
      code: 'VALID',
      ratelimits: [
        {
          id: '',
          name: 'mine',
          limit: 10,
          duration: 60_000,
          remaining: 7,
          exceeded: false,
          autoApply: false,
        },
      ],
    },
  ),
  scenario({
    name: 'a limit of the request counts earlier requests',
    arrange: makeKey,
    body: ({ key }: MadeKey) => ({
      key,
      ratelimits: [{ name: 'mine', cost: 15, limit: 20, duration: 60_000 }],
    }),
    expect: { status: 200, data: { code: 'VALID', ratelimits: [{ remaining: 5 }] } },
    async after(world, { key }) {
      const again = { ratelimits: [{ name: 'mine', cost: 15, limit: 20, duration: 60_000 }] };
      expect(await verify(world, key, again)).toMatchObject({ code: 'RATE_LIMITED' });
      const look = { ratelimits: [{ name: 'mine', cost: 0, limit: 20, duration: 60_000 }] };
      expect(await verify(world, key, look)).toMatchObject({ code: 'VALID', ratelimits: [{ remaining: 5 }] });
    },
  }),
  scenario({
    name: 'a limit of 0 in the request denies, and other limits are still looked at',
    arrange: (world) => makeKey(world, { ratelimits: [limit('requests', { limit: 5, autoApply: true })] }),
    body: ({ key }: MadeKey) => ({ key, ratelimits: [{ name: 'none', limit: 0, duration: 60_000 }] }),
    expect: { status: 200, data: { code: 'RATE_LIMITED' } },
    async after(world, { key }, reply) {
      expect(reply.body.data.ratelimits).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: 'none', limit: 0, remaining: 0, exceeded: true }),
          expect.objectContaining({ name: 'requests', remaining: 5, exceeded: false }),
        ]),
      );
      const free = { ratelimits: [{ name: 'none', limit: 0, duration: 60_000, cost: 0 }] };
      expect(await verify(world, key, free)).toMatchObject({ code: 'VALID' });
    },
  }),
  scenario({
    name: 'a limit of the request replaces a stored one with its name; of several, the last one counts',
    arrange: (world) => makeKey(world, { ratelimits: [limit('requests', { autoApply: true })] }),
    body: ({ key }: MadeKey) => ({
      key,
      ratelimits: [
        { name: 'requests', limit: 1, duration: 1000, cost: 9 },
        { name: 'requests', limit: 50, duration: 60_000, cost: 9 },
      ],
    }),
    expect: {
      status: 200,
      data: {
        code: 'VALID',
        ratelimits: [{ id: '', name: 'requests', limit: 50, remaining: 41, autoApply: false }],
      },
    },
  }),
  scenario({
    name: 'a lone limit or duration is ignored, whatever its value',
    arrange: (world) => makeKey(world, { ratelimits: [limit('requests', { limit: 5 })] }),
    body: ({ key }: MadeKey) => ({ key, ratelimits: [{ name: 'requests', limit: 100 }] }),
    expect: {
      status: 200,
      data: { code: 'VALID', ratelimits: [{ name: 'requests', limit: 5, duration: 60_000, remaining: 4 }] },
    },
    async after(world, { key }) {
      const lone = { ratelimits: [{ name: 'requests', duration: 1 }] };
      expect(await verify(world, key, lone)).toMatchObject({
        ratelimits: [{ duration: 60_000, remaining: 3 }],
      });
    },
  }),
  scenario({
    name: 'two identity keys share its limits',
    arrange: (world) => makeSiblings(world, [limit('requests', { limit: 5 })]),
    body: ({ key }: MadeKey) => ({ key, ratelimits: [{ name: 'requests', cost: 3 }] }),
    expect: {
      status: 200,
      data: { code: 'VALID', ratelimits: [{ id: expect.stringMatching(/^rl_/), remaining: 2 }] },
    },
    async after(world, { key, sibling }) {
      const two = { ratelimits: [{ name: 'requests', cost: 2 }] };
      const one = { ratelimits: [{ name: 'requests', cost: 1 }] };
      expect(await verify(world, sibling.key, two)).toMatchObject({
        code: 'VALID',
        ratelimits: [{ remaining: 0 }],
      });
      expect(await verify(world, key, one)).toMatchObject({ code: 'RATE_LIMITED' });
    },
  }),
  scenario({
    name: 'a limit of the key hides the one of its identity with the same name, and no other',
    arrange: (world) =>
      makeSiblings(
        world,
        [limit('requests', { limit: 1, autoApply: true }), limit('tokens', { limit: 7, autoApply: true })],
        [limit('requests', { limit: 3, autoApply: true })],
      ),
    body: byKey,
    expect: { status: 200, data: { code: 'VALID', identity: { ratelimits: [{ name: 'tokens' }] } } },
    async after(world, { key, sibling }, reply) {
      expect(reply.body.data.ratelimits).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: 'requests', limit: 3, remaining: 2 }),
          expect.objectContaining({ name: 'tokens', limit: 7, remaining: 6 }),
        ]),
      );
      expect(await verify(world, key)).toMatchObject({ code: 'VALID' });
      expect(await verify(world, key)).toMatchObject({ code: 'VALID' });
      expect(await verify(world, key)).toMatchObject({ code: 'RATE_LIMITED' });
      expect(await verify(world, sibling.key)).toMatchObject({ code: 'VALID' });
      expect(await verify(world, sibling.key)).toMatchObject({ code: 'RATE_LIMITED' });
    },
  }),
  scenario({
    name: 'limits of an identity with the same numbers and other names count apart',
    arrange: (world) => makeSiblings(world, [limit('first'), limit('second')]),
    body: ({ key }: MadeKey) => ({ key, ratelimits: [{ name: 'first' }] }),
    expect: { status: 200, data: { code: 'VALID' } },
    async after(world, { key }) {
      expect(await verify(world, key, { ratelimits: [{ name: 'second' }] })).toMatchObject({ code: 'VALID' });
      expect(await verify(world, key, { ratelimits: [{ name: 'first' }] })).toMatchObject({
        code: 'RATE_LIMITED',
      });
    },
  }),
  scenario({
    name: 'of several limits all count or none',
    arrange: (world) =>
      makeKey(world, {
        ratelimits: [
          limit('fast', { limit: 3, autoApply: true }),
          limit('slow', { limit: 10, duration: 3_600_000, autoApply: true }),
        ],
      }),
    body: byKey,
    expect: { status: 200, data: { code: 'VALID' } },
    async after(world, { key }) {
      for (let count = 0; count < 2; count++)
        expect(await verify(world, key)).toMatchObject({ code: 'VALID' });
      for (let count = 0; count < 2; count++) {
        const result = await verify(world, key);
        expect(result.code).toBe('RATE_LIMITED');
        expect(result.ratelimits).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ name: 'fast', remaining: 0, exceeded: true }),
            expect.objectContaining({ name: 'slow', remaining: 7, exceeded: false }),
          ]),
        );
      }
    },
  }),
  scenario({
    name: 'a window slides: the previous one counts in proportion to its part within the duration',
    async arrange(world) {
      world.clock.set(Date.UTC(2026, 10, 15, 12, 0, 0));
      return makeKey(world, { ratelimits: [limit('requests', { limit: 10, autoApply: true })] });
    },
    body: ({ key }: MadeKey) => ({ key, ratelimits: [{ name: 'requests', cost: 10 }] }),
    expect: { status: 200, data: { code: 'VALID', ratelimits: [{ remaining: 0 }] } },
    async after(world, { key }) {
      world.clock.set(Date.UTC(2026, 10, 15, 12, 1, 0));
      expect(await verify(world, key)).toMatchObject({ code: 'RATE_LIMITED' });
      world.clock.set(Date.UTC(2026, 10, 15, 12, 1, 30));
      const half = { ratelimits: [{ name: 'requests', cost: 5 }] };
      expect(await verify(world, key, half)).toMatchObject({ code: 'VALID', ratelimits: [{ remaining: 0 }] });
      expect(await verify(world, key)).toMatchObject({ code: 'RATE_LIMITED' });
    },
  }),
  scenario({
    name: 'of many verifications at once as many pass as the limit allows',
    arrange: (world) => makeKey(world, { ratelimits: [limit('requests', { limit: 8, autoApply: true })] }),
    body: ({ key }: MadeKey) => ({ key, ratelimits: [{ name: 'requests', cost: 0 }] }),
    expect: { status: 200, data: { ratelimits: [{ remaining: 8 }] } },
    async after(world, { key }) {
      const results = await concurrently(50, () => verify(world, key));
      expect(results.filter(({ valid }) => valid)).toHaveLength(8);
    },
  }),
  {
    name: '412 for a limit that the key does not have',
    arrange: (world) => makeKey(world, { credits: { remaining: 1 } }),
    body: (made: unknown) => ({ key: (made as MadeKey).key, ratelimits: [{ name: 'unknown', cost: 2 }] }),
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
    async after(world, made, reply) {
      const { key, keyId } = made as MadeKey;
      expect(reply.body.error.detail).toContain(keyId);
      expect(reply.body.error.detail).not.toContain(key);
      expect(await verify(world, key)).toMatchObject({ code: 'VALID', credits: 0 });
    },
  },
  scenario({
    name: '412 for a limit that neither the key nor its identity has, and both are named',
    arrange: (world) => makeSiblings(world, [limit('requests')]),
    body: ({ key }: MadeKey) => ({ key, ratelimits: [{ name: 'unknown', limit: 5 }] }),
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
    async after(world, { keyId }, reply) {
      const { id } = await world.do('identities.getIdentity', { identity: 'user_1' });
      for (const name of ['unknown', keyId, id, 'user_1']) expect(reply.body.error.detail).toContain(name);
    },
  }),
  verdict(
    'an unknown limit plays no part for a disabled key',
    { enabled: false },
    { ratelimits: [{ name: 'unknown' }] },
    { code: 'DISABLED' },
  ),
];

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A key migrated with the hash of its long token, which no other case uses. */
async function migrateOneKey(world: World, head: string, members: object = {}) {
  const key = `${head}_${world.workspaceId.replace('_', '')}`;
  const { apiId } = await makeKey(world);
  const migrationId = await makeMigration(world, 'github.com/seamapi/prefixed-api-key');
  const hash = sha256(world.workspaceId.replace('_', ''));
  const { migrated } = await world.do('keys.migrateKeys', {
    apiId,
    migrationId,
    keys: [{ hash, ...members }],
  });
  world.clock.advance(1000);
  return { migrationId, key, keyId: migrated[0].keyId };
}

interface MigratedKey {
  readonly key: string;
  readonly keyId: string;
  readonly migrationId: string;
}

const withMigration = ({ key, migrationId }: MigratedKey) => ({ key, migrationId });

const migration: Scenario[] = [
  scenario({
    name: 'a migrated key is found with its migration, and from then on without it',
    async arrange(world) {
      const migrated = await migrateOneKey(world, 're_shortToken');
      expect(await verify(world, migrated.key)).toEqual(notFound);
      expect(await world.do('keys.getKey', { keyId: migrated.keyId })).toMatchObject({ start: '' });
      return migrated;
    },
    body: withMigration,
    expect: { status: 200, data: { code: 'VALID' } },
    async after(world, { key, keyId, migrationId }) {
      expect(await verify(world, key)).toMatchObject({ code: 'VALID', keyId });
      expect(await verify(world, key, { migrationId })).toMatchObject({ code: 'VALID', keyId });
      expect(await verify(world, key.replace('short', 'other'), { migrationId })).toEqual(notFound);
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({
        start: 're_shor',
        updatedAt: world.clock.now(),
      });
    },
  }),
  scenario({
    name: 'the prefix of a migrated key may contain `_`',
    arrange: (world) => migrateOneKey(world, 'my_app_shortToken'),
    body: withMigration,
    expect: { status: 200, data: { code: 'VALID' } },
    async after(world, { keyId }) {
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ start: 'my_app_shor' });
    },
  }),
  scenario({
    name: 'a disabled migrated key is DISABLED, and found without the migration from then on',
    arrange: (world) => migrateOneKey(world, 're_short', { enabled: false }),
    body: withMigration,
    expect: { status: 200, data: { code: 'DISABLED' } },
    async after(world, { key }) {
      expect(await verify(world, key)).toMatchObject({ code: 'DISABLED' });
    },
  }),
  scenario({
    name: 'a migrated key is not found with another migration',
    arrange: (world) => migrateOneKey(world, 're_short'),
    body: ({ key }: MigratedKey) => ({ key, migrationId: 'migration_unknown' }),
    expect: { status: 200, data: notFound },
    async after(world, { key }) {
      const other = await makeMigration(world, 'github.com/seamapi/prefixed-api-key');
      expect(await verify(world, key, { migrationId: other })).toEqual(notFound);
    },
  }),
  scenario({
    name: 'a migration of whole hashes finds nothing more',
    async arrange(world) {
      const { key } = await migrateOneKey(world, 're_short');
      return { key, migrationId: await makeMigration(world, 'sha256') };
    },
    body: ({ key, migrationId }: { key: string; migrationId: string }) => ({ key, migrationId }),
    expect: { status: 200, data: notFound },
  }),
  {
    name: '400 for a key of two parts with a migration that needs three',
    arrange: (world) => migrateOneKey(world, 're_short'),
    body: (migrated: unknown) => ({ ...withMigration(migrated as MigratedKey), key: 're_long' }),
    expect: { status: 400, code: 'unkey/authentication/malformed' },
  },
];

const one = (item: object) => ({ key: 'k', ratelimits: [item] });

const shape: Scenario[] = malformed([
  ['no key', {}, 'body.key'],
  ['an empty key', { key: '' }, 'body.key'],
  ['a key of 513 characters', { key: 'k'.repeat(513) }, 'body.key'],
  ['the id of an API', { key: 'k', apiId: 'api_1' }, 'body.apiId'],
  ['21 tags', { key: 'k', tags: Array(21).fill('t') }, 'body.tags'],
  ['an empty tag', { key: 'k', tags: [''] }, 'body.tags[0]'],
  ['a tag of 513 characters', { key: 'k', tags: ['t'.repeat(513)] }, 'body.tags[0]'],
  ['an empty permission query', { key: 'k', permissions: '' }, 'body.permissions'],
  ['a permission query of 1001 characters', { key: 'k', permissions: 'p'.repeat(1001) }, 'body.permissions'],
  ['credits without cost', { key: 'k', credits: {} }, 'body.credits.cost'],
  ['a negative cost', { key: 'k', credits: { cost: -1 } }, 'body.credits.cost'],
  ['a cost above 10^12', { key: 'k', credits: { cost: 1_000_000_000_001 } }, 'body.credits.cost'],
  [
    '`credits` and `keyCredits`',
    { key: 'k', credits: { cost: 1 }, keyCredits: { cost: 1 } },
    'body.keyCredits',
  ],
  ['a limit without name', one({ cost: 1 }), 'body.ratelimits[0].name'],
  ['a limit name of two characters', one({ name: 'ab' }), 'body.ratelimits[0].name'],
  ['a negative cost of a limit', one({ name: 'abc', cost: -1 }), 'body.ratelimits[0].cost'],
  ['a negative limit', one({ name: 'abc', limit: -1 }), 'body.ratelimits[0].limit'],
  ['a window of 999 ms', one({ name: 'abc', limit: 1, duration: 999 }), 'body.ratelimits[0].duration'],
  ['a window of 0 ms', one({ name: 'abc', limit: 0, duration: 0 }), 'body.ratelimits[0].duration'],
  ['a migrationId of 257 characters', { key: 'k', migrationId: 'm'.repeat(257) }, 'body.migrationId'],
]);

const beforeAuthentication: Scenario[] = [
  {
    name: '400, not 401, for a window of 999 ms from an unknown root key',
    headers: { authorization: 'Bearer unkey_unknown' },
    body: one({ name: 'abc', limit: 1, duration: 999 }),
    expect: {
      status: 400,
      code: 'unkey/application/invalid_input',
      locations: ['body.ratelimits[0].duration'],
    },
  },
  verdict(
    'twenty tags of any characters are fine',
    {},
    { tags: ['a b', 'ключ', '🔑', ...Array(17).fill('path=/x')] },
    { code: 'VALID' },
  ),
  verdict(
    'a limit may have members that nobody knows',
    {},
    { ratelimits: [{ name: 'abc', limit: 5, duration: 1000, x: 1 }] },
    { code: 'VALID' },
  ),
];

export const drops = [];

export default suite('keys.verifyKey', [
  ...basics,
  ...access,
  ...credits,
  ...permissions,
  ...ratelimits,
  ...migration,
  ...shape,
  ...beforeAuthentication,
]);
