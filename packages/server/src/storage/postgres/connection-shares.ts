import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { errorCode } from '../../base/error-code.ts';

/** A pool that was refused a connection does not try to grow for this long. */
const shortageMs = 10_000;
/** A pool without any connection asks again after this time: another pool has given one up by then. */
const retryMs = 50;
/** How long it asks. */
const waitMs = 1400;

/** A pool of this process that shares the connections of its user with others. */
export interface SharedPool {
  readonly clients: pg.Pool;
  readonly url: string;
  /** Its maximum while the database has connections enough. */
  readonly maxSize: number;
  /** Connections that are established; the pool itself counts those that are being opened, too. */
  established: number;
  /** True: it has no connection and got none when it last asked. */
  isStarved: boolean;
}

const openPools = new Set<SharedPool>();

export function sharePool(pool: SharedPool): void {
  for (const other of openPools) if (other.clients.ending) openPools.delete(other);
  openPools.add(pool);
}

/** Those that have no connection and got none. */
export function starvedPools<Pool extends SharedPool>(pools: readonly Pool[]): Pool[] {
  return pools.filter(({ isStarved }) => isStarved);
}

/**
 * A client of the pool. If the database refuses another connection, the pool makes do with those that it has; a pool
 * without any gets one that another pool of this process gives up.
 */
export async function connectShared(pool: SharedPool): Promise<pg.PoolClient> {
  for (const until = performance.now() + waitMs; ; ) {
    try {
      const client = await pool.clients.connect();
      pool.isStarved = false;
      return client;
    } catch (error) {
      if (!isRefusedConnection(error)) throw error;
      if (performance.now() > until) {
        pool.isStarved = pool.established === 0;
        throw error;
      }
      if (pool.established > 0) limit(pool, pool.established);
      else {
        makeRoom(pool.url);
        await sleep(retryMs);
      }
    }
  }
}

/** Lets the largest pool of this process give up a connection. */
export function makeRoom(url: string): void {
  const shared = [...openPools].filter((pool) => pool.url === url && !pool.clients.ending);
  // One at a time: the connection that a pool is giving up may be enough.
  if (shared.some(isTooLarge)) return;
  const [largest] = shared.sort((a, b) => b.established - a.established);
  if (largest === undefined || largest.established <= 1) return;
  limit(largest, largest.established - 1);
  // One that is in use is closed when it is returned.
  if (largest.clients.idleCount > 0) {
    largest.clients.connect().then(
      (client) => client.release(true),
      () => {},
    );
  }
}

/** Whether the pool has to close a connection that is returned to it. */
export function isTooLarge({ clients }: SharedPool): boolean {
  return clients.totalCount > clients.options.max;
}

/** The user or the database has no connection left. */
export function isRefusedConnection(error: unknown): boolean {
  return errorCode(error) === '53300';
}

function limit(pool: SharedPool, size: number): void {
  pool.clients.options.max = Math.min(size, pool.maxSize);
  setTimeout(() => {
    pool.clients.options.max = pool.maxSize;
  }, shortageMs).unref();
}
