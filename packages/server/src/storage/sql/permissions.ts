import { foldCase } from '../../domain/fold-case.ts';
import type { Changes } from '../changes.ts';
import type { PermissionStore } from '../port/store.ts';
import { chunksOf } from './chunks.ts';
import { addHoldersOfPermission } from './holders.ts';
import { isOwn } from './own-ids.ts';
import { unlink } from './pending-unlinks.ts';
import { perform } from './perform.ts';
import { permissionOf } from './rows.ts';
import { searchPage } from './search.ts';
import type { Database } from './tables.ts';

export function permissionStore(db: Database, changes: Changes): PermissionStore {
  const own = (workspaceId: string) =>
    db.selectFrom('permissions').selectAll().where('workspaceId', '=', workspaceId);

  return {
    async create(workspaceId, permissions) {
      const rows = permissions.map((permission) => ({
        ...permission,
        workspaceId,
        slugFolded: foldCase(permission.slug),
      }));
      for (const chunk of chunksOf(rows)) await perform(db, db.insertInto('permissions').values(chunk));
    },
    async find(workspaceId, idOrSlug) {
      const row =
        (await own(workspaceId).where('id', '=', idOrSlug).executeTakeFirst()) ??
        (await own(workspaceId).where('slugFolded', '=', foldCase(idOrSlug)).executeTakeFirst());
      return row ? permissionOf(row) : null;
    },
    async findBySlugs(workspaceId, slugs) {
      const rows = [];
      for (const chunk of chunksOf(slugs.map(foldCase))) {
        rows.push(...(await own(workspaceId).where('slugFolded', 'in', chunk).execute()));
      }
      return rows.map(permissionOf).sort((a, b) => (a.slug < b.slug ? -1 : 1));
    },
    async list(workspaceId, query) {
      const read = (from: string | undefined, limit: number) =>
        own(workspaceId)
          .$if(from !== undefined, (rows) => rows.where('id', '>=', from ?? ''))
          .orderBy('id')
          .limit(limit)
          .execute();
      const page = await searchPage(
        { read, textsOf: ({ id, name, slug, description }) => [id, name, slug, description] },
        query,
      );
      return { ...page, rows: page.rows.map(permissionOf) };
    },
    async delete(workspaceId, id) {
      if (!(await isOwn(db, 'permissions', workspaceId, id))) return;
      await addHoldersOfPermission(db, changes, { workspaceId, id });
      await unlink(db, 'rolePermissions', id);
      await unlink(db, 'keyPermissions', id);
      await perform(
        db,
        db.deleteFrom('permissions').where('workspaceId', '=', workspaceId).where('id', '=', id),
      );
    },
  };
}
