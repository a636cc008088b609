import { createHash, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { Coalescer } from '../../base/coalesce.ts';
import type { Log } from '../../base/log.ts';
import { translateErrors } from '../../base/translate-errors.ts';
import { openSinglePool, withClient } from '../../storage/postgres/connections.ts';
import { batchesOf, type Call } from '../batches.ts';
import { defaultBounds, type IdempotencyBounds } from '../idempotency-shares.ts';
import { type ConsumeResult, CountersUnavailableError, type RemoteCounters } from '../port.ts';
import { sharedIdempotency } from '../shared-idempotency.ts';
import { postgresRecordStore, type Run } from './idempotency.ts';
import { schema } from './schema.ts';

export interface PostgresCountersOptions {
  readonly url: string;
  /** Timeout of a statement, in milliseconds. Default 1000. */
  readonly timeoutMs?: number;
  /** What this process may store of idempotency records. */
  readonly idempotencyBounds?: IdempotencyBounds;
  /** Default: no log. */
  readonly log?: Pick<Log, 'warn'>;
}

const noLog = { warn: () => {} };

const connectionsMax = 4;
/** A process without a heartbeat for this long is not counted as alive. */
const processTtl = '15 seconds';
/** Windows are kept this much longer than they count, because the clocks of processes may differ. */
const clockToleranceMs = 60_000;
const cleanupIntervalMs = 60_000;
const cleanupBatch = 1000;

// Functions keep their name until they change: processes of other versions call them, too.
const consume = {
  name: 'unkey_take_2',
  text: 'SELECT unkey_take_2($1, $2, $3, $4, $5, $6, $7, $8) AS reply',
};

const deleteWindows = `
DELETE FROM counter_windows WHERE counter IN (
  SELECT counter FROM counter_windows WHERE expires_at <= $1 LIMIT ${cleanupBatch} FOR UPDATE SKIP LOCKED
)`;

const deleteIdempotencyRecords = `
DELETE FROM counter_answers WHERE name IN (
  SELECT name FROM counter_answers WHERE kept_until <= clock_timestamp()
  LIMIT ${cleanupBatch} FOR UPDATE SKIP LOCKED
)`;

/**
 * Counters in PostgreSQL, shared by any number of processes, in UNLOGGED tables: a crash of the database empties them.
 * Calls of one workspace are coalesced.
 */
export async function openPostgresCounters({
  url,
  timeoutMs = 1000,
  idempotencyBounds = defaultBounds,
  log = noLog,
}: PostgresCountersOptions): Promise<RemoteCounters> {
  const pool = openCountersPool(url, timeoutMs, log);
  const run: Run = async (text, values) =>
    (await translateErrors(pool.query(text, [...values]), unavailable)).rows;
  const idempotency = sharedIdempotency(postgresRecordStore(run), idempotencyBounds);
  const processName = randomUUID();
  const coalescer = new Coalescer<Call, ConsumeResult>((calls) => consumeBatch(pool, calls));
  let isPrepared = false;
  const cleanup = startCleanup(pool);

  const prepare = async (): Promise<void> => {
    if (!isPrepared) await translateErrors(pool.query(schema), unavailable);
    isPrepared = true;
  };

  await prepare().catch(() => {});

  return {
    consume(workspaceId, checks, now) {
      cleanup.runIfDue(now);
      return coalescer.run(workspaceId, { checks, now });
    },
    claim(name, now) {
      cleanup.runIfDue(now);
      return idempotency.claim(name, now);
    },
    complete: idempotency.complete,
    release: idempotency.release,
    idempotencyStats: idempotency.stats,
    async heartbeat() {
      await prepare();
      const [row] = await run('SELECT unkey_heartbeat_1($1, $2) AS processes', [processName, processTtl]);
      return Number(row?.processes);
    },
    async close() {
      idempotency.close();
      await cleanup.idle();
      // If this fails, the other processes count this one until its last heartbeat expires.
      await run('DELETE FROM counter_processes WHERE name = $1', [processName]).catch(() => {});
      await pool.close();
    },
  };
}

/** A pool that follows the primary. */
function openCountersPool(url: string, statementMs: number, log: Pick<Log, 'warn'>) {
  const options = { max: connectionsMax, statementMs, name: 'unkey-ts counters' };
  const { pool, close } = openSinglePool(url, options, log);
  return {
    query: async <Row extends pg.QueryResultRow>(query: string | pg.QueryConfig, values?: unknown[]) =>
      withClient(pool, (client) => client.query<Row>(query, values)),
    close,
  };
}

type Pool = ReturnType<typeof openCountersPool>;

/** Deletes expired rows in the background, once a minute. */
function startCleanup(pool: Pool) {
  let ranAt = 0;
  let running: Promise<void> | null = null;

  const cleanUp = async (now: number): Promise<void> => {
    let { rowCount } = await pool.query(deleteWindows, [now - clockToleranceMs]);
    while (rowCount === cleanupBatch)
      ({ rowCount } = await pool.query(deleteWindows, [now - clockToleranceMs]));
    do ({ rowCount } = await pool.query(deleteIdempotencyRecords));
    while (rowCount === cleanupBatch);
  };

  return {
    runIfDue(now: number): void {
      if (now - ranAt <= cleanupIntervalMs) return;
      ranAt = now;
      // Rows that remain after a failure are deleted by the next cleanup.
      running ??= cleanUp(now)
        .catch(() => {})
        .finally(() => {
          running = null;
        });
    },
    idle: () => running ?? Promise.resolve(),
  };
}

async function consumeBatch(pool: Pool, calls: readonly Call[]): Promise<readonly ConsumeResult[]> {
  const results: ConsumeResult[] = [];
  for (const some of batchesOf(calls)) {
    const { rows } = await translateErrors(
      pool.query<{ reply: string[] }>({ ...consume, values: valuesOf(some) }),
      unavailable,
    );
    results.push(...resultsOf(rows[0]?.reply ?? [], some));
  }
  return results;
}

function valuesOf(calls: readonly Call[]): unknown[] {
  let place = 0;
  const all = calls.flatMap(({ checks, now }, call) => {
    const firsts = new Map<string, number>();
    return checks.map((one) => {
      place += 1;
      const first = firsts.get(one.counter) ?? place;
      firsts.set(one.counter, first);
      return { ...one, now, call, first, digest: createHash('sha256').update(one.counter).digest() };
    });
  });
  return [
    all.map(({ digest }) => String(digest.readBigInt64BE())),
    all.map(({ call }) => call),
    all.map(({ digest }) => digest),
    all.map(({ limit }) => limit),
    all.map(({ durationMs }) => durationMs),
    all.map(({ cost }) => cost),
    all.map(({ now }) => now),
    all.map(({ first }) => first),
  ];
}

/** The first half of the reply is what remains of each check (-1: it did not pass), the second half when its window ends. */
function resultsOf(reply: readonly string[], calls: readonly Call[]): ConsumeResult[] {
  let next = 0;
  return calls.map(({ checks }) => {
    const results = checks.map(() => {
      const remaining = Number(reply[next] ?? -1);
      const resetAt = Number(reply[reply.length / 2 + next] ?? 0);
      next += 1;
      return { passed: remaining >= 0, remaining: Math.max(0, remaining), resetAt };
    });
    return { passed: results.every(({ passed }) => passed), results };
  });
}

function unavailable(error: unknown): Error {
  // The cause of a failed connect says more than the storage's advice.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new CountersUnavailableError(cause instanceof Error ? cause.message : 'unknown');
}
