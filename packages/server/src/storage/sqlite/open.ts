import { existsSync, statSync } from 'node:fs';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { createPrivateFile } from '../../base/private-file.ts';

export class DatabaseFileError extends Error {
  override readonly name = 'DatabaseFileError';
}

/** How long a write waits for another process's write, in milliseconds. */
const busyTimeoutMs = 10_000;
/** A write-ahead log that has grown beyond this is truncated after its checkpoint. */
const maxLogBytes = 64 * 1024 * 1024;
/** Larger files are not checked at start: it would take too long. */
const maxCheckedBytes = 64 * 1024 * 1024;

/** A connection that syncs every commit to disk. */
export function openDatabase(file: string): DatabaseSyncInstance {
  // SQLite gives its other files (log, shared memory, journal) the mode of this one.
  if (file !== ':memory:') createPrivateFile(file);
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF');
  database.exec(`PRAGMA journal_size_limit = ${maxLogBytes}`);
  database.exec('PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY');
  return database;
}

/** Throws when the file is damaged, before anything is written to it. */
export function checkDatabase(file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return;
  try {
    const database = openDatabase(file);
    try {
      const [row] =
        statSync(file).size > maxCheckedBytes ? [] : database.prepare('PRAGMA quick_check(1)').all();
      const verdict = row === undefined ? 'ok' : Object.values(row as object)[0];
      if (verdict !== 'ok') throw new Error(String(verdict));
    } finally {
      database.close();
    }
  } catch (error) {
    throw new DatabaseFileError(
      `${file} is damaged or not a database (${error instanceof Error ? error.message : error}). ` +
        'Restore a backup made with `unkey backup`, or move the file away to start empty.',
      { cause: error },
    );
  }
}
