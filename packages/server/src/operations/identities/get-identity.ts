import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { presentIdentity } from '../present.ts';
import { refuseAbsent } from '../refusal.ts';

export const getIdentity = handlerOf(operations['identities.getIdentity'], {
  async locate({ store, workspaceId }, { identity: reference }) {
    const identity = await store.identities.find(workspaceId, reference);
    if (identity === null) return refuseAbsent('unkey/data/identity_not_found');
    return { scope: { identityId: identity.id }, identity };
  },
  act: (_context, _input, { identity }) => ({ data: presentIdentity(identity) }),
});
