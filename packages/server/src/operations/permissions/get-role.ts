import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { presentRole } from '../present.ts';
import { refuseAbsent } from '../refusal.ts';

export const getRole = handlerOf(operations['permissions.getRole'], {
  locate: locateNothing,
  async act({ store, workspaceId }, { role: reference }) {
    const role = await store.roles.find(workspaceId, reference);
    if (role === null) return refuseAbsent('unkey/data/role_not_found');
    return { data: presentRole(role) };
  },
});
