import { expect } from 'vitest';
import {
  concurrently,
  eventsOfCall,
  type MadeKey,
  makeKey,
  makeRoles,
  recordsOfCall,
} from '../arrange-keys.ts';
import { keyOperationCases } from '../key-cases.ts';
import { pythonClient } from '../python-client.ts';
import { malformed } from '../refusals.ts';
import { type Scenario, scenario, suite, type World } from '../scenario.ts';

const shown = (world: World, { keyId }: MadeKey) => world.do('keys.getKey', { keyId });

/** Set, cleared by null, set again, and untouched by an update of something else. */
function clearable(
  member: string,
  first: unknown,
  second: unknown,
  visible = (value: unknown): unknown => value,
): Scenario {
  const place = member === 'externalId' ? 'identity' : member;
  return scenario({
    name: `${member} is set, cleared by null and unchanged by other updates`,
    arrange: makeKey,
    body: ({ keyId }: MadeKey) => ({ keyId, [member]: first }),
    expect: { status: 200 },
    async after(world, made, reply) {
      const { keyId } = made;
      expect(reply.body.data).toEqual({});
      expect((await shown(world, made))[place]).toMatchObject(visible(first) as object);
      await world.do('keys.updateKey', { keyId, [member]: null });
      expect(await shown(world, made)).not.toHaveProperty(place);
      await world.do('keys.updateKey', { keyId, [member]: second });
      await world.do('keys.updateKey', { keyId, enabled: true });
      expect((await shown(world, made))[place]).toMatchObject(visible(second) as object);
    },
  });
}

/** Credits before, the update, credits afterwards; undefined: unlimited. */
function creditsChange(
  name: string,
  before: object | undefined,
  credits: unknown,
  afterwards: object | undefined,
) {
  return scenario({
    name,
    arrange: (world) => makeKey(world, before && { credits: before }),
    body: ({ keyId }: MadeKey) => ({ keyId, credits }),
    expect: { status: 200 },
    async after(world, made) {
      expect((await shown(world, made)).credits).toEqual(afterwards);
    },
  });
}

function refusedCredits(what: string, refill: object, location: string): Scenario {
  return scenario({
    name: `400 for ${what}, and nothing is changed`,
    arrange: (world) => makeKey(world, { name: 'before' }),
    body: ({ keyId }: MadeKey) => ({
      keyId,
      name: 'after',
      externalId: 'user_1',
      credits: { remaining: 1, refill },
    }),
    expect: { status: 400, code: 'unkey/application/invalid_input', locations: [location] },
    async after(world, made) {
      expect(await shown(world, made)).toMatchObject({ name: 'before' });
      expect(await world.do('identities.listIdentities', {})).toEqual([]);
    },
  });
}

const monthly = (amount: number, refillDay: number) => ({ interval: 'monthly', amount, refillDay });
const daily = (amount: number) => ({ interval: 'daily', amount });
const limit = (name: string, members: object = {}) => ({
  name,
  limit: 5,
  duration: 60_000,
  autoApply: true,
  ...members,
});

export const drops = ['key'];

export default suite('keys.updateKey', [
  scenario({
    name: 'name is set, cleared by null and unchanged by other updates',
    arrange: makeKey,
    body: ({ keyId }: MadeKey) => ({ keyId, name: 'Laptop' }),
    expect: { status: 200 },
    async after(world, made, reply) {
      expect(reply.body.data).toEqual({});
      expect(await shown(world, made)).toMatchObject({ name: 'Laptop', updatedAt: world.clock.now() });
      await world.do('keys.updateKey', { keyId: made.keyId, name: null });
      expect(await shown(world, made)).not.toHaveProperty('name');
      await world.do('keys.updateKey', { keyId: made.keyId, name: 'Phone' });
      await world.do('keys.updateKey', { keyId: made.keyId, enabled: false });
      expect(await shown(world, made)).toMatchObject({ name: 'Phone', enabled: false });
    },
  }),
  scenario({
    name: 'expires is set, cleared by null and unchanged by other updates',
    arrange: (world) => makeKey(world, { expires: 1 }),
    body: ({ keyId }: MadeKey) => ({ keyId, expires: 4_102_444_800_000 }),
    expect: { status: 200 },
    async after(world, made) {
      const { key, keyId } = made;
      expect(await shown(world, made)).toMatchObject({ expires: 4_102_444_800_000 });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID' });
      await world.do('keys.updateKey', { keyId, expires: null });
      expect(await shown(world, made)).not.toHaveProperty('expires');
      await world.do('keys.updateKey', { keyId, expires: 5 });
      await world.do('keys.updateKey', { keyId, enabled: true });
      expect(await shown(world, made)).toMatchObject({ expires: 5 });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'EXPIRED' });
    },
  }),
  clearable('meta', { a: 1, deep: { b: [1, null] } }, { c: 2 }),
  clearable('externalId', 'user_1', 'user_2', (externalId) => ({ externalId })),
  scenario({
    name: 'meta is replaced as a whole, and is cleared by an empty object',
    arrange: (world) => makeKey(world, { meta: { a: 1, b: 2 } }),
    body: ({ keyId }: MadeKey) => ({ keyId, meta: { b: 3 } }),
    expect: { status: 200 },
    async after(world, made) {
      expect((await shown(world, made)).meta).toEqual({ b: 3 });
      await world.do('keys.updateKey', { keyId: made.keyId, meta: {} });
      expect(await shown(world, made)).not.toHaveProperty('meta');
    },
  }),
  scenario({
    name: 'everything can be changed at once',
    arrange: (world) =>
      makeKey(world, { externalId: 'user_1', expires: 5, meta: { a: 1 }, credits: { remaining: 1 } }),
    body: ({ keyId }: MadeKey) => ({
      keyId,
      name: 'Laptop',
      externalId: null,
      meta: {},
      expires: null,
      credits: null,
      enabled: false,
    }),
    expect: { status: 200 },
    async after(world, made) {
      const { keyId, key } = made;
      expect(await shown(world, made)).toEqual({
        keyId,
        start: key.slice(0, 4),
        createdAt: world.clock.now() - 1000,
        updatedAt: world.clock.now(),
        name: 'Laptop',
        enabled: false,
      });
      await world.do('identities.getIdentity', { identity: 'user_1' });
    },
  }),
  scenario({
    name: 'an update without changes succeeds and is audited',
    arrange: (world) => makeKey(world, { name: 'Laptop' }),
    body: ({ keyId }: MadeKey) => ({ keyId }),
    expect: { status: 200, data: {} },
    async after(world, made) {
      expect(await shown(world, made)).toMatchObject({ name: 'Laptop', updatedAt: world.clock.now() });
      expect(await recordsOfCall(world)).toMatchObject([
        {
          event: 'key.update',
          resources: [
            { type: 'key', id: made.keyId },
            { type: 'api', id: made.apiId },
          ],
          correlationId: null,
        },
      ]);
    },
  }),
  creditsChange('null makes the key unlimited', { remaining: 300, refill: monthly(50, 3) }, null, undefined),
  creditsChange(
    'a null for remaining, too',
    { remaining: 300, refill: monthly(50, 3) },
    { remaining: null },
    undefined,
  ),
  creditsChange(
    'a null for refill keeps the rest',
    { remaining: 300, refill: monthly(50, 3) },
    { refill: null },
    {
      remaining: 300,
    },
  ),
  creditsChange(
    'a refill alone keeps the credits',
    { remaining: 500 },
    { refill: monthly(150, 20) },
    { remaining: 500, refill: monthly(150, 20) },
  ),
  creditsChange(
    'credits alone keep the refill',
    { remaining: 1, refill: monthly(200, 12) },
    { remaining: 999 },
    { remaining: 999, refill: monthly(200, 12) },
  ),
  creditsChange(
    'an empty object changes nothing',
    { remaining: 777, refill: monthly(111, 28) },
    {},
    { remaining: 777, refill: monthly(111, 28) },
  ),
  creditsChange(
    'a daily refill replaces a monthly one',
    { remaining: 777, refill: monthly(111, 28) },
    { refill: daily(250) },
    { remaining: 777, refill: daily(250) },
  ),
  creditsChange('a number limits an unlimited key', undefined, { remaining: 5 }, { remaining: 5 }),
  scenario({
    name: 'credits that are null leave no refill behind',
    arrange: (world) => makeKey(world, { credits: { remaining: 300, refill: monthly(50, 3) } }),
    body: ({ keyId }: MadeKey) => ({ keyId, credits: { remaining: null } }),
    expect: { status: 200 },
    async after(world, made) {
      await world.do('keys.updateKey', { keyId: made.keyId, credits: { remaining: 5 } });
      expect((await shown(world, made)).credits).toEqual({ remaining: 5 });
    },
  }),
  scenario({
    name: 'a refill may wait on an unlimited key until that is limited',
    arrange: (world) => makeKey(world, { credits: { remaining: 3 } }),
    body: ({ keyId }: MadeKey) => ({ keyId, credits: { remaining: null, refill: daily(10) } }),
    expect: { status: 200 },
    async after(world, made) {
      expect(await shown(world, made)).not.toHaveProperty('credits');
      world.clock.advance(5 * 86_400_000);
      expect(await shown(world, made)).not.toHaveProperty('credits');
      await world.do('keys.updateKey', { keyId: made.keyId, credits: { remaining: 1 } });
      expect((await shown(world, made)).credits).toEqual({ remaining: 1, refill: daily(10) });
      world.clock.advance(86_400_000);
      expect((await shown(world, made)).credits).toEqual({ remaining: 10, refill: daily(10) });
    },
  }),
  scenario({
    name: 'the first refill comes at the first moment after it was set',
    async arrange(world) {
      world.clock.set(Date.UTC(2026, 10, 15, 12));
      return makeKey(world, { credits: { remaining: 1 } });
    },
    body: ({ keyId }: MadeKey) => ({ keyId, credits: { refill: monthly(10, 15) } }),
    expect: { status: 200 },
    async after(world, made) {
      world.clock.set(Date.UTC(2026, 11, 14, 23, 59, 59));
      expect((await shown(world, made)).credits.remaining).toBe(1);
      world.clock.set(Date.UTC(2026, 11, 15));
      expect((await shown(world, made)).credits.remaining).toBe(10);
    },
  }),
  scenario({
    name: 'the next verification starts from new credits',
    async arrange(world) {
      const made = await makeKey(world, { credits: { remaining: 5 } });
      await world.do('keys.verifyKey', { key: made.key });
      return made;
    },
    body: ({ keyId }: MadeKey) => ({ keyId, credits: { remaining: 50 } }),
    expect: { status: 200 },
    async after(world, { key }) {
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID', credits: 49 });
    },
  }),
  refusedCredits(
    'a monthly refill without its day',
    { interval: 'monthly', amount: 5 },
    'body.credits.refill.refillDay',
  ),
  refusedCredits('a daily refill with a day', { ...daily(5), refillDay: 4 }, 'body.credits.refill.refillDay'),
  scenario({
    name: 'limits are replaced as a whole, and one with the same name keeps its id',
    arrange: (world) => makeKey(world, { ratelimits: [limit('requests'), limit('dropped')] }),
    body: ({ keyId }: MadeKey) => ({
      keyId,
      ratelimits: [limit('requests', { duration: 30_000, autoApply: false }), limit('tokens')],
    }),
    expect: { status: 200 },
    async after(world, made) {
      const { ratelimits } = await shown(world, made);
      expect(ratelimits).toMatchObject([
        { name: 'requests', limit: 5, duration: 30_000, autoApply: false },
        { name: 'tokens' },
      ]);
      await world.do('keys.updateKey', {
        keyId: made.keyId,
        ratelimits: [limit('requests'), limit('requests', { limit: 9 })],
      });
      expect((await shown(world, made)).ratelimits).toEqual([
        { ...limit('requests', { limit: 9 }), id: ratelimits[0].id },
      ]);
      await world.do('keys.updateKey', { keyId: made.keyId, ratelimits: [] });
      expect(await shown(world, made)).not.toHaveProperty('ratelimits');
    },
  }),
  scenario({
    name: 'roles and permissions are replaced as a whole, and missing permissions are created',
    async arrange(world) {
      await makeRoles(world, ['admin', 'User', 'old']);
      return makeKey(world, { roles: ['old'], permissions: ['old'] });
    },
    permissions: ['api.*.update_key'],
    body: ({ keyId }: MadeKey) => ({
      keyId,
      roles: ['admin', 'user', 'ADMIN'],
      permissions: ['write', 'read', 'OLD', 'Write'],
    }),
    expect: { status: 200 },
    async after(world, made) {
      expect(await shown(world, made)).toMatchObject({
        roles: expect.arrayContaining(['User', 'admin']),
        permissions: ['old', 'read', 'write'],
      });
      expect((await shown(world, made)).roles).toHaveLength(2);
      expect(await world.do('permissions.getPermission', { permission: 'read' })).toMatchObject({
        description: 'Auto-created permission: read',
      });
      expect(await eventsOfCall(world)).toEqual(['permission.create', 'permission.create', 'key.update']);
      await world.do('keys.updateKey', { keyId: made.keyId, roles: [], permissions: [] });
      expect(await shown(world, made)).not.toHaveProperty('roles');
      expect(await shown(world, made)).not.toHaveProperty('permissions');
    },
  }),
  {
    name: '404 for a role that does not exist, and nothing is changed',
    async arrange(world) {
      await makeRoles(world, ['admin']);
      return makeKey(world, { name: 'before' });
    },
    body: (made: unknown) => ({
      keyId: (made as MadeKey).keyId,
      name: 'after',
      externalId: 'user_1',
      roles: ['admin', 'nobody'],
      permissions: ['made'],
    }),
    expect: { status: 404, code: 'unkey/data/role_not_found' },
    async after(world, made) {
      expect(await shown(world, made as MadeKey)).toMatchObject({ name: 'before' });
      expect(await shown(world, made as MadeKey)).not.toHaveProperty('roles');
      expect(await world.do('identities.listIdentities', {})).toEqual([]);
      expect(await world.do('permissions.listPermissions', {})).toEqual([]);
    },
  },
  scenario({
    name: 'ten keys that get one new external id at once share one identity',
    arrange: makeKey,
    body: ({ keyId }: MadeKey) => ({ keyId }),
    expect: { status: 200 },
    async after(world, { apiId }) {
      const keys = await concurrently(10, () => world.do('keys.createKey', { apiId }));
      const replies = await Promise.all(
        keys.map(({ keyId }) => world.call('keys.updateKey', { keyId, externalId: 'user_1' })),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await world.do('identities.listIdentities', {})).toHaveLength(1);
      expect(await world.do('apis.listKeys', { apiId, externalId: 'user_1' })).toHaveLength(10);
    },
  }),
  scenario({
    name: 'ten updates of the limits of one key at once leave one of them',
    arrange: makeKey,
    body: ({ keyId }: MadeKey) => ({ keyId }),
    expect: { status: 200 },
    async after(world, made) {
      const { keyId } = made;
      const replies = await concurrently(10, (index) =>
        world.call('keys.updateKey', { keyId, ratelimits: [limit('requests', { limit: index + 1 })] }),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await shown(world, made)).ratelimits).toHaveLength(1);
    },
  }),
  scenario({
    name: 'the Python client 2.x may say `keyCredits`, also null',
    arrange: (world) => makeKey(world, { credits: { remaining: 5 } }),
    headers: pythonClient,
    body: ({ keyId }: MadeKey) => ({ keyId, keyCredits: { remaining: 9 } }),
    expect: { status: 200 },
    async after(world, made) {
      expect((await shown(world, made)).credits).toEqual({ remaining: 9 });
      await world.do('keys.updateKey', { keyId: made.keyId, keyCredits: null });
      expect(await shown(world, made)).not.toHaveProperty('credits');
    },
  }),
  ...keyOperationCases({
    body: (keyId) => ({ keyId, name: 'new' }),
    action: 'update_key',
    otherAction: 'create_key',
  }),
  ...malformed([
    ['an empty name', { keyId: 'key_1', name: '' }, 'body.name'],
    ['an externalId with a space', { keyId: 'key_1', externalId: 'user 1' }, 'body.externalId'],
    ['meta that is a text', { keyId: 'key_1', meta: 'x' }, 'body.meta'],
    ['meta above 1 MiB', { keyId: 'key_1', meta: { text: 'x'.repeat(1024 * 1024) } }, 'body.meta'],
    ['a negative expires', { keyId: 'key_1', expires: -1 }, 'body.expires'],
    ['enabled that is null', { keyId: 'key_1', enabled: null }, 'body.enabled'],
    ['roles that are null', { keyId: 'key_1', roles: null }, 'body.roles'],
    ['permissions that are null', { keyId: 'key_1', permissions: null }, 'body.permissions'],
    ['limits that are null', { keyId: 'key_1', ratelimits: null }, 'body.ratelimits'],
    ['51 limits', { keyId: 'key_1', ratelimits: Array(51).fill(limit('requests')) }, 'body.ratelimits'],
    ['a refill of nothing', { keyId: 'key_1', credits: { refill: daily(0) } }, 'body.credits.refill.amount'],
    ['`credits` and `keyCredits`', { keyId: 'key_1', credits: null, keyCredits: null }, 'body.keyCredits'],
    ['a member that it does not know', { keyId: 'key_1', prefix: 'x' }, 'body.prefix'],
  ]),
]);
