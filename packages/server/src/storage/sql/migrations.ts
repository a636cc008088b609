import type { Migration } from '../port/records.ts';
import type { MigrationStore } from '../port/store.ts';
import { perform } from './perform.ts';
import type { Database } from './tables.ts';

export function migrationStore(db: Database): MigrationStore {
  return {
    async create(workspaceId, migration) {
      await perform(db, db.insertInto('migrations').values({ ...migration, workspaceId }));
    },
    async find(workspaceId, id) {
      const row = await db
        .selectFrom('migrations')
        .select(['id', 'name', 'algorithm'])
        .where('workspaceId', '=', workspaceId)
        .where('id', '=', id)
        .executeTakeFirst();
      // Only `create` writes the column.
      return row ? { ...row, algorithm: row.algorithm as Migration['algorithm'] } : null;
    },
  };
}
