import { existsSync, renameSync } from 'node:fs';
import {
  type DatabaseSyncInstance as DatabaseSync,
  DatabaseSync as Opened,
  type StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import { createPrivateFile } from '../../base/private-file.ts';
import { databaseFileOf, openDataFolder } from '../data-folder.ts';
import { migrate } from '../sqlite/migrations.ts';
import { checkDatabase, openDatabase } from '../sqlite/open.ts';
import { syncToDisk } from '../sqlite/sync-to-disk.ts';
import { withStorageErrors } from '../sqlite/unavailable.ts';
import {
  DuplicateRowError,
  type Row,
  type TransferConnection,
  TransferError,
  type TransferSource,
  type TransferTarget,
} from './connection.ts';
import { progressTable } from './progress.ts';

/** The database of a data folder that no server uses. Local commands cannot write to it during the transfer. */
export async function openSqliteSource(dataDir: string): Promise<TransferSource> {
  const file = databaseFileOf(dataDir);
  // Checked first: a wrong folder must not be created.
  if (!existsSync(file)) throw new TransferError(`There is no database in ${dataDir}.`);
  const folder = openDataFolder(dataDir);
  try {
    checkDatabase(file);
    const database = withStorageErrors(() => openDatabase(file));
    withStorageErrors(() => migrate(database));
    withStorageErrors(() => database.exec('BEGIN IMMEDIATE'));
    return {
      connection: connectionTo(database),
      async close() {
        // Closing alone does not end the transaction: the driver keeps a connection until its statements are collected.
        database.exec('ROLLBACK');
        database.close();
        folder.release();
      },
    };
  } catch (error) {
    folder.release();
    throw error;
  }
}

/** A data folder that gets a database. Until it is complete, the file has another name, so that no server opens it. */
export async function openSqliteTarget(dataDir: string): Promise<TransferTarget> {
  const folder = openDataFolder(dataDir);
  try {
    const file = databaseFileOf(dataDir);
    if ([file, `${file}-wal`].some((path) => existsSync(path))) {
      throw new TransferError(`There is a database in ${dataDir} already. Choose an empty folder.`);
    }
    const draft = `${file}.part`;
    const database = withStorageErrors(() => openDraft(draft));
    return {
      connection: connectionTo(database),
      howToEmpty: `Remove ${draft}, or choose an empty folder.`,
      migrate: async () => withStorageErrors(() => migrate(database)),
      async finish() {
        intoOneFile(database);
        database.close();
        syncToDisk(draft);
        renameSync(draft, file);
        syncToDisk(folder.path);
        const finished = openDatabase(file);
        finished.exec(`DROP TABLE ${progressTable}`);
        finished.close();
      },
      async close() {
        if (database.isOpen) leaveDraft(database);
        folder.release();
      },
    };
  } catch (error) {
    folder.release();
    throw error;
  }
}

/** A power cut may undo the last commits, rows together with their progress. */
function openDraft(draft: string): DatabaseSync {
  createPrivateFile(draft);
  const database = new Opened(draft);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  return database;
}

/** Removes the write-ahead log; closing does that only once the driver's statements have been collected. */
function intoOneFile(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = DELETE');
}

/** Leaves the draft to the next run, which reads the log, too, if it still exists. */
function leaveDraft(database: DatabaseSync): void {
  try {
    intoOneFile(database);
  } catch {
    // The error that came before is the one to throw.
  }
  database.close();
}

function connectionTo(database: DatabaseSync): TransferConnection {
  const statements = new Map<string, StatementSync>();
  const prepared = (text: string): StatementSync => {
    const statement = statements.get(text) ?? database.prepare(text.replaceAll('$', '?'));
    statements.set(text, statement);
    return statement;
  };

  return {
    query: (statement, parameters = []) =>
      withStorageErrors(
        async () =>
          // The driver does not type rows: every column is text or an integer.
          prepared(statement).all(...parameters) as Row[],
      ),
    insert: (table, rows) => withStorageErrors(async () => insertAll(prepared, table, rows)),
    async tableNames() {
      const rows = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .all() as { name: string }[];
      return new Set(rows.map(({ name }) => name));
    },
  };
}

function insertAll(prepared: (text: string) => StatementSync, table: string, rows: readonly Row[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const names = columns.map((column) => `"${column}"`).join(', ');
  const places = columns.map(() => '?').join(', ');
  const statement = prepared(`INSERT INTO ${table} (${names}) VALUES (${places})`);
  try {
    for (const row of rows) statement.run(...columns.map((column) => row[column] ?? null));
  } catch (error) {
    throw isConstraint(error) ? new DuplicateRowError(table, { cause: error }) : error;
  }
}

function isConstraint(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 19;
}
