import { operations } from '@unkey-ts/contract';
import type { Key } from '../../storage/port/records.ts';
import type { ReadContext } from '../context.ts';
import { handlerOf } from '../handler.ts';
import { decryptKey, refuseWithoutMasterKey } from '../keys/key-encryption.ts';
import { presentKey, presentPage, withoutAbsent } from '../present.ts';
import { Refusal, refuseAbsent } from '../refusal.ts';

export const listKeys = handlerOf(operations['apis.listKeys'], {
  async locate({ store, workspaceId }, { apiId, decrypt = false }) {
    const api = await store.apis.find(workspaceId, apiId);
    if (api === null) return refuseAbsent('unkey/data/api_not_found');
    return { scope: { apiId, keyspaceId: api.keyspaceId }, needs: decrypt ? ['decrypt'] : [] };
  },
  async act(context, { apiId, limit = 100, cursor, externalId, decrypt = false }) {
    const refusal = decrypt ? refuseWithoutMasterKey(context) : null;
    if (refusal) return refusal;
    const { store, workspaceId } = context;
    const page = await store.keys.list(workspaceId, apiId, { cursor, limit }, externalId);
    const data = [];
    for (const key of page.rows) {
      const plaintext = decrypt ? await decryptKey(context, key) : null;
      if (plaintext instanceof Refusal) return plaintext;
      data.push({ ...present(context, key), ...withoutAbsent({ plaintext }) });
    }
    return { data, pagination: presentPage(page) };
  },
});

function present({ services, now }: ReadContext, key: Key) {
  return presentKey(key, { now, lastUsedAt: services.lastUsed.latest(key.id, key.lastUsedAt) });
}
