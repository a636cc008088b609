import { fold } from '../../domain/fold.ts';
import type { Changes } from '../changes.ts';
import type { PermissionStore } from '../port/store.ts';
import { pageOf, permissionOf } from './rows.ts';
import { contains } from './search.ts';
import type { Database } from './tables.ts';

export function permissionStore(db: Database, changes: Changes): PermissionStore {
  const own = (workspaceId: string) =>
    db.selectFrom('permissions').selectAll().where('workspaceId', '=', workspaceId);

  return {
    async create(workspaceId, permissions) {
      if (permissions.length === 0) return;
      const rows = permissions.map((permission) => ({
        ...permission,
        workspaceId,
        slugFolded: fold(permission.slug),
      }));
      await db.insertInto('permissions').values(rows).execute();
    },
    async find(workspaceId, idOrSlug) {
      const row =
        (await own(workspaceId).where('id', '=', idOrSlug).executeTakeFirst()) ??
        (await own(workspaceId).where('slugFolded', '=', fold(idOrSlug)).executeTakeFirst());
      return row ? permissionOf(row) : null;
    },
    async findBySlugs(workspaceId, slugs) {
      if (slugs.length === 0) return [];
      const rows = await own(workspaceId).where('slugFolded', 'in', slugs.map(fold)).orderBy('slug').execute();
      return rows.map(permissionOf);
    },
    async list(workspaceId, { cursor, limit, search }) {
      let query = own(workspaceId).orderBy('id').limit(limit + 1);
      if (cursor !== undefined) query = query.where('id', '>=', cursor);
      const filter = contains(['id', 'name', 'slug', 'description'], search);
      if (filter) query = query.where(filter);
      const page = pageOf(await query.execute(), limit);
      return { ...page, rows: page.rows.map(permissionOf) };
    },
    async delete(workspaceId, id) {
      changes.add(workspaceId);
      await db.deleteFrom('rolePermissions').where('permissionId', '=', id).execute();
      await db.deleteFrom('keyPermissions').where('permissionId', '=', id).execute();
      await db.deleteFrom('permissions').where('workspaceId', '=', workspaceId).where('id', '=', id).execute();
    },
  };
}
