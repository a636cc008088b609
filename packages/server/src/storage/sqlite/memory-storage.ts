import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import type { ChangeListener } from '../changes.ts';
import { alwaysFresh, type Storage } from '../port/storage.ts';
import { sqlStore } from '../sql/store.ts';
import { kyselyOver } from './dialect.ts';
import { hotReads } from './hot-path.ts';
import { migrate } from './migrations.ts';
import { openDatabase } from './open.ts';
import { Spends } from './spends.ts';
import { Writer } from './writer.ts';

type Row = Readonly<Record<string, null | number | bigint | string | Uint8Array>>;

/** All rows of a database, by table. */
export type DatabaseCopy = ReadonlyMap<string, readonly Row[]>;

export interface MemoryStorage extends Storage {
  /** Waits for the writes that were queued before. */
  copy(): Promise<DatabaseCopy>;
}

/**
 * Storage in memory, gone when it is closed: the same tables and statements as in a file, on one connection. Two
 * connections to a database in memory cannot read beside a write, so everything else waits for a write that is running.
 */
export function openMemoryStorage(options: {
  readonly onCommit: ChangeListener;
  /** The rows that it begins with. Default: none. */
  readonly copyOf?: DatabaseCopy;
}): MemoryStorage {
  const { onCommit, copyOf } = options;
  const database = openDatabase(':memory:');
  migrate(database);
  if (copyOf !== undefined) insertRows(database, copyOf);
  const db = kyselyOver(database);
  const writer = new Writer(database, { onCommit, lockWaitMs: 0, beforeCommit: () => {} });
  const spends = new Spends(database, writer);
  const reads = hotReads(database);
  const committed = <Result>(read: () => Result): MaybePromise<Result> =>
    writer.isIdle ? read() : writer.run(read);

  return {
    read: (work) => writer.run(() => work(sqlStore(db, new Set()))),
    write: (work) => writer.run((changes) => work(sqlStore(db, changes))),
    findCaller: (...named) => committed(() => reads.findCaller(...named)),
    findVerifiableKey: (...named) => committed(() => reads.findVerifiableKey(...named)),
    findNamespace: (...named) => committed(() => reads.findNamespace(...named)),
    readCredits: (...named) => committed(() => reads.readCredits(...named)),
    spendCredits: (workspaceId, keyId, order) => spends.spend(workspaceId, keyId, order),
    pollChanges: () => alwaysFresh,
    ping: () => {},
    copy: () => writer.run(() => rowsOf(database)),
    async close() {
      await writer.idle();
      if (database.isOpen) database.close();
    },
  };
}

function rowsOf(database: DatabaseSync): DatabaseCopy {
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
    .all()
    .map((row) => (row as { name: string }).name);
  return new Map(tables.map((table) => [table, database.prepare(`SELECT * FROM "${table}"`).all() as Row[]]));
}

function insertRows(database: DatabaseSync, copy: DatabaseCopy): void {
  database.exec('BEGIN');
  for (const [table, rows] of copy) {
    // The numbers of `sqlite_sequence` are made by the rows of other tables, too.
    database.exec(`DELETE FROM "${table}"`);
    const [first] = rows;
    if (first === undefined) continue;
    const columns = Object.keys(first);
    const names = columns.map((name) => `"${name}"`).join(', ');
    const marks = columns.map(() => '?').join(', ');
    const insert = database.prepare(`INSERT INTO "${table}" (${names}) VALUES (${marks})`);
    for (const row of rows) insert.run(...columns.map((name) => row[name] ?? null));
  }
  database.exec('COMMIT');
}
