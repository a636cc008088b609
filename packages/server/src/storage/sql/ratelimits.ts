import type { Ratelimit } from '../port/records.ts';
import { insertRows } from './insert-row.ts';
import { perform } from './perform.ts';
import { groupBy, ratelimitOf } from './rows.ts';
import type { Database } from './tables.ts';

/** Limits by owner (a key or an identity), sorted by name. */
export async function ratelimitsOf(
  db: Database,
  ownerIds: readonly string[],
): Promise<Map<string, Ratelimit[]>> {
  if (ownerIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('ratelimits')
    .selectAll()
    .where('ownerId', 'in', ownerIds)
    .orderBy('name')
    .execute();
  const groups = groupBy(rows, ({ ownerId }) => ownerId);
  return new Map([...groups].map(([ownerId, group]) => [ownerId, group.map(ratelimitOf)]));
}

/** Replaces the owner's limits by these. */
export async function saveRatelimits(
  db: Database,
  workspaceId: string,
  ownerId: string,
  ratelimits: readonly Ratelimit[],
): Promise<void> {
  await perform(db, db.deleteFrom('ratelimits').where('ownerId', '=', ownerId));
  await insertRows(
    db,
    'ratelimits',
    ratelimits.map((ratelimit) => ratelimitRow(ratelimit, workspaceId, ownerId)),
  );
}

export function ratelimitRow(ratelimit: Ratelimit, workspaceId: string, ownerId: string) {
  const { id, name, limit, durationMs, isAutoApplied } = ratelimit;
  return { id, workspaceId, ownerId, name, limit, durationMs, isAutoApplied: Number(isAutoApplied) };
}
