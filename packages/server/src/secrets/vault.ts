import { randomBytes } from 'node:crypto';
import { type MasterKey, MasterKeyError, type MasterKeys } from './master-keys.ts';
import { DamagedSecretError, open, seal, sealingKeyBytes } from './sealing.ts';

export { MasterKeyError, type MasterKeys, openMasterKeys } from './master-keys.ts';
export { DamagedSecretError } from './sealing.ts';

/** The data key of a workspace, wrapped. */
export interface WrappedDataKey {
  readonly workspaceId: string;
  readonly wrapped: string;
}

/**
 * Recoverable keys, encrypted in two steps: a master key wraps the data key of a workspace, the data key encrypts the
 * secrets. AES-256-GCM with random 96-bit nonces. A data key unwraps for its workspace only, and a ciphertext decrypts with
 * its data key and for its key only. A rotation of the master key rewraps data keys and touches nothing else.
 */
export interface Vault {
  /** False when the server has no master key; then no other member may be used. */
  readonly isEnabled: boolean;
  /** A new data key, wrapped. Call it inside the write transaction that stores it: see `rewrap`. */
  newDataKey(workspaceId: string): string;
  encrypt(dataKey: WrappedDataKey, plaintext: string, keyId: string): string;
  decrypt(dataKey: WrappedDataKey, ciphertext: string, keyId: string): string;
  /**
   * The same data key under the current master key; unchanged if it already is. A rotation rewraps all of them
   * in one write transaction: a data key stored before it is rewrapped, one made after it uses the new key.
   */
  rewrap(dataKey: WrappedDataKey): string;
  /** The same data key under the same master key, bound to its workspace; unchanged if it already is. */
  bind(dataKey: WrappedDataKey): string;
}

/** `dk1` is of earlier releases: a data key that unwraps for every workspace. */
const wrappedFormats = { unbound: 'dk1', bound: 'dk2' } as const;
const encryptedFormat = 'ct1';
const memoisedMax = 1000;

export function createVault(masterKeys: MasterKeys): Vault {
  // Oldest first; workspace and wrapped text → data key.
  const unwrapped = new Map<string, Uint8Array>();

  function cache(name: string, dataKey: Uint8Array): void {
    unwrapped.set(name, dataKey);
    if (unwrapped.size <= memoisedMax) return;
    const [oldest] = unwrapped.keys();
    if (oldest !== undefined) unwrapped.delete(oldest);
  }

  function dataKeyOf({ workspaceId, wrapped }: WrappedDataKey): Uint8Array {
    const name = `${workspaceId} ${wrapped}`;
    const known = unwrapped.get(name);
    if (known !== undefined) return known;
    const dataKey = unwrap(masterKeys, { workspaceId, wrapped });
    cache(name, dataKey);
    return dataKey;
  }

  return {
    isEnabled: masterKeys.current() !== null,
    newDataKey: (workspaceId) => wrap(currentKey(masterKeys), randomBytes(sealingKeyBytes), workspaceId),
    encrypt: (dataKey, plaintext, keyId) =>
      `${encryptedFormat}.${seal(dataKeyOf(dataKey), Buffer.from(plaintext, 'utf8'), keyId)}`,
    decrypt: (dataKey, ciphertext, keyId) => decrypt(dataKeyOf(dataKey), ciphertext, keyId),
    rewrap(dataKey) {
      const current = currentKey(masterKeys);
      const { format, masterKeyId } = parse(dataKey.wrapped);
      const isCurrent = format === wrappedFormats.bound && masterKeyId === current.id;
      return isCurrent ? dataKey.wrapped : wrap(current, dataKeyOf(dataKey), dataKey.workspaceId);
    },
    bind(dataKey) {
      const { format, masterKeyId } = parse(dataKey.wrapped);
      if (format === wrappedFormats.bound) return dataKey.wrapped;
      return wrap(findKey(masterKeys, masterKeyId), dataKeyOf(dataKey), dataKey.workspaceId);
    },
  };
}

function currentKey(masterKeys: MasterKeys): MasterKey {
  const current = masterKeys.current();
  if (current !== null) return current;
  throw new MasterKeyError(
    'Encryption is off. Give UNKEY_MASTER_KEY a key, or unset it to use the key file.',
  );
}

function findKey(masterKeys: MasterKeys, id: string): MasterKey {
  const masterKey = masterKeys.find(id);
  if (masterKey !== null) return masterKey;
  throw new MasterKeyError(
    `The master key ${id} is needed and not configured. Add it behind the current one in UNKEY_MASTER_KEY or in the key file.`,
  );
}

function wrap(masterKey: MasterKey, dataKey: Uint8Array, workspaceId: string): string {
  const sealed = seal(masterKey.bytes, dataKey, contextOf(wrappedFormats.bound, workspaceId));
  return `${wrappedFormats.bound}.${masterKey.id}.${sealed}`;
}

function unwrap(masterKeys: MasterKeys, { workspaceId, wrapped }: WrappedDataKey): Uint8Array {
  const { format, masterKeyId, sealed } = parse(wrapped);
  return open(findKey(masterKeys, masterKeyId).bytes, sealed, contextOf(format, workspaceId));
}

type WrappedFormat = (typeof wrappedFormats)[keyof typeof wrappedFormats];

function contextOf(format: WrappedFormat, workspaceId: string): string {
  return format === wrappedFormats.unbound ? format : `the data key of ${workspaceId}`;
}

function parse(wrapped: string): { format: WrappedFormat; masterKeyId: string; sealed: string } {
  const [version, masterKeyId, sealed] = wrapped.split('.');
  const format = Object.values(wrappedFormats).find((known) => known === version);
  if (format !== undefined && masterKeyId !== undefined && sealed !== undefined)
    return { format, masterKeyId, sealed };
  throw new DamagedSecretError('A stored data key has an unknown format. Restore it from a backup.');
}

function decrypt(dataKey: Uint8Array, ciphertext: string, context: string): string {
  if (!ciphertext.startsWith(`${encryptedFormat}.`)) {
    throw new DamagedSecretError(
      `The ciphertext of ${context} has an unknown format. Restore it from a backup.`,
    );
  }
  return open(dataKey, ciphertext.slice(encryptedFormat.length + 1), context).toString('utf8');
}
