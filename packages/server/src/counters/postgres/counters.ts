import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { Gathering } from '../../base/coalesce.ts';
import type { Take } from '../../domain/ratelimit/window.ts';
import { CountersUnavailableError, type Outcome, type RemoteCounters } from '../port.ts';
import { sharedAnswers } from '../shared-answers.ts';
import { postgresAnswerStore, type Run } from './answers.ts';
import { schema } from './schema.ts';

export interface PostgresCountersOptions {
  readonly url: string;
  /** How long a statement may take, in milliseconds. Default 1000. */
  readonly timeoutMs?: number;
}

interface Call {
  readonly takes: readonly Take[];
  readonly now: number;
}

const connectTimeoutMs = 2000;
const connectionsMax = 4;
/** More would hold many locks at once. */
const callsPerStatement = 100;
const silence = '15 seconds';
/** Clocks of processes may differ by this much without a window being forgotten too early. */
const keptMs = 60_000;
const cleaningEveryMs = 60_000;
const rowsPerCleaning = 1000;

const take = {
  name: 'unkey_take_1',
  text: 'SELECT unkey_take_1($1, $2, $3, $4, $5, $6, $7) AS reply',
};

const deleteWindows = `
DELETE FROM counter_windows WHERE counter IN (
  SELECT counter FROM counter_windows WHERE expires_at <= $1 LIMIT ${rowsPerCleaning} FOR UPDATE SKIP LOCKED
)`;

const deleteAnswers = `
DELETE FROM counter_answers WHERE name IN (
  SELECT name FROM counter_answers WHERE kept_until <= clock_timestamp()
  LIMIT ${rowsPerCleaning} FOR UPDATE SKIP LOCKED
)`;

/**
 * Counters in PostgreSQL, for any number of processes, in tables that are not written ahead: a crash of the database
 * empties them. Calls of a workspace that come while one is decided are decided together after it.
 */
export async function openPostgresCounters({
  url,
  timeoutMs = 1000,
}: PostgresCountersOptions): Promise<RemoteCounters> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'unkey-ts counters',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs * 2,
    keepAlive: true,
    max: connectionsMax,
  });
  // A connection that breaks is told to whoever uses it next.
  pool.on('error', () => {});

  const run: Run = async (text, values) => (await telling(pool.query(text, [...values]))).rows;
  const answers = sharedAnswers(postgresAnswerStore(run));
  const processName = randomUUID();
  const gathering = new Gathering<Call, Outcome>((calls) => takeInTurn(pool, calls));
  let isPrepared = false;
  let cleanedAt = 0;
  let cleaning: Promise<void> | null = null;

  const prepare = async (): Promise<void> => {
    if (!isPrepared) await telling(pool.query(schema));
    isPrepared = true;
  };

  /** What is left is for the next time. */
  const clean = async (now: number): Promise<void> => {
    let { rowCount } = await pool.query(deleteWindows, [now - keptMs]);
    while (rowCount === rowsPerCleaning) ({ rowCount } = await pool.query(deleteWindows, [now - keptMs]));
    do ({ rowCount } = await pool.query(deleteAnswers));
    while (rowCount === rowsPerCleaning);
  };

  await prepare().catch(() => {});

  return {
    take(workspaceId, takes, now) {
      if (now - cleanedAt > cleaningEveryMs) {
        cleanedAt = now;
        cleaning ??= clean(now)
          .catch(() => {})
          .finally(() => {
            cleaning = null;
          });
      }
      return gathering.add(workspaceId, { takes, now });
    },
    claim: answers.claim,
    remember: answers.remember,
    release: answers.release,
    async heartbeat() {
      await prepare();
      const [row] = await run('SELECT unkey_heartbeat_1($1, $2) AS processes', [processName, silence]);
      return Number(row?.processes);
    },
    async close() {
      answers.close();
      await cleaning;
      // Without it the others wait for this process to be silent.
      await run('DELETE FROM counter_processes WHERE name = $1', [processName]).catch(() => {});
      await pool.end();
    },
  };
}

async function takeInTurn(pool: pg.Pool, calls: readonly Call[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let first = 0; first < calls.length; first += callsPerStatement) {
    const some = calls.slice(first, first + callsPerStatement);
    const { rows } = await telling(pool.query<{ reply: string[] }>({ ...take, values: valuesOf(some) }));
    outcomes.push(...outcomesOf(rows[0]?.reply ?? [], some));
  }
  return outcomes;
}

function valuesOf(calls: readonly Call[]): unknown[] {
  const all = calls.flatMap(({ takes, now }, call) =>
    takes.map((one) => ({ ...one, now, call, digest: createHash('sha256').update(one.counter).digest() })),
  );
  return [
    all.map(({ digest }) => String(digest.readBigInt64BE())),
    all.map(({ call }) => call),
    all.map(({ digest }) => digest),
    all.map(({ limit }) => limit),
    all.map(({ durationMs }) => durationMs),
    all.map(({ cost }) => cost),
    all.map(({ now }) => now),
  ];
}

/** The first half of the reply is what remains of each take (−1: it did not pass), the second when its window ends. */
function outcomesOf(reply: readonly string[], calls: readonly Call[]): Outcome[] {
  let next = 0;
  return calls.map(({ takes }) => {
    const taken = takes.map(() => {
      const remaining = Number(reply[next] ?? -1);
      const resetAt = Number(reply[reply.length / 2 + next] ?? 0);
      next += 1;
      return { passed: remaining >= 0, remaining: Math.max(0, remaining), resetAt };
    });
    return { passed: taken.every(({ passed }) => passed), taken };
  });
}

async function telling<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw new CountersUnavailableError(error instanceof Error ? error.message : 'unknown');
  }
}
