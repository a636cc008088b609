import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { type DatabaseSyncInstance as DatabaseSync, DatabaseSync as Opened } from '@photostructure/sqlite';
import { errorCode } from '../../base/error-code.ts';
import { createPrivateFile } from '../../base/private-file.ts';
import { withTemporaryFiles } from '../../base/temporary-files.ts';
import { databaseFileOf, openDataFolder } from '../data-folder.ts';
import { firstTables } from '../sql/tables.ts';
import { checkSchemaVersion } from './migrations.ts';
import { syncToDisk } from './sync-to-disk.ts';

/** The backup cannot be put in place. The message says why and what to do. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
}

export interface Restored {
  readonly file: string;
  readonly bytes: number;
  /** Whether there are recoverable keys, or may be: then the server needs the master key. */
  readonly hasSecrets: boolean;
}

/** Checks a backup, then puts it into a data folder without a database. Existing files are never replaced. */
export async function restoreDatabase({
  backup,
  dataDir,
}: {
  backup: string;
  dataDir: string;
}): Promise<Restored> {
  checkBackup(backup);
  const folder = openDataFolder(dataDir);
  const file = databaseFileOf(folder.path);
  const draft = `${file}.restore`;
  const besides = [`${draft}-wal`, `${draft}-shm`];
  try {
    for (const path of [file, `${file}-wal`]) {
      if (!existsSync(path)) continue;
      throw new RestoreError(`${path} is there already. Move it away, or choose an empty data folder.`);
    }
    // The copy is checked, because the copy is what is put in place.
    const hasSecrets = await withTemporaryFiles([draft, ...besides], async () => {
      await copy(backup, draft);
      return checkCopy(draft, backup);
    });
    syncToDisk(draft);
    renameSync(draft, file);
    syncToDisk(folder.path);
    return { file, bytes: statSync(file).size, hasSecrets };
  } finally {
    for (const path of besides) rmSync(path, { force: true });
    folder.release();
  }
}

// Runs before the folder is created.
function checkBackup(backup: string): void {
  if (!statSync(backup, { throwIfNoEntry: false })?.isFile()) {
    throw new RestoreError(`There is no file ${backup}. Name one that \`unkey backup\` has written.`);
  }
  if ((statSync(`${backup}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new RestoreError(
      `${backup} is a database in use, and its newest changes are in another file. Copy it with \`unkey backup\`.`,
    );
  }
}

async function copy(backup: string, draft: string): Promise<void> {
  try {
    createPrivateFile(draft);
    await copyFile(backup, draft);
    // A copy takes the mode of its source.
    chmodSync(draft, 0o600);
  } catch (cause) {
    throw new RestoreError(
      `${backup} could not be copied to ${draft} (${errorCode(cause) ?? 'unknown error'}). Check that the one can be read, and the free space for the other.`,
      { cause },
    );
  }
}

/** Throws unless the copy is an undamaged database of unkey-ts; returns whether it has secrets. */
function checkCopy(draft: string, backup: string): boolean {
  const database = new Opened(draft);
  try {
    checkIntegrity(database, backup);
    const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as {
      name: string;
    }[];
    const known = new Set(names.map(({ name }) => name));
    if (!firstTables.every((name) => known.has(name))) {
      throw new RestoreError(`${backup} is a database, but not one of unkey-ts.`);
    }
    checkSchemaVersion(database);
    return database.prepare('SELECT 1 FROM workspaces WHERE wrapped_data_key IS NOT NULL').all().length > 0;
  } finally {
    database.close();
  }
}

function checkIntegrity(database: DatabaseSync, backup: string): void {
  let verdict: unknown;
  try {
    const [row] = database.prepare('PRAGMA integrity_check(1)').all();
    verdict = Object.values(Object(row))[0];
  } catch (error) {
    verdict = error instanceof Error ? error.message : error;
  }
  if (verdict === 'ok') return;
  throw new RestoreError(`${backup} is damaged or not a database (${verdict}). Take another backup.`);
}
