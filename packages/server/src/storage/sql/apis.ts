import type { Changes } from '../changes.ts';
import type { ApiStore } from '../port/store.ts';
import { perform } from './perform.ts';
import { apiOf } from './rows.ts';
import type { Database } from './tables.ts';

export function apiStore(db: Database, changes: Changes): ApiStore {
  return {
    async create(workspaceId, api) {
      await perform(
        db,
        db
          .insertInto('apis')
          .values({ ...api, workspaceId, isProtected: Number(api.isProtected), deletedAt: null }),
      );
    },
    async find(workspaceId, id) {
      const row = await db
        .selectFrom('apis')
        .selectAll()
        .where('workspaceId', '=', workspaceId)
        .where('id', '=', id)
        .where('deletedAt', 'is', null)
        .executeTakeFirst();
      return row ? apiOf(row) : null;
    },
    async update(workspaceId, id, { isProtected, ...columns }) {
      // Of an API, keys cache its allow list.
      if (columns.allowedIps !== undefined) changes.add(id);
      await perform(
        db,
        db
          .updateTable('apis')
          .set({ ...columns, ...(isProtected !== undefined && { isProtected: Number(isProtected) }) })
          .where('workspaceId', '=', workspaceId)
          .where('id', '=', id),
      );
    },
    async delete(workspaceId, id, at) {
      changes.add(id);
      await perform(
        db,
        db
          .updateTable('apis')
          .set({ deletedAt: at })
          .where('workspaceId', '=', workspaceId)
          .where('id', '=', id),
      );
    },
    async listAll() {
      const rows = await db
        .selectFrom('apis')
        .selectAll()
        .where('deletedAt', 'is', null)
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      return rows.map(apiOf);
    },
  };
}
