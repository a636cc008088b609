import { Gauge, type Registry } from 'prom-client';
import type { PoolStats, StorageStats } from '../storage/port/storage.ts';

/** The database's size, and what waits for it. Unknown values have no series. */
export function registerStorageMetrics(registers: Registry[], stats: () => StorageStats): void {
  const gauge = (name: string, help: string, read: (stats: StorageStats) => number | null) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const value = read(stats());
        this.remove();
        if (value !== null) this.set(value);
      },
    });
  const poolGauge = (name: string, help: string, read: (pool: PoolStats) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['pool'],
      registers,
      collect() {
        this.reset();
        for (const pool of stats().pools) this.set({ pool: pool.name }, read(pool));
      },
    });

  gauge('unkey_waiting_writes', 'Writes that wait for their turn.', ({ waitingWrites }) => waitingWrites);
  gauge('unkey_database_bytes', 'Size of the database.', ({ databaseBytes }) => databaseBytes);
  gauge('unkey_database_log_bytes', 'Size of the write-ahead log of SQLite.', ({ logBytes }) => logBytes);
  poolGauge('unkey_postgres_connections', 'Open connections to PostgreSQL.', ({ size }) => size);
  poolGauge('unkey_postgres_connections_max', 'Connections that a pool may open.', ({ maxSize }) => maxSize);
  poolGauge('unkey_postgres_connections_in_use', 'Connections that are in use.', ({ inUse }) => inUse);
  poolGauge('unkey_postgres_waiting', 'Work that waits for a connection.', ({ waiting }) => waiting);
}
