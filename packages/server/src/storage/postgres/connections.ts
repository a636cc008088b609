import type { Socket } from 'node:net';
import pg from 'pg';
import type { Log } from '../../base/log.ts';
import {
  connectShared,
  isRefusedConnection,
  isTooLarge,
  makeRoom,
  type SharedPool,
  sharePool,
} from './connection-shares.ts';
import { Primary } from './primary.ts';
import { Reachability, replyMs } from './reachability.ts';
import {
  hasTimedOut,
  isLost,
  isOutdatedPlan,
  mustDiscard,
  unconnected,
  unreachableError,
} from './unavailable.ts';

/**
 * One pool for each kind of work: writers that wait for locks must not block lookups. With the listener and a probe, a
 * process has at most 19 connections.
 */
export interface Connections {
  readonly lookups: ConnectionPool;
  readonly spends: ConnectionPool;
  readonly reads: ConnectionPool;
  readonly writes: ConnectionPool;
  readonly events: ConnectionPool;
  readonly primary: Primary;
  /** A client outside the pools, for `connectListener`. The caller ends it. */
  createListener(): pg.Client;
  connectListener(client: pg.Client): Promise<void>;
  close(): Promise<void>;
}

/** Connections that all lead to the same primary. */
export interface ConnectionPool extends SharedPool {
  readonly primary: Primary;
  readonly reachability: Reachability;
  /** When a client connected, by `performance.now()`. */
  readonly connectedAt: WeakMap<pg.ClientBase, number>;
  readonly pingAfterMs: number;
  /** Whether its statements may take longer than a response to a dead network. */
  readonly hasLongWork: boolean;
  /** When the pool last received a reply. */
  lastReplyAt: number;
  /** Clients that connected earlier are not used: one of them did not reply to a ping. */
  distrustBefore: number;
}

export interface PoolOptions {
  readonly max: number;
  /** Timeout of a statement, in milliseconds. */
  readonly statementMs: number;
  /** A pool that received no reply for this long pings the database before it uses a connection. Default 250 ms. */
  readonly pingAfterMs?: number;
  /** Statements are sent without waiting for the responses to those before them. Default false. */
  readonly isPipelined?: boolean;
  /**
   * Prepared statements are planned at each execution. A plan that is kept since a table was small would scan it until its
   * statistics are new. Default false.
   */
  readonly isPlannedAnew?: boolean;
  /** Default `unkey-ts`. */
  readonly name?: string;
}

// Deadlines, from the outside in: clients wait 3 s, so a response must come within 2 s although the network is dead. An
// idle connection that does not reply to a ping (500 ms) is replaced once (1400 ms).
const connectMs = 1400;
const pingMs = 500;
/** The client waits this much longer than the server-side statement timeout before it assumes a dead network. */
const networkGraceMs = 300;
const pools = {
  lookups: { max: 4, statementMs: 1500 },
  spends: { max: 4, statementMs: 1500 },
  // Their statements may take long: only a ping before each transaction tells a dead network in time.
  reads: { max: 3, statementMs: 10_000, pingAfterMs: 0, isPipelined: true },
  writes: { max: 5, statementMs: 10_000, pingAfterMs: 0, isPipelined: true, isPlannedAnew: true },
  events: { max: 1, statementMs: 10_000 },
} as const;

/** When work takes this long, the database is asked to reply on another connection; if it does not, the work fails. */
const checkWorkMs = 600;

/** The longest that a call waits for a network that is dead. */
export const deadNetworkMs = Math.max(
  pingMs + connectMs,
  checkWorkMs + replyMs,
  pools.lookups.statementMs + networkGraceMs,
  pools.spends.statementMs + networkGraceMs,
);

const listenerMs = 700;
/** How often a new connection checks whether the URL leads to another server than before. */
const probeIntervalMs = 10_000;
/** The same while the server is read-only: a new primary is expected. */
const readOnlyProbeIntervalMs = 1000;

/** Connects to nothing yet. Parameters in the URL (TLS, timeouts, application name) override the settings here. */
export function openConnections(url: string, log: Pick<Log, 'warn'>): Connections {
  const primary = new Primary(log);
  const ping = (): Promise<unknown> => pingOver(opened.lookups);
  const known = { primary, reachability: new Reachability(ping) };
  const opened = {
    lookups: openPool(url, pools.lookups, known),
    spends: openPool(url, pools.spends, known),
    reads: openPool(url, pools.reads, known),
    writes: openPool(url, pools.writes, known),
    events: openPool(url, pools.events, known),
  };
  const probes = startProbes(url, primary);
  return {
    ...opened,
    primary,
    createListener: () => new pg.Client(settings(url, listenerMs)),
    connectListener: (client) =>
      connectPrimary(client, primary, sessionSql(url, listenerMs)).catch((error: unknown) => {
        if (isRefusedConnection(error)) makeRoom(url);
        throw error;
      }),
    async close() {
      await probes.stop();
      await Promise.all(
        Object.values(opened).map(({ clients }) => (clients.ending ? undefined : clients.end())),
      );
    },
  };
}

/** One pool of its own, for other uses of the same database than the storage. */
export function openSinglePool(url: string, options: PoolOptions, log: Pick<Log, 'warn'>) {
  const primary = new Primary(log);
  const reachability = new Reachability(() => pingOver(pool));
  const pool: ConnectionPool = openPool(url, options, { primary, reachability });
  const probes = startProbes(url, primary);
  return {
    pool,
    async close() {
      await probes.stop();
      await pool.clients.end();
    },
  };
}

function openPool(
  url: string,
  { max, statementMs, pingAfterMs = 250, isPipelined = false, isPlannedAnew = false, name }: PoolOptions,
  { primary, reachability }: Pick<ConnectionPool, 'primary' | 'reachability'>,
): ConnectionPool {
  const session = isPlannedAnew
    ? `SET plan_cache_mode = force_custom_plan; ${sessionSql(url, statementMs)}`
    : sessionSql(url, statementMs);
  const connectedAt = new WeakMap<pg.ClientBase, number>();
  const clients = new pg.Pool({
    ...settings(url, statementMs, name),
    pipeline: isPipelined,
    max,
    idleTimeoutMillis: 60_000,
    // The pool awaits the promise; its type says otherwise.
    onConnect: (async (client: pg.ClientBase) => {
      await prepare(client, primary, session);
      connectedAt.set(client, performance.now());
      pool.established++;
    }) as unknown as (client: pg.ClientBase) => undefined,
  });
  clients.on('error', () => {});
  clients.on('remove', (client) => {
    if (connectedAt.delete(client)) pool.established--;
  });
  primary.onReplaced(() => discardIdle(clients));
  const pool = {
    clients,
    url,
    maxSize: max,
    established: 0,
    isStarved: false,
    primary,
    reachability,
    connectedAt,
    pingAfterMs,
    hasLongWork: statementMs > checkWorkMs + replyMs,
    lastReplyAt: 0,
    distrustBefore: 0,
  };
  sharePool(pool);
  return pool;
}

/** Connections in use are discarded when they are returned. */
function discardIdle(clients: pg.Pool): void {
  for (let count = clients.idleCount; count > 0; count--) {
    clients.connect().then(
      (client) => client.release(true),
      () => {},
    );
  }
}

/**
 * Connects anew from time to time: after a switch-over, established connections may stay with a server that does not know
 * that it was replaced. A new connection finds the new primary, and then all others are replaced.
 */
function startProbes(url: string, primary: Primary) {
  let running: Promise<void> | null = null;
  const probe = async () => {
    const client = new pg.Client(settings(url, listenerMs));
    // An error concerns this connection only: the pools and the listener report their own.
    await connectPrimary(client, primary, sessionSql(url, listenerMs)).catch(() => {});
    await client.end().catch(() => {});
  };
  let probedAt = performance.now();
  const timer = setInterval(() => {
    const isDue = primary.isReadOnly || performance.now() - probedAt >= probeIntervalMs;
    if (!isDue || running !== null) return;
    probedAt = performance.now();
    running = probe().finally(() => {
      running = null;
    });
  }, readOnlyProbeIntervalMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

async function connectPrimary(client: pg.Client, primary: Primary, session: string): Promise<void> {
  client.on('error', () => {});
  await client.connect();
  await prepare(client, primary, session);
}

async function prepare(client: pg.ClientBase, primary: Primary, session: string): Promise<void> {
  // The next query on a broken connection reports the error.
  client.on('error', () => {});
  await client.query(session);
  // A standby may lag: a stale row cached after its change was notified would never be corrected.
  await primary.admit(client);
}

function settings(url: string, statementMs: number, name = 'unkey-ts'): pg.ClientConfig {
  return {
    connectionString: driverUrl(url),
    application_name: name,
    connectionTimeoutMillis: connectMs,
    query_timeout: statementMs + networkGraceMs,
    keepAlive: true,
    types: { getTypeParser },
  };
}

/** `require` is the same as `verify-full`. `verify-ca` does not check names only if the driver behaves as libpq. */
function driverUrl(url: string): string {
  const verified = url.replace(/([?&]sslmode=)(?:require|prefer)\b/, '$1verify-full');
  return /[?&]sslmode=verify-ca\b/.test(verified) ? `${verified}&uselibpqcompat=true` : verified;
}

/** SQL that sets up a session. Not startup parameters: poolers such as PgBouncer refuse those that they do not know. */
function sessionSql(url: string, statementMs: number): string {
  const own = [
    ['statement_timeout', statementMs],
    ['idle_in_transaction_session_timeout', 15_000],
  ] as const;
  const settingsSql = own
    .filter(([name]) => !url.includes(name))
    .map(([name, milliseconds]) => `SET ${name} = ${milliseconds};`);
  // Acknowledged commits must be on disk, even if the database is configured otherwise.
  return `${settingsSql.join(' ')}
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;
}

/** A client without a statement timeout. The caller ends it. Name: as PostgreSQL shows it, default `unkey-ts`. */
export async function connectDedicated(url: string, name?: string): Promise<pg.Client> {
  try {
    // The constructor reads the files that the URL names.
    const client = new pg.Client({ ...settings(url, 0, name), query_timeout: 0 });
    client.on('error', () => {});
    await client.connect();
    await client.query(sessionSql(url, 0));
    return client;
  } catch (error) {
    throw unconnected(error);
  }
}

/** Parses bigint as a number: ours are times or counts up to 2^53 - 1. */
export const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: unknown) =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text');

/** Runs `work` with a client of the pool, and returns it to the pool unless it must be discarded. */
export async function withClient<Result>(
  pool: ConnectionPool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await checkOut(pool);
  const check = pool.hasLongWork ? setInterval(() => void endIfDead(client, pool), checkWorkMs) : undefined;
  let failure: unknown;
  try {
    const result = await work(client);
    pool.lastReplyAt = performance.now();
    return result;
  } catch (error) {
    failure = error;
    pool.primary.report(client, error);
    // The server would have ended the statement earlier.
    if (hasTimedOut(error)) pool.reachability.reportDead();
    // The others have prepared the statement, too.
    if (isOutdatedPlan(error)) pool.distrustBefore = performance.now();
    throw error;
  } finally {
    clearInterval(check);
    client.release(mustDiscard(failure) || !pool.primary.isCurrent(client) || isTooLarge(pool));
  }
}

/** Work that takes long has no reply, or much to do. */
async function endIfDead(client: pg.PoolClient, { reachability }: ConnectionPool): Promise<void> {
  if (await reachability.replies()) return;
  reachability.reportDead();
  // Its statements fail at once; `end` would wait for those that are sent. The driver's types do not know the socket.
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}

/** Resolves when the database replies over the pool. A refused connection is a reply, too, so none is waited for. */
async function pingOver(pool: ConnectionPool): Promise<void> {
  for (let isAnswered = false; !isAnswered; ) {
    const client = await pool.clients.connect();
    isAnswered = await isUsable(client, pool);
    client.release(!isAnswered);
  }
}

async function checkOut(pool: ConnectionPool): Promise<pg.PoolClient> {
  if (pool.reachability.isDead) throw unreachableError();
  const startedAt = performance.now();
  try {
    for (;;) {
      const client = await connectShared(pool);
      if (await isUsable(client, pool)) return client;
      client.release(true);
    }
  } catch (error) {
    // A full pool may only be busy.
    const waitedInVain = isLost(error) && performance.now() - startedAt > pingMs;
    if (waitedInVain && pool.established < pool.maxSize) pool.reachability.reportDead();
    throw unconnected(error);
  }
}

async function isUsable(client: pg.PoolClient, pool: ConnectionPool): Promise<boolean> {
  const connectedAt = pool.connectedAt.get(client) ?? 0;
  if (!pool.primary.isCurrent(client) || connectedAt < pool.distrustBefore) return false;
  const now = performance.now();
  if (now - Math.max(connectedAt, pool.lastReplyAt) <= pool.pingAfterMs) return true;
  try {
    await client.query(ping);
    pool.lastReplyAt = performance.now();
    return true;
  } catch {
    pool.distrustBefore = now;
    return false;
  }
}

// The driver supports `query_timeout` of a query; its types do not know it.
const ping = { text: 'SELECT 1', query_timeout: pingMs };
