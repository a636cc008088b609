import type { QueryConfig, QueryResultRow } from 'pg';
import { Coalescer } from '../../base/coalesce.ts';
import { type Credits, refilled } from '../../domain/keys/refill.ts';
import { type SpendOrder, type Spent, StorageUnavailableError } from '../port/storage.ts';
import { type ConnectionPool, withClient } from './connections.ts';
import { isReadOnlyError, isRefused, unavailable } from './unavailable.ts';

interface Spend extends SpendOrder {
  readonly workspaceId: string;
  readonly keyId: string;
}

/**
 * Charges every key that has enough credits for all of its spends. A key locked by another transaction is skipped: spends
 * of other keys must not wait for it.
 */
const spendBatchSql = `
  UPDATE keys SET credits_remaining = credits_remaining - held.cost
  FROM (
    SELECT k.id, o.cost
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS o (workspace_id, key_id, cost, at)
    JOIN keys k ON k.id = o.key_id AND k.workspace_id = o.workspace_id
    WHERE k.credits_remaining >= o.cost AND (k.next_refill_at IS NULL OR k.next_refill_at > o.at)
    FOR UPDATE OF k SKIP LOCKED
  ) AS held
  WHERE keys.id = held.id AND keys.credits_remaining >= held.cost
  RETURNING keys.workspace_id, keys.id, keys.credits_remaining`;

/**
 * Spends credits. Spends that come while a statement is in flight are coalesced into the next one. After an idle time the
 * pool pings the database first, so an outage leaves in doubt only the spends in flight when it began.
 */
export function creditSpender(
  pool: ConnectionPool,
  readCredits: (workspaceId: string, keyId: string) => Promise<Credits | null>,
) {
  const batches = new Coalescer((batch: readonly Spend[]) => spendBatch(pool, batch));
  const spendsByKey = new Coalescer((batch: readonly Spend[]) => spendOneKey(pool, batch));

  /** Slow path: the key is locked, due for refill, or short of credits. Reads first, so that refused spends take no lock. */
  const spendSlowly = async (spend: Spend): Promise<Spent> => {
    const { workspaceId, keyId, cost, now } = spend;
    const credits = await readCredits(workspaceId, keyId);
    const remaining = credits?.remaining ?? null;
    if (credits === null || remaining === null) return { remaining: null, isSpent: true };
    if (refilled(credits, now) !== credits) return { remaining, isSpent: false, isRefillDue: true };
    if (remaining < cost) return { remaining, isSpent: false };
    return spendsByKey.run(nameOf(spend), spend);
  };

  return async (spend: Spend): Promise<Spent> => (await batches.run('all keys', spend)) ?? spendSlowly(spend);
}

/** One statement, so one transaction. Null for spends whose key was skipped. */
async function spendBatch(pool: ConnectionPool, batch: readonly Spend[]): Promise<(Spent | null)[]> {
  const totals = new Map<string, Spend>();
  for (const spend of batch) {
    const before = totals.get(nameOf(spend));
    const { cost, now } = before ?? { cost: 0, now: spend.now };
    totals.set(nameOf(spend), { ...spend, cost: cost + spend.cost, now: Math.max(now, spend.now) });
  }
  const keys = [...totals.values()];
  const spent = await execute<SpentRow>(pool, {
    name: 'spend_batch',
    text: spendBatchSql,
    values: [
      keys.map(({ workspaceId }) => workspaceId),
      keys.map(({ keyId }) => keyId),
      keys.map(({ cost }) => cost),
      keys.map(({ now }) => now),
    ],
  });
  const balances = new Map<string, number>();
  for (const row of spent) {
    const name = nameOf({ workspaceId: row.workspace_id, keyId: row.id });
    balances.set(name, row.credits_remaining + (totals.get(name)?.cost ?? 0));
  }
  return batch.map((spend) => {
    const before = balances.get(nameOf(spend));
    if (before === undefined) return null;
    const remaining = before - spend.cost;
    balances.set(nameOf(spend), remaining);
    return { remaining, isSpent: true };
  });
}

interface SpentRow {
  workspace_id: string;
  id: string;
  credits_remaining: number;
}

/** Spends of one key in one statement, so one transaction. Waits for the lock of the key; each spend succeeds or fails alone. */
async function spendOneKey(pool: ConnectionPool, batch: readonly Spend[]): Promise<Spent[]> {
  const [first] = batch;
  if (first === undefined) return [];
  const rows = await execute<{ is_spent: boolean; remaining: number | null }>(pool, {
    name: 'spend',
    text: 'SELECT is_spent, remaining FROM spend_credits($1, $2, $3)',
    values: [first.workspaceId, first.keyId, batch.map(({ cost }) => cost)],
  });
  return rows.map((row) => ({ isSpent: row.is_spent, remaining: row.remaining }));
}

async function execute<Row extends QueryResultRow>(pool: ConnectionPool, query: QueryConfig): Promise<Row[]> {
  const attempt = () => withClient(pool, async (client) => (await client.query<Row>(query)).rows);
  try {
    // A server that has become read-only did nothing; a new connection may lead to the new primary.
    return await attempt().catch((error) => (isReadOnlyError(error) ? attempt() : Promise.reject(error)));
  } catch (error) {
    if (error instanceof StorageUnavailableError) throw error;
    throw unavailable(error, { mayBeDone: !isRefused(error) });
  }
}

function nameOf({ workspaceId, keyId }: Pick<Spend, 'workspaceId' | 'keyId'>): string {
  return `${workspaceId}\n${keyId}`;
}
