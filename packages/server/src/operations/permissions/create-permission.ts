import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { refuse } from '../refusal.ts';
import { auditCreatedPermission } from './audit-permission.ts';

export const createPermission = handlerOf(operations['permissions.createPermission'], {
  locate: locateNothing,
  async act(context, { name, slug, description }) {
    const { store, workspaceId, services, now } = context;
    const [existing] = await store.permissions.findBySlugs(workspaceId, [slug]);
    if (existing !== undefined) {
      return refuse(
        'unkey/data/permission_already_exists',
        `The slug \`${existing.slug}\` belongs to another permission; choose one that differs by more than case.`,
      );
    }
    const permission = { id: services.ids.id('perm'), slug, name, description: description || null };
    await store.permissions.create(workspaceId, [{ ...permission, createdAt: now }]);
    auditCreatedPermission(context, permission);
    return { data: { permissionId: permission.id } };
  },
});
