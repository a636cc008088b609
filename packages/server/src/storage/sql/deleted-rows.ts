import type { DeletedRowStore } from '../port/store.ts';
import type { RowLock } from './row-lock.ts';
import type { Database } from './tables.ts';

interface KeyRow {
  readonly id: string;
  readonly hash: string;
}

/** What keys refer to, and by which column. */
const ownerIds = { apis: 'apiId', identities: 'identityId' } as const;

type Owners = keyof typeof ownerIds;

/** Changes nothing that is remembered: what is removed here was absent already. */
export function deletedRowStore(db: Database, lock: RowLock): DeletedRowStore {
  /** Keys that another process is removing are left to it: nobody waits, and each is counted once. */
  const keys = (limit: number) =>
    db
      .selectFrom('keys')
      .select(['id', 'hash'])
      .limit(limit)
      .$if(lock !== 'none', (query) => query.forUpdate().skipLocked());

  const deleted = (owners: Owners, { at, limit }: { at: number; limit: number }) =>
    db.selectFrom(owners).select('id').where('deletedAt', '<', at).orderBy('deletedAt').limit(limit);

  async function removeKeys(rows: readonly KeyRow[]): Promise<number> {
    if (rows.length === 0) return 0;
    const ids = rows.map(({ id }) => id);
    const hashes = rows.map(({ hash }) => ({ hash }));
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

  async function releaseKeys(rows: readonly KeyRow[]): Promise<number> {
    if (rows.length === 0) return 0;
    const ids = rows.map(({ id }) => id);
    await db.updateTable('keys').set({ identityId: null }).where('id', 'in', ids).execute();
    return ids.length;
  }

  const removeDeletedKeys = async (at: number, limit: number): Promise<number> =>
    removeKeys(await keys(limit).where('deletedAt', '<', at).orderBy('deletedAt').execute());

  /** One owner after the other: a join over all of them might read every key that there is. */
  async function removeKeysOf(owners: Owners, at: number, limit: number): Promise<number> {
    const clear = owners === 'apis' ? removeKeys : releaseKeys;
    let left = limit;
    for (const { id } of await deleted(owners, { at, limit }).execute()) {
      if (left === 0) break;
      left -= await clear(await keys(left).where(ownerIds[owners], '=', id).orderBy('id').execute());
    }
    return limit - left;
  }

  async function removeOwners(owners: Owners, at: number, limit: number): Promise<number> {
    const rows = await deleted(owners, { at, limit })
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('keys').select('keys.id').whereRef(`keys.${ownerIds[owners]}`, '=', `${owners}.id`),
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

  return {
    async remove(at, limit) {
      let left = limit - (await removeDeletedKeys(at, limit));
      for (const owners of ['apis', 'identities'] as const) {
        if (left > 0) left -= await removeKeysOf(owners, at, left);
        if (left > 0) left -= await removeOwners(owners, at, left);
      }
      return limit - left;
    },
  };
}
