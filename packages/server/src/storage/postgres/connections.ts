import pg from 'pg';
import { isSpoilt, standby, unconnected } from './unavailable.ts';

/**
 * Each kind of work has connections of its own: writers that wait for locks must not keep look-ups from theirs. Together
 * with the one that listens, a process has at most 18.
 */
export interface Connections {
  readonly lookups: pg.Pool;
  readonly spends: pg.Pool;
  readonly reads: pg.Pool;
  readonly writes: pg.Pool;
  readonly events: pg.Pool;
  /** A connection of its own, not yet connected, that gives up soon. */
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

/** A listener that is not answered within this and `silenceMs` counts as cut off. */
const listeningMs = 1000;
const connectMs = 3000;
/** Beyond what the database itself allows a statement: then it is the network that is silent. */
const silenceMs = 1000;

/** Nothing connects yet. What the URL says (TLS, timeouts, the application's name) is stronger than what stands here. */
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
    listener: () => new pg.Client(settings(url, listeningMs)),
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
    // The pool waits for it, whatever its type says.
    onConnect: (client) => prepare(client) as unknown as undefined,
  });
  pool.on('error', () => {});
  return pool;
}

async function prepare(client: pg.ClientBase): Promise<void> {
  // A connection that breaks is told to whoever uses it next; nobody else has to hear.
  client.on('error', () => {});
  // What is answered is on disk, also where the database was told not to wait for it.
  const { rows } = await client.query<{ isStandby: boolean }>(
    `SELECT pg_is_in_recovery() AS "isStandby",
      CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`,
  );
  // What it says may be of earlier: remembered after a change was heard of, it would never be corrected.
  if (rows[0]?.isStandby) throw standby();
}

function settings(url: string, statementMs: number): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'unkey-ts',
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: statementMs + silenceMs,
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
    types: { getTypeParser },
  };
}

/** `work` with a connection of its own that waits as long as the database does: for others that migrate, and for itself. */
export async function usingOwn<Result>(
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

/** Every bigint of ours is a time or a count up to 2^53 − 1. */
export const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: unknown) =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text');

/** `work` with a connection of the pool, which is given back unless it can no longer be used. */
export async function using<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await connected(pool);
  let failure: unknown;
  try {
    return await work(client);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    client.release(isSpoilt(failure));
  }
}

async function connected(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw unconnected(error);
  }
}
