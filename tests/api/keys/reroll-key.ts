import { expect } from 'vitest';
import { grant, type MadeKey, makeKey, recordsOfCall } from '../arrange-keys.ts';
import { makeFullKey, makeKeyWithCiphertext } from '../full-key.ts';
import { absentKeyCases, keyIdCases } from '../key-cases.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const now = ({ keyId }: MadeKey) => ({ keyId, expiration: 0 });
const shown = (world: World, keyId: string) => world.do('keys.getKey', { keyId });

export const drops = ['hash', 'key'];

export default suite('keys.rerollKey', [
  scenario({
    name: 'the new key has all members of the old one except id, secret and times',
    async arrange(world) {
      const made = await makeFullKey(world);
      await world.do('keys.verifyKey', { key: made.key });
      world.clock.advance(1000);
      return made;
    },
    body: now,
    expect: { status: 200 },
    async after(world, { keyId, key, apiId }, reply) {
      const made = reply.body.data;
      expect(made.keyId).not.toBe(keyId);
      expect(made.key).not.toBe(key);
      expect(made.key).toMatch(/^test_[^_]{20,24}$/);
      const old = await shown(world, keyId);
      const fresh = await shown(world, made.keyId);
      const { lastUsedAt: _, updatedAt, ...kept } = old;
      expect(updatedAt).toBe(world.clock.now());
      expect(fresh).toEqual({
        ...kept,
        keyId: made.keyId,
        start: made.key.slice(0, 9),
        createdAt: world.clock.now(),
        expires: 4_102_444_800_000,
        ratelimits: kept.ratelimits.map((limit: object) => ({ ...limit, id: expect.stringMatching(/^rl_/) })),
      });
      expect(fresh.credits.remaining).toBe(9);
      const ids = (limits: { id: string }[]) => limits.map(({ id }) => id);
      expect(ids(fresh.ratelimits)).not.toEqual(expect.arrayContaining(ids(old.ratelimits)));
      expect(await recordsOfCall(world)).toMatchObject([
        {
          event: 'key.reroll',
          resources: [
            { type: 'key', id: made.keyId },
            { type: 'key', id: keyId },
            { type: 'api', id: apiId },
          ],
        },
      ]);
    },
  }),
  scenario({
    name: 'without expiration the old key ends at once, and the new one works',
    async arrange(world) {
      const made = await makeKey(world, { credits: { remaining: 5 } });
      await world.do('keys.verifyKey', { key: made.key });
      return made;
    },
    body: now,
    expect: { status: 200 },
    async after(world, { key, keyId }, reply) {
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({
        valid: false,
        code: 'EXPIRED',
        keyId,
      });
      expect(await world.do('keys.verifyKey', { key: reply.body.data.key })).toMatchObject({
        code: 'VALID',
        credits: 3,
      });
      expect(await shown(world, keyId)).toMatchObject({ enabled: true, credits: { remaining: 4 } });
    },
  }),
  scenario({
    name: 'the old key works until the end of the minute of its expiration',
    arrange: makeKey,
    body: ({ keyId }: MadeKey) => ({ keyId, expiration: 60_000 }),
    expect: { status: 200 },
    async after(world, { key, keyId }, reply) {
      const end = Date.UTC(2026, 10, 15, 12, 2);
      expect(await shown(world, keyId)).toMatchObject({ expires: end });
      expect(await shown(world, reply.body.data.keyId)).not.toHaveProperty('expires');
      world.clock.set(end - 1);
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID' });
      world.clock.set(end + 1);
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'EXPIRED' });
    },
  }),
  scenario({
    name: 'an expiration at a full minute is not extended',
    async arrange(world) {
      const made = await makeKey(world);
      world.clock.set(Date.UTC(2026, 10, 15, 12, 5));
      return made;
    },
    body: ({ keyId }: MadeKey) => ({ keyId, expiration: 120_000 }),
    expect: { status: 200 },
    async after(world, { keyId }) {
      expect(await shown(world, keyId)).toMatchObject({ expires: Date.UTC(2026, 10, 15, 12, 7) });
    },
  }),
  scenario({
    name: 'an expired key gives an expired one, and its own time is set anew',
    arrange: (world) => makeKey(world, { expires: 5 }),
    body: ({ keyId }: MadeKey) => ({ keyId, expiration: 3_600_000 }),
    expect: { status: 200 },
    async after(world, { keyId, key }, reply) {
      expect(await shown(world, reply.body.data.keyId)).toMatchObject({ expires: 5 });
      expect(await world.do('keys.verifyKey', { key: reply.body.data.key })).toMatchObject({
        code: 'EXPIRED',
      });
      expect((await shown(world, keyId)).expires).toBeGreaterThan(world.clock.now());
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID' });
    },
  }),
  scenario({
    name: 'prefix and length are copied, also when the API has other defaults by now',
    async arrange(world) {
      const made = await makeKey(world, { prefix: 'my_app', byteLength: 64 });
      await world.service.app.services.storage.write((store) =>
        store.apis.update(world.workspaceId, made.apiId, { defaultPrefix: 'std', defaultByteLength: 24 }),
      );
      return made;
    },
    body: now,
    expect: { status: 200, data: { key: expect.stringMatching(/^my_app_[^_]{80,}$/) } },
    async after(world, _key, reply) {
      const { start } = await shown(world, reply.body.data.keyId);
      expect(start).toBe(reply.body.data.key.slice(0, 'my_app_'.length + 4));
    },
  }),
  scenario({
    name: 'a key without prefix gets that of the API, and the length of the API if it is greater',
    async arrange(world) {
      const made = await makeKey(world);
      await world.service.app.services.storage.write((store) =>
        store.apis.update(world.workspaceId, made.apiId, { defaultPrefix: 'std', defaultByteLength: 64 }),
      );
      return made;
    },
    body: now,
    expect: { status: 200, data: { key: expect.stringMatching(/^std_[^_]{80,}$/) } },
  }),
  scenario({
    name: 'a key without prefix, of an API without one, gets none',
    arrange: makeKey,
    body: now,
    expect: { status: 200, data: { key: expect.stringMatching(/^[^_]{20,24}$/) } },
  }),
  scenario({
    name: 'expires 0 is shown by no operation',
    arrange: (world) => makeKey(world, { expires: 0 }),
    body: now,
    expect: { status: 200 },
    async after(world, { keyId, key }) {
      await world.do('keys.updateKey', { keyId, expires: 0 });
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('expires');
      expect(await world.do('keys.whoami', { key })).not.toHaveProperty('expires');
      const verified = await world.do('keys.verifyKey', { key });
      expect(verified).toMatchObject({ valid: false, code: 'EXPIRED' });
      expect(verified).not.toHaveProperty('expires');
    },
  }),
  scenario({
    name: 'a disabled key gets a disabled copy, and the counts of limits stay with the old key',
    async arrange(world) {
      const ratelimits = [{ name: 'requests', limit: 1, duration: 60_000, autoApply: true }];
      const made = await makeKey(world, { ratelimits });
      await world.do('keys.verifyKey', { key: made.key });
      await world.do('keys.updateKey', { keyId: made.keyId, enabled: false });
      return made;
    },
    body: now,
    expect: { status: 200 },
    async after(world, _key, reply) {
      const { keyId, key } = reply.body.data;
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'DISABLED' });
      await world.do('keys.updateKey', { keyId, enabled: true });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID' });
    },
  }),
  scenario({
    name: 'every reroll gives another key',
    arrange: makeKey,
    body: now,
    expect: { status: 200 },
    async after(world, { keyId, apiId }, reply) {
      const again = await world.do('keys.rerollKey', { keyId, expiration: 0 });
      expect(again.keyId).not.toBe(reply.body.data.keyId);
      expect(await world.do('apis.listKeys', { apiId })).toHaveLength(3);
    },
  }),
  scenario({
    name: 'a recoverable key gives a recoverable one',
    arrange: (world) => makeKey(world, { recoverable: true }),
    permissions: ({ apiId }) => ['api.*.create_key', `api.${apiId}.encrypt_key`],
    body: now,
    expect: { status: 200 },
    async after(world, { keyId, key }, reply) {
      const made = reply.body.data;
      expect(await world.do('keys.getKey', { keyId: made.keyId, decrypt: true })).toMatchObject({
        plaintext: made.key,
      });
      expect(await world.do('keys.getKey', { keyId, decrypt: true })).toMatchObject({ plaintext: key });
    },
  }),
  ...Object.entries<(key: MadeKey, world: World) => string[]>({
    'the permission to make keys in every API': () => ['api.*.create_key'],
    'the permission to make keys in its API': ({ apiId }) => [`api.${apiId}.create_key`],
    'a grant to make keys in its API': ({ keyspaceId }, world) => [
      grant(world, `keyspaces/${keyspaceId}#create_key`),
    ],
  }).map(([what, permissions]) =>
    scenario({ name: `${what} suffices`, arrange: makeKey, permissions, body: now, expect: { status: 200 } }),
  ),
  ...denied<MadeKey>({
    arrange: makeKey,
    body: now,
    held: {
      'no permission': () => [],
      'update_key and read_key only': () => ['api.*.update_key', 'api.*.read_key'],
      'create_key for another API': () => ['api.api_12345678.create_key'],
      'a grant on the key': ({ keyspaceId, keyId }, world) => [
        grant(world, `keyspaces/${keyspaceId}/keys/${keyId}#create_key`),
      ],
    },
  }),
  ...denied<MadeKey>({
    arrange: (world) => makeKey(world, { recoverable: true }),
    body: now,
    held: { 'create_key only for a recoverable key': () => ['api.*.create_key'] },
  }),
  scenario({
    name: '412 for a recoverable key on a server without master key, and the old key is unchanged',
    service: 'withoutMasterKey',
    arrange: (world) => makeKeyWithCiphertext(world, 'of another time'),
    body: now,
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
    async after(world, { keyId, apiId }) {
      expect(await shown(world, keyId)).not.toHaveProperty('expires');
      expect(await world.do('apis.listKeys', { apiId })).toHaveLength(1);
    },
  }),
  scenario({
    name: 'unknown members are ignored',
    arrange: makeKey,
    body: ({ keyId }: MadeKey) => ({ keyId, expiration: 0, reason: 'leaked' }),
    expect: { status: 200 },
  }),
  ...absentKeyCases({ body: (keyId) => ({ keyId, expiration: 0 }) }),
  ...keyIdCases({ body: (keyId) => ({ keyId, expiration: 0 }) }),
  ...malformed([
    ['no expiration', { keyId: 'key_12345678' }, 'body.expiration'],
    ['a negative expiration', { keyId: 'key_12345678', expiration: -1 }, 'body.expiration'],
    ['an expiration above its maximum', { keyId: 'key_1', expiration: 4_102_444_800_001 }, 'body.expiration'],
    ['an expiration that is null', { keyId: 'key_12345678', expiration: null }, 'body.expiration'],
  ]),
]);
