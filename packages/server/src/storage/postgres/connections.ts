import pg from 'pg';
import { mustDiscard, standby, unconnected } from './unavailable.ts';

/**
 * One pool for each kind of work: writers that wait for locks must not block lookups. With the listener, a process has at
 * most 18 connections.
 */
export interface Connections {
  readonly lookups: pg.Pool;
  readonly spends: pg.Pool;
  readonly reads: pg.Pool;
  readonly writes: pg.Pool;
  readonly events: pg.Pool;
  /** A client outside the pools, not yet connected, with short timeouts. */
  listener(): pg.Client;
  close(): Promise<void>;
}

const sizes = {
  lookups: { max: 4, statementMs: 3000 },
  spends: { max: 4, statementMs: 5000 },
  reads: { max: 3, statementMs: 10_000 },
  writes: { max: 5, statementMs: 10_000 },
  events: { max: 1, statementMs: 10_000 },
} as const;

/** Statement timeout of the listener. */
const listenerMs = 1000;
const connectMs = 3000;
/** The client waits this much longer than the server-side statement timeout before it assumes a dead network. */
const networkGraceMs = 1000;

/** Connects to nothing yet. Parameters in the URL (TLS, timeouts, application name) override the settings here. */
export function openConnections(url: string): Connections {
  const pools = {
    lookups: poolOf(url, sizes.lookups),
    spends: poolOf(url, sizes.spends),
    reads: poolOf(url, sizes.reads),
    writes: poolOf(url, sizes.writes),
    events: poolOf(url, sizes.events),
  };
  return {
    ...pools,
    listener: () => new pg.Client(settings(url, listenerMs)),
    async close() {
      await Promise.all(Object.values(pools).map((pool) => (pool.ending ? undefined : pool.end())));
    },
  };
}

function poolOf(url: string, { max, statementMs }: { max: number; statementMs: number }): pg.Pool {
  const pool = new pg.Pool({
    ...settings(url, statementMs),
    max,
    idleTimeoutMillis: 60_000,
    // The pool awaits the promise; its type says otherwise.
    onConnect: (client) => prepare(client) as unknown as undefined,
  });
  pool.on('error', () => {});
  return pool;
}

async function prepare(client: pg.ClientBase): Promise<void> {
  // The next query on a broken connection reports the error.
  client.on('error', () => {});
  // Acknowledged commits must be on disk, even if the database is configured otherwise.
  const { rows } = await client.query<{ isStandby: boolean }>(
    `SELECT pg_is_in_recovery() AS "isStandby",
      CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`,
  );
  // A standby may lag: a stale row cached after its change was notified would never be corrected.
  if (rows[0]?.isStandby) throw standby();
}

function settings(url: string, statementMs: number): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'unkey-ts',
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: statementMs + networkGraceMs,
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
    types: { getTypeParser },
  };
}

/** Runs `work` with a client of its own without a statement timeout: migrations, also those of other processes, take time. */
export async function withDedicatedClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ ...settings(url, 0), query_timeout: 0 });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw unconnected(error);
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Parses bigint as a number: ours are times or counts up to 2^53 - 1. */
export const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: unknown) =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text');

/** Runs `work` with a client of the pool, and returns it to the pool unless it must be discarded. */
export async function withClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await checkOut(pool);
  let failure: unknown;
  try {
    return await work(client);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    client.release(mustDiscard(failure));
  }
}

async function checkOut(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw unconnected(error);
  }
}
