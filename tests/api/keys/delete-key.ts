import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { type MadeKey, makeKey, makeRoles, recordsOfCall } from '../arrange-keys.ts';
import { keyNotFound, keyOperationCases } from '../key-cases.ts';
import { malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const notFound = { valid: false, code: 'NOT_FOUND' };

async function makeFullKey(world: World): Promise<MadeKey> {
  await makeRoles(world, ['admin']);
  return makeKey(world, {
    externalId: 'user_1',
    permissions: ['read'],
    roles: ['admin'],
    recoverable: true,
    ratelimits: [{ name: 'requests', limit: 10, duration: 60_000, autoApply: true }],
  });
}

export const drops = ['key'];

export default suite('keys.deleteKey', [
  scenario({
    name: 'a deleted key is not found any more, and its deletion is audited',
    async arrange(world) {
      const made = await makeKey(world);
      expect(await world.do('keys.verifyKey', { key: made.key })).toMatchObject({ code: 'VALID' });
      return made;
    },
    body: ({ keyId }: MadeKey) => ({ keyId }),
    expect: { status: 200 },
    async after(world, { keyId, key, apiId }, reply) {
      expect(reply.body.data).toEqual({});
      expect(await world.do('keys.verifyKey', { key })).toEqual(notFound);
      expect((await world.call('keys.getKey', { keyId })).status).toBe(404);
      expect((await world.call('keys.whoami', { key })).status).toBe(404);
      expect(await world.do('apis.listKeys', { apiId })).toEqual([]);
      expect(await recordsOfCall(world)).toMatchObject([
        { event: 'key.delete', actor: { type: 'rootkey' }, resources: [{ type: 'key', id: keyId }] },
      ]);
    },
  }),
  scenario({
    name: 'an erased key leaves only its identity, permissions and roles',
    arrange: makeFullKey,
    body: ({ keyId }: MadeKey) => ({ keyId, permanent: true }),
    expect: { status: 200 },
    async after(world, { keyId, key }) {
      expect(await recordsOfCall(world)).toMatchObject([{ event: 'key.delete' }]);
      expect(await world.do('keys.verifyKey', { key })).toEqual(notFound);
      expect((await world.call('keys.getKey', { keyId })).status).toBe(404);
      await world.do('identities.getIdentity', { identity: 'user_1' });
      await world.do('permissions.getPermission', { permission: 'read' });
      await world.do('permissions.getRole', { role: 'admin' });
    },
  }),
  scenario({
    name: 'the hash of a deleted key stays reserved, that of an erased one does not',
    async arrange(world) {
      const made = { kept: await makeKey(world), erased: await makeKey(world) };
      await world.do('keys.deleteKey', { keyId: made.kept.keyId });
      return made;
    },
    body: ({ erased }: { erased: MadeKey }) => ({ keyId: erased.keyId, permanent: true }),
    expect: { status: 200 },
    async after({ service, workspaceId }, { kept, erased }) {
      const { storage } = service.app.services;
      const isTaken = (key: string) =>
        storage.read((store) => store.keys.isHashTaken(workspaceId, hash(key)));
      const hash = (text: string) => createHash('sha256').update(text).digest('base64');
      expect(await isTaken(kept.key)).toBe(true);
      expect(await isTaken(erased.key)).toBe(false);
    },
  }),
  scenario({
    name: '404 the second time, also for good',
    async arrange(world) {
      const made = await makeKey(world);
      await world.do('keys.deleteKey', { keyId: made.keyId });
      return made;
    },
    body: ({ keyId }: MadeKey) => ({ keyId, permanent: true }),
    expect: keyNotFound,
  }),
  scenario({
    name: 'other keys of the API stay',
    async arrange(world) {
      const kept = await makeKey(world);
      return { kept, doomed: await makeKey(world, { apiId: kept.apiId }) };
    },
    body: ({ doomed }: { doomed: MadeKey }) => ({ keyId: doomed.keyId }),
    expect: { status: 200 },
    async after(world, { kept }) {
      expect(await world.do('keys.verifyKey', { key: kept.key })).toMatchObject({ code: 'VALID' });
    },
  }),
  scenario({
    name: 'of two deletions at once one finds the key, and one record is written',
    arrange: makeKey,
    body: { keyId: 'key_somethingElse' },
    expect: keyNotFound,
    async after(world, { keyId }) {
      const replies = await Promise.all([1, 2].map(() => world.call('keys.deleteKey', { keyId })));
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 404]);
      expect(await recordsOfCall(world)).toHaveLength(1);
    },
  }),
  ...keyOperationCases({
    body: (keyId) => ({ keyId }),
    action: 'delete_key',
    otherAction: 'create_key',
  }),
  ...malformed([
    ['permanent that is null', { keyId: 'key_12345678', permanent: null }, 'body.permanent'],
    ['a keyId with other characters', { keyId: 'key-12345678' }, 'body.keyId'],
    ['a member that it does not know', { keyId: 'key_12345678', force: true }, 'body.force'],
  ]),
]);
