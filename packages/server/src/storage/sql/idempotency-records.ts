import type { IdempotencyRecordStore } from '../port/store.ts';
import { countRows } from './count-rows.ts';
import { perform } from './perform.ts';
import type { Database } from './tables.ts';

export function idempotencyRecordStore(db: Database): IdempotencyRecordStore {
  return {
    async claim(workspaceId, { operation, keyHash, fingerprint, expiresAt }, now) {
      const claimed = { fingerprint, response: '', expiresAt };
      // One statement: a second transaction waits here until the first one has ended.
      const own = await db
        .insertInto('idempotencyRecords')
        .values({ workspaceId, operation, keyHash, ...claimed })
        .onConflict((conflict) =>
          conflict
            .columns(['workspaceId', 'operation', 'keyHash'])
            .doUpdateSet(claimed)
            .where('idempotencyRecords.expiresAt', '<=', now),
        )
        .returning('keyHash')
        .executeTakeFirst();
      if (own !== undefined) return null;
      return db
        .selectFrom('idempotencyRecords')
        .select(['fingerprint', 'response'])
        .where('workspaceId', '=', workspaceId)
        .where('operation', '=', operation)
        .where('keyHash', '=', keyHash)
        .executeTakeFirstOrThrow();
    },
    async complete(workspaceId, { operation, keyHash, response }) {
      await perform(
        db,
        db
          .updateTable('idempotencyRecords')
          .set({ response })
          .where('workspaceId', '=', workspaceId)
          .where('operation', '=', operation)
          .where('keyHash', '=', keyHash),
      );
    },
    deleteExpired: (now, limit) => deleteExpired(db, now, limit),
    countExpired: (now, limit) =>
      countRows(
        db,
        db.selectFrom('idempotencyRecords').select('keyHash').where('expiresAt', '<=', now),
        limit,
      ),
  };
}

async function deleteExpired(db: Database, now: number, limit: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('idempotencyRecords')
    // Checked again for the row itself: another transaction may have claimed it since the subquery read it.
    .where('expiresAt', '<=', now)
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('workspaceId', 'operation', 'keyHash'),
        'in',
        selectFrom('idempotencyRecords')
          .select(['workspaceId', 'operation', 'keyHash'])
          .where('expiresAt', '<=', now)
          .orderBy('expiresAt')
          .limit(limit)
          .$asTuple('workspaceId', 'operation', 'keyHash'),
      ),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
