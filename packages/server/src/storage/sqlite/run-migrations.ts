import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import { pendingMigrations } from '../sql/pending-migrations.ts';

/** The schema of one file, as the list of its migrations. */
export interface Schema {
  /** One entry a version, applied in order, never changed after a release. */
  readonly migrations: readonly string[];
  /** Names the file in messages. */
  readonly database: string;
  /** What else to do about a newer schema, after "or". */
  readonly remedy: string;
}

/** Applies the pending migrations in one transaction; processes that start together wait for each other. */
export function runMigrations(database: DatabaseSync, schema: Schema): void {
  // Asked first without a lock: a full disk must not keep a current database from being read.
  if (pendingIn(database, schema).length === 0) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const statements of pendingIn(database, schema)) database.exec(statements);
    database.exec(`PRAGMA user_version = ${schema.migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    // Some failures (a full disk) have rolled the transaction back already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Throws a `NewerSchemaError` when a newer version has written the file. */
export function pendingIn(database: DatabaseSync, schema: Schema): readonly string[] {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  return pendingMigrations(schema.migrations, version, schema);
}
