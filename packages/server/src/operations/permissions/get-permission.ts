import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { presentPermission } from '../present.ts';
import { refuseAbsent } from '../refusal.ts';

export const getPermission = handlerOf(operations['permissions.getPermission'], {
  locate: locateNothing,
  async act({ store, workspaceId }, { permission: reference }) {
    const permission = await store.permissions.find(workspaceId, reference);
    if (permission === null) return refuseAbsent('unkey/data/permission_not_found');
    return { data: presentPermission(permission) };
  },
});
