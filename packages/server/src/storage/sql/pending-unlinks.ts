import { sql } from 'kysely';
import type { Database } from './tables.ts';

/** The links by which keys have a role or a permission, and those by which roles have a permission. */
const targetIds = {
  keyPermissions: 'permissionId',
  rolePermissions: 'permissionId',
  keyRoles: 'roleId',
} as const;
const ownerIds = { keyPermissions: 'keyId', rolePermissions: 'roleId', keyRoles: 'keyId' } as const;

type LinkTable = keyof typeof targetIds;

/** What one request removes; a background job removes the rest. */
const maxInline = 1000;

/**
 * Removes the links to a role or permission that is being deleted. Links that are left have no effect: every read joins
 * them with the row that is gone, and ids are never used again.
 */
export async function unlink(db: Database, table: LinkTable, targetId: string): Promise<void> {
  if ((await removeLinks(db, { table, targetId, limit: maxInline })) < maxInline) return;
  await db.insertInto('pendingUnlinks').values({ targetId, linkTable: table }).execute();
}

/** Removes links that `unlink` has left; returns how many. */
export async function removePendingLinks(db: Database, limit: number): Promise<number> {
  let removed = 0;
  for (const { targetId, linkTable } of await db
    .selectFrom('pendingUnlinks')
    .select(['targetId', 'linkTable'])
    .limit(limit)
    .execute()) {
    const left = limit - removed;
    if (left === 0) break;
    // Only `unlink` writes the column.
    const count = await removeLinks(db, { table: linkTable as LinkTable, targetId, limit: left });
    removed += count;
    if (count === left) break;
    await db
      .deleteFrom('pendingUnlinks')
      .where('targetId', '=', targetId)
      .where('linkTable', '=', linkTable)
      .execute();
  }
  return removed;
}

/** How many links are still to be removed, at most `limit`. */
export async function countPendingLinks(db: Database, limit: number): Promise<number> {
  let count = 0;
  for (const { targetId, linkTable } of await db
    .selectFrom('pendingUnlinks')
    .select(['targetId', 'linkTable'])
    .limit(100)
    .execute()) {
    if (count >= limit) break;
    const table = linkTable as LinkTable;
    const { rows } = await sql<{ count: number | string }>`
      select count(*) as count from (
        select 1 from ${sql.table(table)} where ${sql.ref(targetIds[table])} = ${targetId} limit ${limit - count}
      ) as links`.execute(db);
    count += Number(rows[0]?.count ?? 0);
  }
  return count;
}

async function removeLinks(
  db: Database,
  { table, targetId, limit }: { table: LinkTable; targetId: string; limit: number },
): Promise<number> {
  const [owner, target] = [sql.ref(ownerIds[table]), sql.ref(targetIds[table])];
  const { numAffectedRows = 0n } = await sql`
    delete from ${sql.table(table)} where ${target} = ${targetId} and ${owner} in (
      select ${owner} from ${sql.table(table)} where ${target} = ${targetId} limit ${limit})`.execute(db);
  return Number(numAffectedRows);
}
