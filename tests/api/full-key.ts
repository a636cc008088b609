import { expect } from 'vitest';
import { keyOf } from '../../packages/server/src/storage/conformance/samples.ts';
import { type MadeKey, makeApi, makeKey } from './arrange-keys.ts';
import type { World } from './scenario.ts';

/** Every kind of thing that a key can have, but for its role. */
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

/** A key with all of that, an identity with meta and a limit, and a role that grants one new permission. */
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

/** The full key as it is shown. */
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

/** A recoverable key whose ciphertext nothing can open. */
export async function makeKeyWithCiphertext(world: World, ciphertext: string): Promise<MadeKey> {
  const { service, workspaceId } = world;
  const api = await makeApi(world);
  const keyId = service.app.services.ids.id('key');
  await service.app.services.storage.write((store) =>
    store.keys.create(workspaceId, keyOf({ id: keyId, apiId: api.apiId, ciphertext })),
  );
  return { ...api, keyId, key: '' };
}

/** A key of a workspace that has recoverable keys, one of them with damaged ciphertext: that one. */
export async function damageCiphertext(world: World): Promise<MadeKey> {
  await makeKey(world, { recoverable: true });
  return makeKeyWithCiphertext(world, 'damaged');
}
