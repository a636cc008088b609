import type { Selectable } from 'kysely';
import type { Override } from '../../domain/ratelimit/overrides.ts';
import type { Changes } from '../changes.ts';
import type { NamespaceStore } from '../port/store.ts';
import { isOwn } from './own-ids.ts';
import { perform } from './perform.ts';
import { pageOf } from './rows.ts';
import type { Database, Tables } from './tables.ts';

export function namespaceStore(db: Database, changes: Changes): NamespaceStore {
  const own = (workspaceId: string) =>
    db.selectFrom('namespaces').selectAll().where('workspaceId', '=', workspaceId);

  return {
    ...overrideMethods(db, changes),
    async create(workspaceId, namespace) {
      // No entry has this tag, but a read that began before the commit must not serve lookups after it.
      changes.add(namespace.id);
      await perform(db, db.insertInto('namespaces').values({ ...namespace, workspaceId, deletedAt: null }));
    },
    async find(workspaceId, idOrName) {
      const row =
        (await own(workspaceId).where('id', '=', idOrName).executeTakeFirst()) ??
        (await own(workspaceId).where('name', '=', idOrName).executeTakeFirst());
      if (!row) return null;
      const overrides = await liveOverrides(db, workspaceId, row.id).execute();
      const { id, name, createdAt, deletedAt } = row;
      return { id, name, createdAt, deletedAt, overrides: overrides.map(overrideOf) };
    },
    async listAll() {
      return db.selectFrom('namespaces').selectAll().orderBy('workspaceId').orderBy('name').execute();
    },
    async setDeleted(workspaceId, id, deletedAt) {
      changes.add(id);
      await perform(
        db,
        db
          .updateTable('namespaces')
          .set({ deletedAt })
          .where('workspaceId', '=', workspaceId)
          .where('id', '=', id),
      );
    },
  };
}

function overrideMethods(
  db: Database,
  changes: Changes,
): Pick<NamespaceStore, 'listOverrides' | 'setOverride' | 'deleteOverride'> {
  return {
    async listOverrides(workspaceId, namespaceId, { cursor, limit }) {
      let query = liveOverrides(db, workspaceId, namespaceId).limit(limit + 1);
      if (cursor !== undefined) query = query.where('id', '>=', cursor);
      const page = pageOf(await query.execute(), limit);
      return { ...page, rows: page.rows.map(overrideOf) };
    },
    async setOverride(workspaceId, namespaceId, override) {
      if (!(await isOwn(db, 'namespaces', workspaceId, namespaceId))) {
        throw new Error(`An override was set in '${namespaceId}', which is not in '${workspaceId}'.`);
      }
      changes.add(namespaceId);
      const { limit, durationMs } = override;
      const { id } = await db
        .insertInto('overrides')
        .values({ ...override, workspaceId, namespaceId, deletedAt: null })
        .onConflict((conflict) =>
          conflict.columns(['namespaceId', 'identifier']).doUpdateSet({ limit, durationMs, deletedAt: null }),
        )
        .returning('id')
        .executeTakeFirstOrThrow();
      return id;
    },
    async deleteOverride(workspaceId, namespaceId, overrideId, at) {
      changes.add(namespaceId);
      await perform(
        db,
        db
          .updateTable('overrides')
          .set({ deletedAt: at })
          .where('workspaceId', '=', workspaceId)
          .where('id', '=', overrideId),
      );
    },
  };
}

function liveOverrides(db: Database, workspaceId: string, namespaceId: string) {
  return db
    .selectFrom('overrides')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('namespaceId', '=', namespaceId)
    .where('deletedAt', 'is', null)
    .orderBy('id');
}

function overrideOf(row: Selectable<Tables['overrides']>): Override {
  const { id, identifier, limit, durationMs, createdAt } = row;
  return { id, identifier, limit, durationMs, createdAt };
}
