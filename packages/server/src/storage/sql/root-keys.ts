import type { Changes } from '../changes.ts';
import type { RootKeyStore } from '../port/store.ts';
import { groupBy, rootKeyOf } from './rows.ts';
import type { Database } from './tables.ts';

export function rootKeyStore(db: Database, changes: Changes): RootKeyStore {
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
      const permissions = await db
        .selectFrom('rootKeyPermissions')
        .select('permission')
        .where('rootKeyId', '=', row.id)
        .orderBy('permission')
        .execute();
      return rootKeyOf(
        row,
        permissions.map(({ permission }) => permission),
      );
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
    async setEnabled(id, isEnabled) {
      changes.add(id);
      const { numUpdatedRows } = await db
        .updateTable('rootKeys')
        .set({ isEnabled: Number(isEnabled) })
        .where('id', '=', id)
        .where('deletedAt', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
    async delete(id, at) {
      changes.add(id);
      const { numUpdatedRows } = await db
        .updateTable('rootKeys')
        .set({ deletedAt: at })
        .where('id', '=', id)
        .where('deletedAt', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}
