import type { Changes } from '../changes.ts';
import type { WorkspaceStore } from '../port/store.ts';
import { workspaceOf } from './rows.ts';
import type { Database } from './tables.ts';

export function workspaceStore(db: Database, changes: Changes): WorkspaceStore {
  return {
    async find(id) {
      const row = await db.selectFrom('workspaces').selectAll().where('id', '=', id).executeTakeFirst();
      return row ? workspaceOf(row) : null;
    },
    async list() {
      const rows = await db.selectFrom('workspaces').selectAll().orderBy('createdAt').orderBy('id').execute();
      return rows.map(workspaceOf);
    },
    async create(workspace) {
      await db
        .insertInto('workspaces')
        .values({ ...workspace, isEnabled: Number(workspace.isEnabled) })
        .execute();
    },
    async update(id, { isEnabled, ...columns }) {
      changes.add(id);
      const { numUpdatedRows } = await db
        .updateTable('workspaces')
        .set({ ...columns, ...(isEnabled !== undefined && { isEnabled: Number(isEnabled) }) })
        .where('id', '=', id)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}
