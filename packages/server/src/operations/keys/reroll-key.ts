import { operations } from '@unkey-ts/contract';
import { refilled } from '../../domain/keys/refill.ts';
import { oldKeyExpiry } from '../../domain/keys/reroll.ts';
import { handlerOf } from '../handler.ts';
import { Refusal } from '../refusal.ts';
import { issueKey } from './issue-key.ts';
import { refuseWithoutMasterKey } from './key-encryption.ts';
import { settingsOf } from './key-settings.ts';
import { locateKey } from './locate-key.ts';

export const rerollKey = handlerOf(operations['keys.rerollKey'], {
  async locate(context, input) {
    const located = await locateKey(context, input);
    if (located instanceof Refusal) return located;
    return { ...located, conditions: located.key.ciphertext === null ? [] : ['encrypt'] };
  },
  async act(context, { expiration }, { key }) {
    const { store, workspaceId, services, now, audit } = context;
    const isRecoverable = key.ciphertext !== null;
    const refusal = isRecoverable ? refuseWithoutMasterKey(context) : null;
    if (refusal) return refusal;
    // A refill that was due before the new key existed does not apply to it.
    const credits = refilled(key.credits, now);
    const api = await store.apis.find(workspaceId, key.apiId);
    const issued = await issueKey(context, {
      apiId: key.apiId,
      prefix: key.prefix || (api?.defaultPrefix ?? null),
      byteLength: Math.max(key.byteLength, api?.defaultByteLength ?? 0),
      isRecoverable,
      ...settingsOf(key),
      credits,
      permissions: key.permissions,
      roles: key.roles,
      identityId: key.identity?.id ?? null,
      ratelimits: key.ratelimits.map((ratelimit) => ({ ...ratelimit, id: services.ids.id('rl') })),
      isLinkAudited: false,
    });
    if (issued instanceof Refusal) return issued;
    await store.keys.update(workspaceId, key.id, {
      expiresAt: oldKeyExpiry(now, expiration),
      updatedAt: now,
      ...(credits !== key.credits && { credits }),
    });
    audit('key.reroll', {
      display: `Rerolled key (${key.id}) to (${issued.keyId})`,
      resources: [
        { type: 'key', id: issued.keyId },
        { type: 'key', id: key.id },
        { type: 'api', id: key.apiId },
      ],
    });
    return { data: issued };
  },
});
