import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import {
  conditionsOfSecret,
  damagedSecret,
  decryptKey,
  refuseWithoutMasterKey,
} from '../keys/key-encryption.ts';
import { presentKey, presentPage, withoutAbsent } from '../present.ts';
import { Refusal, refuseAbsent } from '../refusal.ts';

export const listKeys = handlerOf(operations['apis.listKeys'], {
  async locate(context, { apiId, decrypt = false }) {
    const api = await context.store.apis.find(context.workspaceId, apiId);
    if (api === null) return refuseAbsent('unkey/data/api_not_found');
    return {
      scope: { apiId, keyspaceId: api.keyspaceId },
      conditions: decrypt ? conditionsOfSecret(context, 'decrypt') : [],
    };
  },
  async act(context, { apiId, limit = 100, cursor, externalId, decrypt = false }) {
    const refusal = decrypt ? refuseWithoutMasterKey(context) : null;
    if (refusal) return refusal;
    const { store, workspaceId } = context;
    const page = await store.keys.list(workspaceId, apiId, { cursor, limit }, externalId);
    const data = [];
    for (const key of page.rows) {
      const decrypted = decrypt ? await decryptKey(context, key) : null;
      // One damaged key does not hide the others; `keys.getKey` says that it is damaged.
      const plaintext = decrypted === damagedSecret ? null : decrypted;
      if (plaintext instanceof Refusal) return plaintext;
      data.push({ ...presentKey(context, key), ...withoutAbsent({ plaintext }) });
    }
    return { data, pagination: presentPage(page) };
  },
});
