import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { refuseAbsent } from '../refusal.ts';

export const deletePermission = handlerOf(operations['permissions.deletePermission'], {
  locate: locateNothing,
  async act({ store, workspaceId, audit }, { permission: reference }) {
    const permission = await store.permissions.find(workspaceId, reference);
    if (permission === null) return refuseAbsent('unkey/data/permission_not_found');
    const { id, name, slug } = permission;
    await store.permissions.delete(workspaceId, id);
    audit('permission.delete', {
      display: `Deleted ${slug} (${id})`,
      resources: [{ type: 'permission', id, name, meta: { name, slug } }],
    });
    return { data: {} };
  },
});
