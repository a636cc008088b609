import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { refuseAbsent } from '../refusal.ts';

export const deleteRole = handlerOf(operations['permissions.deleteRole'], {
  locate: locateNothing,
  async act({ store, workspaceId, audit }, { role: reference }) {
    const role = await store.roles.find(workspaceId, reference);
    if (role === null) return refuseAbsent('unkey/data/role_not_found');
    const { id, name } = role;
    await store.roles.delete(workspaceId, id);
    audit('role.delete', { display: `Deleted role ${id}`, resources: [{ type: 'role', id, name }] });
    return { data: {} };
  },
});
