import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { refuse, refuseAbsent } from '../refusal.ts';

export const deleteApi = handlerOf(operations['apis.deleteApi'], {
  locate: (_context, { apiId }) => ({ scope: { apiId } }),
  async act({ store, workspaceId, now, audit }, { apiId }) {
    const api = await store.apis.find(workspaceId, apiId);
    if (api === null) return refuseAbsent('unkey/data/api_not_found');
    if (api.isProtected) {
      return refuse(
        'unkey/application/protected_resource',
        `The API is protected against deletion. Lift that first: \`unkey apis unprotect ${apiId}\`.`,
      );
    }
    await store.apis.delete(workspaceId, apiId, now);
    audit('api.delete', {
      display: `Deleted API ${apiId}`,
      resources: [{ type: 'api', id: apiId, name: api.name }],
    });
    return { data: {} };
  },
});
