import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { errorCode } from '../../base/error-code.ts';
import { withTemporaryFiles } from '../../base/temporary-files.ts';
import { openDatabase } from './open.ts';
import { syncToDisk } from './sync-to-disk.ts';
import { withStorageErrors } from './unavailable.ts';

/** The backup cannot be made. The message says why and what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/**
 * Copies a consistent snapshot of a database that may be in use. An existing `target` is never replaced. A signal that ends
 * the process leaves no file.
 */
export async function backupDatabase({ file, target }: { file: string; target: string }): Promise<void> {
  // A name of its own: the target's may be as long as the file system allows.
  const draft = join(dirname(target), `${randomBytes(6).toString('hex')}.tmp`);
  createEmpty(target);
  await withTemporaryFiles([draft, `${draft}-journal`, target], async () => {
    createEmpty(draft);
    await copyInto(file, draft);
    syncToDisk(draft);
    renameSync(draft, target);
  });
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

/** A copy keeps its process busy to the end, so this one would notice no signal. */
const copyProgram = `
  const [driver, file, draft] = process.argv.slice(-3);
  const database = new (require(driver).DatabaseSync)(file, { timeout: 10_000 });
  try {
    database.prepare('VACUUM INTO ?').run(draft);
  } catch (error) {
    process.stderr.write(String(error.message));
    process.exitCode = 1;
  }
  database.close();
`;

async function copyInto(file: string, draft: string): Promise<void> {
  // A file that is no database is refused with its reason.
  withStorageErrors(() => openDatabase(file)).close();
  const driver = createRequire(import.meta.url).resolve('@photostructure/sqlite');
  const ending = new AbortController();
  const end = () => ending.abort();
  // Before the files are removed.
  process.prependListener('exit', end);
  try {
    await runProgram(['-e', copyProgram, driver, file, draft], ending.signal);
  } catch (cause) {
    throw new BackupError(
      `The copy could not be written to ${dirname(draft)} (${cause}). Check the free space there.`,
      { cause },
    );
  } finally {
    process.off('exit', end);
  }
}

/** Rejects with what the program says on standard error. */
function runProgram(args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { signal, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(stderr === '' ? error.message : stderr);
    });
  });
}
