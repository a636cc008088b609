import { operations } from '@unkey-ts/contract';
import type { Permission, Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { difference } from '../difference.ts';
import { handlerOf } from '../handler.ts';
import { presentPermission } from '../present.ts';
import { refuseAbsent } from '../refusal.ts';
import { auditAttachedPermission, auditDetachedPermission } from './audit-permission.ts';
import { createPermissions, resolvePermissions } from './resolve-permissions.ts';

export const setRolePermissions = handlerOf(operations['permissions.setRolePermissions'], {
  async locate(context, { roleId, permissions }) {
    const role = await context.store.roles.findById(context.workspaceId, roleId);
    const resolved = await resolvePermissions(context, permissions);
    // The 404 of a missing role comes after the check of role permissions and before that of creating permissions.
    const isCreating = role !== null && resolved.missing.length > 0;
    return { conditions: isCreating ? (['newPermission'] as const) : [], role, resolved };
  },
  async act(context, _input, { role, resolved }) {
    if (role === null) return refuseAbsent('unkey/data/role_not_found');
    const created = await createPermissions(context, resolved.missing, { isAudited: true });
    const granted = [...resolved.existing, ...created].sort(bySlug);
    await replacePermissions(context, role, granted);
    return { data: granted.map(presentPermission) };
  },
});

async function replacePermissions(
  context: WriteContext,
  role: Role,
  granted: readonly Permission[],
): Promise<void> {
  const { store, workspaceId } = context;
  const { added, removed } = difference(role.permissions, granted);
  await store.roles.detachPermissions(workspaceId, role.id, idsOf(removed));
  await store.roles.attachPermissions(workspaceId, role.id, idsOf(added));
  for (const permission of removed) auditDetachedPermission(context, role, permission);
  for (const permission of added) auditAttachedPermission(context, role, permission);
}

function idsOf(permissions: readonly Permission[]): string[] {
  return permissions.map(({ id }) => id);
}

function bySlug(a: Permission, b: Permission): number {
  return a.slug < b.slug ? -1 : Number(a.slug > b.slug);
}
