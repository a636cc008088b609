import type { Permission, Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';

export function auditCreatedPermission({ audit }: WriteContext, { id, name, slug }: Permission): void {
  audit('permission.create', {
    display: `Created ${slug} (${id})`,
    resources: [{ type: 'permission', id, name, meta: { name, slug } }],
  });
}

export function auditAttachedPermission(
  { audit }: WriteContext,
  role: Pick<Role, 'id' | 'name'>,
  permission: Permission,
): void {
  audit('authorization.connect_role_and_permission', {
    display: `Attached permission ${permission.slug} to role ${role.id}`,
    resources: resourcesOf(role, permission),
  });
}

export function auditDetachedPermission(
  { audit }: WriteContext,
  role: Pick<Role, 'id' | 'name'>,
  permission: Permission,
): void {
  audit('authorization.disconnect_role_and_permissions', {
    display: `Detached permission ${permission.slug} from role ${role.id}`,
    resources: resourcesOf(role, permission),
  });
}

function resourcesOf(role: Pick<Role, 'id' | 'name'>, { id, name, slug }: Permission) {
  return [
    { type: 'role', id: role.id, name: role.name },
    { type: 'permission', id, name, meta: { name, slug } },
  ];
}
