import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { refuseAbsent } from '../refusal.ts';

export const getApi = handlerOf(operations['apis.getApi'], {
  // The permission names the id as it was sent, so it is checked before the lookup.
  locate: (_context, { apiId }) => ({ scope: { apiId } }),
  async act({ store, workspaceId }, { apiId }) {
    const api = await store.apis.find(workspaceId, apiId);
    if (api === null) return refuseAbsent('unkey/data/api_not_found');
    return { data: { id: api.id, name: api.name } };
  },
});
