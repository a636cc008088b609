import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../base/error-code.ts';

/** A key that encrypts data keys. Its id is derived from it and may be shown. */
export interface MasterKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface MasterKeys {
  /** The key that wraps new data keys, read from the key file each time; `null` when encryption is off. */
  current(): MasterKey | null;
  /** Reads the key file again before it fails: another process may have rotated the keys. */
  find(id: string): MasterKey | null;
}

/** The master keys are missing, unreadable or not the ones that the data needs. The message says what to do. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

export interface MasterKeySource {
  /** `UNKEY_MASTER_KEY`; when set, the file is not read. */
  configured: string | undefined;
  keyFile: string;
  /** Whether to create a missing key file: only when nothing is encrypted yet. */
  mayCreate: boolean;
}

const keyBytes = 32;
const keyFormat = 'each key is 32 bytes in base64, such as `openssl rand -base64 32` prints';

export function openMasterKeys({ configured, keyFile, mayCreate }: MasterKeySource): MasterKeys {
  if (configured !== undefined) return fixedKeys(parseConfiguredMasterKeys(configured));
  if (!isThere(keyFile)) {
    if (!mayCreate) throw missingKeyFile(keyFile);
    createKeyFile(keyFile);
  }
  return keysOfFile(keyFile);
}

/** `off`: none. Otherwise comma-separated base64 keys, the current one first. */
export function parseConfiguredMasterKeys(configured: string): readonly MasterKey[] {
  if (configured.trim() === 'off') return [];
  return configured.split(',').map((text, index) => {
    const key = parseMasterKey(text);
    if (key !== null) return key;
    throw new MasterKeyError(
      `has an unusable entry (number ${index + 1}): it must be \`off\` or base64 keys with commas between them; ${keyFormat}.`,
    );
  });
}

/** Adds a new key in front and keeps the former ones, so that their secrets stay readable. Returns the new id. */
export function addMasterKey(keyFile: string): string {
  const key = newMasterKey();
  replaceFile(keyFile, [key, ...readKeyFile(keyFile)]);
  return key.id;
}

/** Removes the former keys. To be called when no data key is wrapped with one of them any more. */
export function dropFormerMasterKeys(keyFile: string): void {
  replaceFile(keyFile, readKeyFile(keyFile).slice(0, 1));
}

function fixedKeys(keys: readonly MasterKey[]): MasterKeys {
  return {
    current: () => keys[0] ?? null,
    find: (id) => keys.find((key) => key.id === id) ?? null,
  };
}

function keysOfFile(keyFile: string): MasterKeys {
  let keys = readKeyFile(keyFile);
  const known = (id: string) => keys.find((key) => key.id === id);
  return {
    // A stale key could be one that a rotation is about to remove.
    current() {
      keys = readKeyFile(keyFile);
      return keys[0] ?? null;
    },
    find(id) {
      const key = known(id);
      if (key !== undefined) return key;
      keys = readKeyFile(keyFile);
      return known(id) ?? null;
    },
  };
}

function readKeyFile(keyFile: string): readonly MasterKey[] {
  const lines = readText(keyFile)
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) throw missingKeyFile(keyFile);
  return lines.map((line, index) => {
    const key = parseMasterKey(line);
    if (key !== null) return key;
    throw new MasterKeyError(
      `Line ${index + 1} of ${keyFile} is no master key: ${keyFormat}. Restore the file.`,
    );
  });
}

function readText(keyFile: string): string {
  try {
    return readFileSync(keyFile, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw missingKeyFile(keyFile);
    throw new MasterKeyError(`${keyFile} cannot be read. Make it readable for the server's user.`, {
      cause: error,
    });
  }
}

function missingKeyFile(keyFile: string): MasterKeyError {
  return new MasterKeyError(
    `There is no master key in ${keyFile}, and stored keys are encrypted with one. ` +
      'Restore the file, or set UNKEY_MASTER_KEY to its keys (`off` runs without them).',
  );
}

function parseMasterKey(text: string): MasterKey | null {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return null;
  return masterKey(Buffer.from(trimmed, 'base64'));
}

function newMasterKey(): MasterKey {
  return masterKey(randomBytes(keyBytes));
}

function masterKey(bytes: Uint8Array): MasterKey {
  return { id: createHash('sha256').update(bytes).digest().subarray(0, 8).toString('base64url'), bytes };
}

function isThere(keyFile: string): boolean {
  try {
    readFileSync(keyFile);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ENOENT';
  }
}

// The link fails if the file exists: of two processes that start at once, both use the same key.
function createKeyFile(keyFile: string): void {
  const draft = writeDraft(keyFile, [newMasterKey()]);
  try {
    linkSync(draft, keyFile);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw unwritableKeyFile(keyFile, error);
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(keyFile));
}

function replaceFile(keyFile: string, keys: readonly MasterKey[]): void {
  const draft = writeDraft(keyFile, keys);
  renameSync(draft, keyFile);
  syncFolder(dirname(keyFile));
}

function writeDraft(keyFile: string, keys: readonly MasterKey[]): string {
  const draft = `${keyFile}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, keys.map(({ bytes }) => `${Buffer.from(bytes).toString('base64')}\n`).join(''));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return draft;
  } catch (error) {
    throw unwritableKeyFile(keyFile, error);
  }
}

function unwritableKeyFile(keyFile: string, cause: unknown): MasterKeyError {
  return new MasterKeyError(
    `${keyFile} cannot be written. Make its folder writable, or set UNKEY_MASTER_KEY.`,
    {
      cause,
    },
  );
}

// Without this a power cut can undo the new name although the content is on disk.
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
