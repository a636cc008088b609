import { expect } from 'vitest';
import { keyOf } from '../../packages/server/src/storage/conformance/samples.ts';
import { type MadeKey, makeApi, makeKey } from './arrange-keys.ts';
import type { World } from './scenario.ts';

/** Every member of a key except its role. */
export const fullKeyMembers = {
  prefix: 'test',
  name: 'Laptop',
  externalId: 'user_1',
  meta: { team: { id: 7, tags: ['a', { b: null }] }, note: 'ключ 🔑' },
  permissions: ['documents.write', 'documents.read'],
  expires: 4_102_444_800_000,
  credits: { remaining: 10, refill: { interval: 'monthly', amount: 100, refillDay: 1 } },
  ratelimits: [
    { name: 'requests', limit: 10, duration: 60_000, autoApply: true },
    { name: 'tokens', limit: 500, duration: 3_600_000, autoApply: false },
  ],
};

/** A key with all members, an identity with meta and a limit, and a role with one new permission. */
export async function makeFullKey(world: World): Promise<MadeKey> {
  await world.do('identities.createIdentity', {
    externalId: 'user_1',
    meta: { plan: 'pro' },
    ratelimits: [{ name: 'daily', limit: 1000, duration: 86_400_000, autoApply: false }],
  });
  await world.do('permissions.createRole', {
    name: 'Billing Admin',
    permissions: ['documents.read', 'billing.read'],
  });
  return makeKey(world, { ...fullKeyMembers, roles: ['Billing Admin'] });
}

/** The full key in a response. */
export function shownKey({ keyId, key }: MadeKey, createdAt: number) {
  const { prefix: _prefix, externalId, ratelimits, ...kept } = fullKeyMembers;
  const withIds = (limits: readonly object[]) =>
    limits.map((limit) => ({ ...limit, id: expect.stringMatching(/^rl_/) }));
  return {
    ...kept,
    keyId,
    start: key.slice(0, 'test_'.length + 4),
    enabled: true,
    createdAt,
    permissions: ['billing.read', 'documents.read', 'documents.write'],
    roles: ['Billing Admin'],
    ratelimits: withIds(ratelimits),
    identity: {
      id: expect.stringMatching(/^id_/),
      externalId,
      meta: { plan: 'pro' },
      ratelimits: withIds([{ name: 'daily', limit: 1000, duration: 86_400_000, autoApply: false }]),
    },
  };
}

/** A recoverable key with a damaged ciphertext. */
export async function makeKeyWithCiphertext(world: World, ciphertext: string): Promise<MadeKey> {
  const { service, workspaceId } = world;
  const api = await makeApi(world);
  const keyId = service.app.services.ids.id('key');
  await service.app.services.storage.write((store) =>
    store.keys.create(workspaceId, keyOf({ id: keyId, apiId: api.apiId, ciphertext })),
  );
  return { ...api, keyId, key: '' };
}

/** The key with a damaged ciphertext in a workspace with recoverable keys. */
export async function damageCiphertext(world: World): Promise<MadeKey> {
  await makeKey(world, { recoverable: true });
  return makeKeyWithCiphertext(world, 'damaged');
}
