import { expect } from 'vitest';
import { grant, type MadeKey, makeKey, recordsOfCall } from '../arrange-keys.ts';
import { damageCiphertext, fullKeyMembers, makeFullKey, shownKey } from '../full-key.ts';
import { keyOperationCases } from '../key-cases.ts';
import { pythonClient } from '../python-client.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite } from '../scenario.ts';

const byId = ({ keyId }: MadeKey) => ({ keyId });
const decrypted = ({ keyId }: MadeKey) => ({ keyId, decrypt: true });

export const drops = [];

export default suite('keys.getKey', [
  scenario({
    name: 'a key is returned with all members, and reads are not audited',
    arrange: makeFullKey,
    permissions: ['api.*.read_key'],
    body: byId,
    expect: { status: 200 },
    async after(world, made, reply) {
      expect(reply.body.data).toEqual(shownKey(made, world.clock.now() - 1000));
      expect(await recordsOfCall(world)).toEqual([]);
    },
  }),
  scenario({
    name: 'absent members are omitted',
    arrange: (world) => makeKey(world, { meta: {} }),
    body: byId,
    expect: { status: 200 },
    async after(world, { keyId, key }, reply) {
      expect(reply.body.data).toEqual({
        keyId,
        start: key.slice(0, 4),
        enabled: true,
        createdAt: world.clock.now() - 1000,
      });
    },
  }),
  scenario({
    name: 'a disabled and expired key is shown',
    arrange: (world) => makeKey(world, { enabled: false, expires: 1 }),
    body: byId,
    expect: { status: 200, data: { enabled: false, expires: 1 } },
  }),
  scenario({
    name: 'a daily refill has no day',
    arrange: (world) =>
      makeKey(world, { credits: { remaining: 1, refill: { interval: 'daily', amount: 5 } } }),
    body: byId,
    expect: { status: 200 },
    async after(_world, _key, reply) {
      expect(reply.body.data.credits).toEqual({ remaining: 1, refill: { interval: 'daily', amount: 5 } });
    },
  }),
  scenario({
    name: 'credits are right at once after verifications, and so is the time of the last one',
    arrange: (world) => makeKey(world, { credits: { remaining: 10 } }),
    body: byId,
    expect: { status: 200, data: { credits: { remaining: 10 } } },
    async after(world, { keyId, key }, reply) {
      expect(reply.body.data).not.toHaveProperty('lastUsedAt');
      await world.do('keys.verifyKey', { key, credits: { cost: 3 } });
      await world.do('keys.verifyKey', { key });
      const lastUsedAt = world.clock.now();
      world.clock.advance(3_600_000);
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({
        credits: { remaining: 6 },
        lastUsedAt,
      });
    },
  }),
  scenario({
    name: 'credits that are due for a refill are shown refilled',
    arrange: (world) =>
      makeKey(world, { credits: { remaining: 3, refill: { interval: 'daily', amount: 50 } } }),
    body: byId,
    expect: { status: 200, data: { credits: { remaining: 3 } } },
    async after(world, { keyId }) {
      world.clock.set(Date.UTC(2026, 10, 15, 23, 59, 59, 999));
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ credits: { remaining: 3 } });
      world.clock.advance(1);
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ credits: { remaining: 50 } });
    },
  }),
  scenario({
    name: 'a deleted identity is no identity',
    async arrange(world) {
      const made = await makeKey(world, { externalId: 'user_1' });
      await world.do('identities.deleteIdentity', { identity: 'user_1' });
      return made;
    },
    body: byId,
    expect: { status: 200 },
    async after(world, { keyId, apiId }, reply) {
      expect(reply.body.data).not.toHaveProperty('identity');
      await world.do('keys.createKey', { apiId, externalId: 'user_1' });
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('identity');
    },
  }),
  scenario({
    name: 'a recoverable key is shown in full with the permissions to read and decrypt',
    arrange: (world) => makeKey(world, { recoverable: true, prefix: 'test' }),
    permissions: ({ apiId }) => ['api.*.read_key', `api.${apiId}.decrypt_key`],
    body: decrypted,
    expect: { status: 200 },
    async after(world, { keyId, key }, reply) {
      expect(reply.body.data.plaintext).toBe(key);
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('plaintext');
      expect(await world.do('keys.getKey', { keyId, decrypt: false })).not.toHaveProperty('plaintext');
    },
  }),
  scenario({
    name: 'grants on the key let it be read and decrypted',
    arrange: (world) => makeKey(world, { recoverable: true }),
    permissions: ({ keyspaceId, keyId }, world) => [
      grant(world, `keyspaces/${keyspaceId}/keys/${keyId}#read_key`),
      grant(world, `keyspaces/${keyspaceId}/keys/${keyId}#decrypt_key`),
    ],
    body: decrypted,
    expect: (made: MadeKey) => ({ status: 200, data: { plaintext: made.key } }),
  }),
  scenario({
    name: 'a key that is not recoverable comes without plaintext',
    arrange: makeKey,
    body: decrypted,
    expect: { status: 200 },
    async after(_world, _key, reply) {
      expect(reply.body.data).not.toHaveProperty('plaintext');
    },
  }),
  scenario({
    name: '500 for decrypting a damaged ciphertext; the rest is shown',
    arrange: (world) => damageCiphertext(world),
    body: decrypted,
    expect: { status: 500, code: 'unkey/application/unexpected_error' },
    async after(world, { keyId }) {
      await world.do('keys.getKey', { keyId, decrypt: false });
    },
  }),
  scenario({
    name: '412 for decrypting on a server without master key; the rest is shown there',
    service: 'withoutMasterKey',
    arrange: makeKey,
    body: decrypted,
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
    async after(world, { keyId }) {
      await world.do('keys.getKey', { keyId, decrypt: false });
    },
  }),
  scenario({
    name: '412 for decrypting on a server without master key comes before the permission to decrypt',
    service: 'withoutMasterKey',
    arrange: makeKey,
    permissions: ['api.*.read_key'],
    body: decrypted,
    expect: { status: 412, code: 'unkey/application/precondition_failed' },
  }),
  scenario({
    name: '403 without the permission to read, also when decrypting on a server without master key',
    service: 'withoutMasterKey',
    arrange: makeKey,
    permissions: ['api.*.decrypt_key'],
    body: decrypted,
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
  }),
  ...denied<MadeKey>({
    arrange: (world) => makeKey(world, { recoverable: true }),
    body: decrypted,
    held: {
      'read_key when it is to be decrypted': () => ['api.*.read_key'],
      'decrypt_key for another API': () => ['api.*.read_key', 'api.api_12345678.decrypt_key'],
      'decrypt_key only': () => ['api.*.decrypt_key'],
    },
  }),
  ...denied<MadeKey>({
    arrange: makeKey,
    body: byId,
    held: {
      'decrypt_key when nothing is to be decrypted': () => ['api.*.decrypt_key'],
      'permissions on other things': () => ['identity.*.read_identity', 'api.*.read_api', 'rbac.*.read_role'],
    },
  }),
  scenario({
    name: 'the 403 names the missing permissions, and not those of the root key',
    arrange: makeKey,
    permissions: ['api.*.create_key'],
    body: byId,
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    async after(_world, { apiId }, reply) {
      const { title, detail } = reply.body.error;
      expect(title).toBe('Insufficient Permissions');
      expect(detail).toContain(`api.${apiId}.read_key`);
      expect(detail).not.toContain('create_key');
    },
  }),
  scenario({
    name: 'the Python client 2.x finds the credits under both names, others under one',
    arrange: (world) => makeKey(world, fullKeyMembers),
    headers: { 'user-agent': 'speakeasy-sdk/python 3.0.0 unkey.py' },
    body: byId,
    expect: { status: 200, data: { credits: fullKeyMembers.credits } },
    async after(world, { keyId }, reply) {
      expect(reply.body.data).not.toHaveProperty('keyCredits');
      const { body } = await world.call('keys.getKey', { keyId }, { headers: pythonClient });
      expect(body.data.keyCredits).toEqual(fullKeyMembers.credits);
      expect(body.data.credits).toEqual(fullKeyMembers.credits);
    },
  }),
  ...keyOperationCases({ body: (keyId) => ({ keyId }), action: 'read_key', otherAction: 'delete_key' }),
  ...malformed([
    ['decrypt that is null', { keyId: 'key_12345678', decrypt: null }, 'body.decrypt'],
    ['a keyId with other characters', { keyId: 'key-12345678' }, 'body.keyId'],
    ['the key itself in place of its id', { key: 'unkey_abc' }, 'body.keyId'],
    ['a member that it does not know', { keyId: 'key_12345678', verbose: true }, 'body.verbose'],
  ]),
]);
