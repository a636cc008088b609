import type { DeletedRowStore } from '../port/store.ts';
import { countRows } from './count-rows.ts';
import { countPendingLinks, removePendingLinks } from './pending-unlinks.ts';
import type { RowLock } from './row-lock.ts';
import type { Database } from './tables.ts';

interface KeyRow {
  readonly id: string;
  readonly hash: string;
  readonly workspaceId: string;
}

interface Batch {
  /** Rows that were deleted before this time, in Unix milliseconds. */
  readonly at: number;
  readonly limit: number;
}

/** The owners of keys, and the column that refers to each. */
const ownerIds = { apis: 'apiId', identities: 'identityId' } as const;

type Owners = keyof typeof ownerIds;

/** Reports no changes: rows that are removed here were invisible before. */
export function deletedRowStore(db: Database, lock: RowLock): DeletedRowStore {
  return {
    async remove(at, limit) {
      let left = limit - (await removePendingLinks(db, limit));
      if (left > 0) left -= await removeKeys(db, await deletedKeys(db, lock, { at, limit: left }));
      for (const owners of ['apis', 'identities'] as const) {
        if (left > 0) left -= await removeKeysOf(db, lock, owners, { at, limit: left });
        if (left > 0) left -= await removeOwners(db, lock, owners, { at, limit: left });
      }
      return limit - left;
    },
    async count(at, limit) {
      let left = limit - (await countPendingLinks(db, limit));
      const keys = () => db.selectFrom('keys').select('id');
      if (left > 0) left -= await countRows(db, keys().where('deletedAt', '<', at), left);
      for (const owners of ['apis', 'identities'] as const) {
        const all = db.selectFrom(owners).select('id').where('deletedAt', '<', at);
        if (left > 0) left -= await countRows(db, all, left);
        for (const { id } of await deletedOwners(db, owners, { at, limit: maxCountedOwners }).execute()) {
          if (left === 0) break;
          const own = keys().where(ownerIds[owners], '=', id).where('deletedAt', 'is', null);
          left -= await countRows(db, own, left);
        }
      }
      return limit - left;
    },
  };
}

/** Each is a query. */
const maxCountedOwners = 100;

/** Skips rows that another process is removing: no process waits, and each row is counted once. */
function lockedKeys(db: Database, lock: RowLock, limit: number) {
  return db
    .selectFrom('keys')
    .select(['id', 'hash', 'workspaceId'])
    .limit(limit)
    .$if(lock !== 'none', (query) => query.forUpdate().skipLocked());
}

function deletedKeys(db: Database, lock: RowLock, { at, limit }: Batch): Promise<KeyRow[]> {
  return lockedKeys(db, lock, limit).where('deletedAt', '<', at).orderBy('deletedAt').execute();
}

function deletedOwners(db: Database, owners: Owners, { at, limit }: Batch) {
  return db.selectFrom(owners).select('id').where('deletedAt', '<', at).orderBy('deletedAt').limit(limit);
}

/**
 * Removes keys of deleted APIs, or takes keys from deleted identities. One owner at a time: a join over all of them could
 * scan every key. Keys that were deleted before their owner are left to `deletedKeys`.
 */
async function removeKeysOf(
  db: Database,
  lock: RowLock,
  owners: Owners,
  { at, limit }: Batch,
): Promise<number> {
  const clear = owners === 'apis' ? removeKeys : releaseKeys;
  let left = limit;
  for (const { id } of await deletedOwners(db, owners, { at, limit }).execute()) {
    if (left === 0) break;
    const keys = await lockedKeys(db, lock, left)
      .where(ownerIds[owners], '=', id)
      .where('deletedAt', 'is', null)
      .orderBy('id')
      .execute();
    left -= await clear(db, keys);
  }
  return limit - left;
}

async function removeKeys(db: Database, rows: readonly KeyRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  const hashes = rows.map(({ hash, workspaceId }) => ({ hash, workspaceId }));
  await db
    .insertInto('retiredHashes')
    .values(hashes)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db.deleteFrom('keyPermissions').where('keyId', 'in', ids).execute();
  await db.deleteFrom('keyRoles').where('keyId', 'in', ids).execute();
  await db.deleteFrom('ratelimits').where('ownerId', 'in', ids).execute();
  await db.deleteFrom('keys').where('id', 'in', ids).execute();
  return ids.length;
}

async function releaseKeys(db: Database, rows: readonly KeyRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  await db.updateTable('keys').set({ identityId: null }).where('id', 'in', ids).execute();
  return ids.length;
}

async function removeOwners(db: Database, lock: RowLock, owners: Owners, batch: Batch): Promise<number> {
  const rows = await deletedOwners(db, owners, batch)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('keys')
            .select('keys.id')
            .whereRef(`keys.${ownerIds[owners]}`, '=', `${owners}.id`)
            .where('keys.deletedAt', 'is', null),
        ),
      ),
    )
    .$if(lock !== 'none', (query) => query.forUpdate().skipLocked())
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  await db.deleteFrom('ratelimits').where('ownerId', 'in', ids).execute();
  await db.deleteFrom(owners).where('id', 'in', ids).execute();
  return ids.length;
}
