import type { Updateable } from 'kysely';
import type { Changes } from '../changes.ts';
import type { RootKeyStore } from '../port/store.ts';
import { groupBy, rootKeyOf } from './rows.ts';
import type { Database, Tables } from './tables.ts';

export function rootKeyStore(db: Database, changes: Changes): RootKeyStore {
  const changeLive = (id: string, columns: Updateable<Tables['rootKeys']>) => {
    changes.add(id);
    return updateLive(db, id, columns);
  };

  return {
    async create({ permissions, isEnabled, hash, ...rootKey }) {
      changes.add(hash);
      await db
        .insertInto('rootKeys')
        .values({ ...rootKey, hash, isEnabled: Number(isEnabled), deletedAt: null })
        .execute();
      const rows = permissions.map((permission) => ({ rootKeyId: rootKey.id, permission }));
      if (rows.length > 0) await db.insertInto('rootKeyPermissions').values(rows).execute();
    },
    async findByHash(hash) {
      const row = await db
        .selectFrom('rootKeys')
        .selectAll()
        .where('hash', '=', hash)
        .where('deletedAt', 'is', null)
        .executeTakeFirst();
      if (!row) return null;
      const permissions = await permissionsOf(db, row.id);
      return rootKeyOf(row, permissions);
    },
    async isHashTaken(hash) {
      const row = await db.selectFrom('rootKeys').select('id').where('hash', '=', hash).executeTakeFirst();
      return row !== undefined;
    },
    async list() {
      const rows = await db
        .selectFrom('rootKeys')
        .selectAll()
        .where('deletedAt', 'is', null)
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      const permissions = await db
        .selectFrom('rootKeyPermissions')
        .selectAll()
        .orderBy('permission')
        .execute();
      const byRootKey = groupBy(permissions, ({ rootKeyId }) => rootKeyId);
      return rows.map((row) =>
        rootKeyOf(
          row,
          (byRootKey.get(row.id) ?? []).map(({ permission }) => permission),
        ),
      );
    },
    setEnabled: (id, isEnabled) => changeLive(id, { isEnabled: Number(isEnabled) }),
    delete: (id, at) => changeLive(id, { deletedAt: at }),
  };
}

async function permissionsOf(db: Database, rootKeyId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('rootKeyPermissions')
    .select('permission')
    .where('rootKeyId', '=', rootKeyId)
    .orderBy('permission')
    .execute();
  return rows.map(({ permission }) => permission);
}

/** False when there is no such root key, or it is deleted. */
async function updateLive(
  db: Database,
  id: string,
  columns: Updateable<Tables['rootKeys']>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('rootKeys')
    .set(columns)
    .where('id', '=', id)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
