import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { errorCode } from '../base/error-code.ts';
import { createPrivateFile } from '../base/private-file.ts';
import { isOutOfSpace } from './sqlite/unavailable.ts';

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Whether other users of the machine can read or enter the folder. */
  readonly isOpenToOthers: boolean;
  /** Releases the lock on the folder. */
  release(): void;
}

/** The data folder cannot be used. The message says why and what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

export function databaseFileOf(dataDir: string): string {
  return join(dataDir, 'unkey.sqlite');
}

export function masterKeyFileOf(dataDir: string): string {
  return join(dataDir, 'master.key');
}

/**
 * Writes a root key to a file that only its owner can read: `root.key`, or `root.KEY_ID.key` where there is one already.
 * Creates the folder if it is missing. Returns the path; throws if the file cannot be written, and leaves none then.
 */
export function saveRootKey(folder: string, { id, key }: { id: string; key: string }): string {
  const path = resolve(folder);
  makeFolder(path);
  const own = join(path, `root.${id}.key`);
  try {
    createPrivateFile(own);
    writeFileSync(own, `${key}\n`, { flush: true });
  } catch (error) {
    rmSync(own, { force: true });
    throw error;
  }
  const usual = join(path, 'root.key');
  if (existsSync(usual)) return own;
  renameSync(own, usual);
  return usual;
}

type Lock = InstanceType<typeof DatabaseSync>;

// Referenced, because a lock that is garbage collected is released.
const held = new Set<Lock>();

/** Creates the folder if it is missing, and locks it. The lock ends with the process, however that ends. */
export function openDataFolder(folder: string): DataFolder {
  const path = resolve(folder);
  makeFolder(path);
  checkWritable(path);
  const lock = takeLock(path);
  held.add(lock);
  const processFile = join(path, 'server.pid');
  createPrivateFile(processFile);
  writeFileSync(processFile, `${process.pid}\n`);
  return {
    path,
    isOpenToOthers: process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0,
    release() {
      if (!held.delete(lock)) return;
      rmSync(processFile, { force: true });
      lock.close();
    },
  };
}

function makeFolder(path: string): void {
  try {
    makeWithParents(path);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'EEXIST' || code === 'ENOTDIR') throw notAFolder(path, cause);
    throw new DataFolderError(
      `The data folder ${path} cannot be made (${code ?? 'unknown error'}). Make it for the server's user, or choose another one with UNKEY_DATA_DIR.`,
      { cause },
    );
  }
}

// Node's recursive `mkdir` never returns where a file system refuses with ENOENT, as /proc does.
function makeWithParents(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeWithParents(dirname(path));
  mkdirSync(path, { mode: 0o700 });
  // Whatever the umask.
  chmodSync(path, 0o700);
}

function notAFolder(path: string, cause: unknown): DataFolderError {
  return new DataFolderError(
    `The data folder ${path} is not a directory. Move that file away, or choose another folder with UNKEY_DATA_DIR.`,
    { cause },
  );
}

function checkWritable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

function notWritable(path: string, cause: unknown): DataFolderError {
  return new DataFolderError(
    `The data folder ${path} is not writable (${errorCode(cause) ?? 'unknown error'}). Give the server's user write access to it, or choose another folder with UNKEY_DATA_DIR.`,
    { cause },
  );
}

// Never open `server.lock` elsewhere in this process: closing it would release the lock (POSIX).
function takeLock(path: string): Lock {
  let lock: Lock | undefined;
  try {
    createPrivateFile(join(path, 'server.lock'));
    lock = new DatabaseSync(join(path, 'server.lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    throw isBusy(cause) ? alreadyInUse(path, cause) : unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): DataFolderError {
  if (!isOutOfSpace(cause)) return notWritable(path, cause);
  return new DataFolderError(
    `The disk of the data folder ${path} is full. Free some space, then start again.`,
    {
      cause,
    },
  );
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /database is locked/.test(error.message);
}

function alreadyInUse(path: string, cause: unknown): DataFolderError {
  const holder = readHolder(path);
  return new DataFolderError(
    `The data folder ${path} is already in use by ${holder}. Stop that server, or choose another folder with UNKEY_DATA_DIR.`,
    { cause },
  );
}

function readHolder(path: string): string {
  try {
    const text = readFileSync(join(path, 'server.pid'), 'utf8').trim();
    if (/^\d+$/.test(text)) return `process ${text}`;
  } catch {
    // The holder writes the file right after it takes the lock; it may not exist yet.
  }
  return 'another process';
}
