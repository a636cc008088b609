import type { PoolStats, StorageStats } from '../port/storage.ts';
import { type ConnectionPool, type Connections, withClient } from './connections.ts';

/** Asking for the size reads the directory of the database's files. */
const sizeEveryMs = 60_000;

/** Figures of the pools as they are, and the size of the database as it was at most a minute before the last call. */
export function storageStats(connections: Connections, queuedWrites: () => number): () => StorageStats {
  let databaseBytes: number | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;

  const ask = async () => {
    databaseBytes = await withClient(connections.lookups, async (client) => {
      const { rows } = await client.query<{ bytes: number }>(
        'SELECT pg_database_size(current_database()) AS bytes',
      );
      return rows[0]?.bytes ?? null;
    });
  };

  return () => {
    if (performance.now() - askedAt > sizeEveryMs) {
      askedAt = performance.now();
      // While the database is away, its last known size is shown.
      ask().catch(() => {});
    }
    const { lookups, spends, reads, writes, events } = connections;
    const pools = Object.entries({ lookups, spends, reads, writes, events }).map(statsOf);
    const waitingWrites = writes.clients.waitingCount + queuedWrites();
    return { waitingWrites, databaseBytes, logBytes: null, pools };
  };
}

function statsOf([name, { clients }]: [string, ConnectionPool]): PoolStats {
  const { totalCount: size, idleCount, waitingCount: waiting, options } = clients;
  return { name, size, maxSize: options.max, inUse: size - idleCount, waiting };
}
