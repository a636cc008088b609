import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../../base/error-code.ts';
import { openDatabase } from './open.ts';
import { syncToDisk } from './sync-to-disk.ts';
import { withStorageErrors } from './unavailable.ts';

/** The backup cannot be made. The message says why and what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** Copies a consistent snapshot of a database that may be in use. An existing `target` is never replaced. */
export function backupDatabase({ file, target }: { file: string; target: string }): void {
  // A name of its own: the target's may be as long as the file system allows.
  const draft = join(dirname(target), `${randomBytes(6).toString('hex')}.tmp`);
  createEmpty(target);
  try {
    createEmpty(draft);
    copyInto(file, draft);
    syncToDisk(draft);
    renameSync(draft, target);
  } catch (error) {
    for (const path of [draft, target]) rmSync(path, { force: true });
    throw error;
  }
  syncToDisk(dirname(target));
}

// Readable by the owner only: it has hashes and ciphertexts. SQLite fills an empty file and keeps its mode.
function createEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (cause) {
    throw new BackupError(
      errorCode(cause) === 'EEXIST'
        ? `${path} exists already. Choose another name, or move that file away.`
        : `Nothing can be written to ${dirname(path)}. Choose another folder.`,
      { cause },
    );
  }
}

function copyInto(file: string, draft: string): void {
  const database = withStorageErrors(() => openDatabase(file));
  try {
    database.prepare('VACUUM INTO ?').run(draft);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackupError(
      `The copy could not be written to ${dirname(draft)} (${reason}). Check the free space there.`,
      { cause },
    );
  } finally {
    database.close();
  }
}
