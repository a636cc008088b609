import { type Condition, operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { refuse } from '../refusal.ts';
import { auditAttachedPermission } from './audit-permission.ts';
import { createPermissions, type ResolvedPermissions, resolvePermissions } from './resolve-permissions.ts';

export const createRole = handlerOf(operations['permissions.createRole'], {
  async locate(context, { permissions }) {
    const resolved = await resolvePermissions(context, permissions ?? []);
    return { conditions: conditionsOf(resolved), resolved };
  },
  async act(context, { name, description }, { resolved }) {
    const { store, workspaceId, services, now, audit } = context;
    const [existing] = await store.roles.findByNames(workspaceId, [name]);
    if (existing !== undefined) {
      return refuse(
        'unkey/data/role_already_exists',
        `The name \`${existing.name}\` belongs to another role; choose one that differs by more than case.`,
      );
    }
    const role = { id: services.ids.id('role'), name, description: description || null };
    await store.roles.create(workspaceId, [{ ...role, createdAt: now }]);
    audit('role.create', {
      display: `Created role ${role.id}`,
      resources: [{ type: 'role', id: role.id, name }],
    });
    const created = await createPermissions(context, resolved.missing, { isAudited: true });
    const granted = [...resolved.existing, ...created];
    await store.roles.attachPermissions(
      workspaceId,
      role.id,
      granted.map(({ id }) => id),
    );
    for (const permission of granted) auditAttachedPermission(context, role, permission);
    return { data: { roleId: role.id } };
  },
});

function conditionsOf({ existing, missing }: ResolvedPermissions): Condition[] {
  const conditions: Condition[] = [];
  if (existing.length + missing.length > 0) conditions.push('attachPermission');
  if (missing.length > 0) conditions.push('newPermission');
  return conditions;
}
