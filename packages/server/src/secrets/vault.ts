import { randomBytes } from 'node:crypto';
import { type MasterKey, MasterKeyError, type MasterKeys } from './master-keys.ts';
import { DamagedSecretError, open, seal, sealingKeyBytes } from './sealing.ts';

export { MasterKeyError, type MasterKeys, openMasterKeys } from './master-keys.ts';
export { DamagedSecretError } from './sealing.ts';

/**
 * Recoverable keys, encrypted in two steps: a master key wraps a data key, the data key encrypts the secret.
 * AES-256-GCM with random 96-bit nonces. A rotation of the master key rewraps data keys and touches nothing else.
 */
export interface Vault {
  /** False when the server has no master key; then no other member may be used. */
  readonly isEnabled: boolean;
  /** A new data key, wrapped. Call it inside the write transaction that stores it: see `rewrap`. */
  newDataKey(): string;
  /** Binds the ciphertext to `context` (the key's id): it decrypts with no other context. */
  encrypt(wrappedDataKey: string, plaintext: string, context: string): string;
  decrypt(wrappedDataKey: string, ciphertext: string, context: string): string;
  /**
   * The same data key under the current master key; unchanged if it already is. A rotation rewraps all of them
   * in one write transaction: a data key stored before it is rewrapped, one made after it uses the new key.
   */
  rewrap(wrappedDataKey: string): string;
}

const wrappedFormat = 'dk1';
const encryptedFormat = 'ct1';
const memoisedMax = 1000;

export function createVault(masterKeys: MasterKeys): Vault {
  // Oldest first; wrapped text → data key.
  const unwrapped = new Map<string, Uint8Array>();

  function cache(wrapped: string, dataKey: Uint8Array): void {
    unwrapped.set(wrapped, dataKey);
    if (unwrapped.size <= memoisedMax) return;
    const [oldest] = unwrapped.keys();
    if (oldest !== undefined) unwrapped.delete(oldest);
  }

  function dataKeyOf(wrapped: string): Uint8Array {
    const known = unwrapped.get(wrapped);
    if (known !== undefined) return known;
    const dataKey = unwrap(masterKeys, wrapped);
    cache(wrapped, dataKey);
    return dataKey;
  }

  return {
    isEnabled: masterKeys.current() !== null,
    newDataKey: () => wrap(currentKey(masterKeys), randomBytes(sealingKeyBytes)),
    encrypt: (wrapped, plaintext, context) =>
      `${encryptedFormat}.${seal(dataKeyOf(wrapped), Buffer.from(plaintext, 'utf8'), context)}`,
    decrypt: (wrapped, ciphertext, context) => decrypt(dataKeyOf(wrapped), ciphertext, context),
    rewrap(wrapped) {
      const current = currentKey(masterKeys);
      return masterKeyIdOf(wrapped) === current.id ? wrapped : wrap(current, dataKeyOf(wrapped));
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

function wrap(masterKey: MasterKey, dataKey: Uint8Array): string {
  return `${wrappedFormat}.${masterKey.id}.${seal(masterKey.bytes, dataKey, wrappedFormat)}`;
}

function unwrap(masterKeys: MasterKeys, wrapped: string): Uint8Array {
  const id = masterKeyIdOf(wrapped);
  const masterKey = masterKeys.find(id);
  if (masterKey === null) {
    throw new MasterKeyError(
      `The master key ${id} is needed and not configured. Add it behind the current one in UNKEY_MASTER_KEY or in the key file.`,
    );
  }
  return open(masterKey.bytes, wrapped.slice(wrappedFormat.length + id.length + 2), wrappedFormat);
}

function masterKeyIdOf(wrapped: string): string {
  const [version, id, sealed] = wrapped.split('.');
  if (version === wrappedFormat && id !== undefined && sealed !== undefined) return id;
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
