import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import { Gathering } from '../../base/coalesce.ts';
import { type Credits, refilled } from '../../domain/keys/refill.ts';
import { type SpendOrder, type Spent, StorageUnavailableError } from '../port/storage.ts';
import { using } from './connections.ts';
import { isRefused, unavailable } from './unavailable.ts';

interface Spend extends SpendOrder {
  readonly workspaceId: string;
  readonly keyId: string;
}

/**
 * Of every key that has enough for all of its spends. A key that another transaction holds is left out: the spends of
 * other keys must not wait for that one to end.
 */
const takeTogether = `
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

const silenceMs = 250;

/** Takes credits: the spends that come while a statement is under way are the next one. */
export function creditSpender(
  pool: Pool,
  readCredits: (workspaceId: string, keyId: string) => Promise<Credits | null>,
) {
  let heardAt = Number.NEGATIVE_INFINITY;

  // After a silence the database is read first: what gets no answer then has done nothing, and may be repeated. Of an
  // outage, so, only those spends are in doubt that were under way when it began.
  const together = new Gathering(async (batch: readonly Spend[]) => {
    const [first] = batch;
    const isDoubtful = performance.now() - heardAt > silenceMs;
    if (isDoubtful && first !== undefined) await readCredits(first.workspaceId, first.keyId);
    const spent = await spendTogether(pool, batch);
    heardAt = performance.now();
    return spent;
  });
  const ofOneKey = new Gathering((batch: readonly Spend[]) => spendOneByOne(pool, batch));

  /** For who has to wait, or is refused. A key without enough is asked about often: it is not held, nor written. */
  const spendAlone = async (spend: Spend): Promise<Spent> => {
    const { workspaceId, keyId, cost, now } = spend;
    const credits = await readCredits(workspaceId, keyId);
    const remaining = credits?.remaining ?? null;
    if (credits === null || remaining === null) return { remaining: null, isSpent: true };
    if (refilled(credits, now) !== credits) return { remaining, isSpent: false, isRefillDue: true };
    if (remaining < cost) return { remaining, isSpent: false };
    return ofOneKey.add(nameOf(spend), spend);
  };

  return async (spend: Spend): Promise<Spent> =>
    (await together.add('every key', spend)) ?? spendAlone(spend);
}

/** One statement, and so one transaction; null for those whose key was left out. */
async function spendTogether(pool: Pool, batch: readonly Spend[]): Promise<(Spent | null)[]> {
  const wanted = new Map<string, Spend>();
  for (const spend of batch) {
    const before = wanted.get(nameOf(spend));
    const { cost, now } = before ?? { cost: 0, now: spend.now };
    wanted.set(nameOf(spend), { ...spend, cost: cost + spend.cost, now: Math.max(now, spend.now) });
  }
  const keys = [...wanted.values()];
  const taken = await execute<TakenRow>(pool, {
    name: 'spend_together',
    text: takeTogether,
    values: [
      keys.map(({ workspaceId }) => workspaceId),
      keys.map(({ keyId }) => keyId),
      keys.map(({ cost }) => cost),
      keys.map(({ now }) => now),
    ],
  });
  const balances = new Map<string, number>();
  for (const row of taken) {
    const name = nameOf({ workspaceId: row.workspace_id, keyId: row.id });
    balances.set(name, row.credits_remaining + (wanted.get(name)?.cost ?? 0));
  }
  return batch.map((spend) => {
    const before = balances.get(nameOf(spend));
    if (before === undefined) return null;
    const remaining = before - spend.cost;
    balances.set(nameOf(spend), remaining);
    return { remaining, isSpent: true };
  });
}

interface TakenRow {
  workspace_id: string;
  id: string;
  credits_remaining: number;
}

/** All spends of a batch are of one key, which may be waited for. They are one statement, and so one transaction. */
async function spendOneByOne(pool: Pool, batch: readonly Spend[]): Promise<Spent[]> {
  const [first] = batch;
  if (first === undefined) return [];
  const rows = await execute<{ is_spent: boolean; remaining: number | null }>(pool, {
    name: 'spend',
    text: 'SELECT is_spent, remaining FROM spend_credits($1, $2, $3)',
    values: [first.workspaceId, first.keyId, batch.map(({ cost }) => cost)],
  });
  return rows.map((row) => ({ isSpent: row.is_spent, remaining: row.remaining }));
}

async function execute<Row extends QueryResultRow>(pool: Pool, query: QueryConfig): Promise<Row[]> {
  try {
    return await using(pool, async (client) => (await client.query<Row>(query)).rows);
  } catch (error) {
    if (error instanceof StorageUnavailableError) throw error;
    throw unavailable(error, { mayBeDone: !isRefused(error) });
  }
}

function nameOf({ workspaceId, keyId }: Pick<Spend, 'workspaceId' | 'keyId'>): string {
  return `${workspaceId}\n${keyId}`;
}
