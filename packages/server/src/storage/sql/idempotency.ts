import type { IdempotencyStore } from '../port/store.ts';
import type { Database } from './tables.ts';

export function idempotencyStore(db: Database): IdempotencyStore {
  return {
    async claim(workspaceId, request, now) {
      const { operation, keyHash, fingerprint, expiresAt } = request;
      const claimed = { fingerprint, answer: '', expiresAt };
      // One statement, so that of two transactions the later one waits here for the fate of the earlier.
      const own = await db
        .insertInto('keptAnswers')
        .values({ workspaceId, operation, keyHash, ...claimed })
        .onConflict((conflict) =>
          conflict
            .columns(['workspaceId', 'operation', 'keyHash'])
            .doUpdateSet(claimed)
            .where('keptAnswers.expiresAt', '<=', now),
        )
        .returning('keyHash')
        .executeTakeFirst();
      if (own !== undefined) return null;
      return db
        .selectFrom('keptAnswers')
        .select(['fingerprint', 'answer'])
        .where('workspaceId', '=', workspaceId)
        .where('operation', '=', operation)
        .where('keyHash', '=', keyHash)
        .executeTakeFirstOrThrow();
    },
    async keep(workspaceId, { operation, keyHash }, answer) {
      await db
        .updateTable('keptAnswers')
        .set({ answer })
        .where('workspaceId', '=', workspaceId)
        .where('operation', '=', operation)
        .where('keyHash', '=', keyHash)
        .execute();
    },
    async deleteExpired(now, limit) {
      const { numDeletedRows } = await db
        .deleteFrom('keptAnswers')
        // Once more for the row itself: it may have been claimed anew since the list was made.
        .where('expiresAt', '<=', now)
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('workspaceId', 'operation', 'keyHash'),
            'in',
            selectFrom('keptAnswers')
              .select(['workspaceId', 'operation', 'keyHash'])
              .where('expiresAt', '<=', now)
              .orderBy('expiresAt')
              .limit(limit)
              .$asTuple('workspaceId', 'operation', 'keyHash'),
          ),
        )
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
