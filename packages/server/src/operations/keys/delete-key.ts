import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { locateKey } from './locate-key.ts';

export const deleteKey = handlerOf(operations['keys.deleteKey'], {
  locate: locateKey,
  async act({ store, workspaceId, now, audit }, { keyId, permanent = false }) {
    if (permanent) await store.keys.purge(workspaceId, keyId);
    else await store.keys.delete(workspaceId, keyId, now);
    audit('key.delete', {
      display: `${permanent ? 'Permanently deleted' : 'Deleted'} key ${keyId}`,
      resources: [{ type: 'key', id: keyId }],
    });
    return { data: {} };
  },
});
