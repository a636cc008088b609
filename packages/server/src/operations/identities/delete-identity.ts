import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { refuseAbsent } from '../refusal.ts';
import { auditRatelimit } from './audit-ratelimit.ts';

export const deleteIdentity = handlerOf(operations['identities.deleteIdentity'], {
  locate: locateNothing,
  async act(context, { identity: reference }) {
    const { store, workspaceId, now, audit } = context;
    const identity = await store.identities.find(workspaceId, reference);
    if (identity === null) return refuseAbsent('unkey/data/identity_not_found');
    const { id, externalId, ratelimits } = identity;
    await store.identities.delete(workspaceId, id, now);
    audit('identity.delete', {
      display: `Deleted identity ${id}`,
      resources: [{ type: 'identity', id, name: externalId }],
    });
    for (const limit of ratelimits) auditRatelimit(context, 'ratelimit.delete', limit, identity);
    return {};
  },
});
