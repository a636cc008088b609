import type { Condition } from '@unkey-ts/contract';
import { DamagedSecretError, MasterKeyError } from '../../secrets/vault.ts';
import type { Key } from '../../storage/port/records.ts';
import type { ReadContext, WriteContext } from '../context.ts';
import { type Refusal, refuse } from '../refusal.ts';

/**
 * The additional conditions of a request for a recoverable secret. None without a master key: such a request is refused
 * in any case, before the permission for secrets is checked.
 */
export function conditionsOfSecret({ services }: ReadContext, condition: Condition): readonly Condition[] {
  return services.vault.isEnabled ? [condition] : [];
}

export function refuseWithoutMasterKey({ services }: ReadContext): Refusal | null {
  return services.vault.isEnabled
    ? null
    : refuse(
        'unkey/application/precondition_failed',
        'This server has no master key, so it keeps no recoverable keys. Set UNKEY_MASTER_KEY to have them.',
      );
}

/** Encrypts the key with the workspace's data key, which is created on first use. */
export async function encryptKey(
  { store, workspaceId, services }: WriteContext,
  { keyId, plaintext }: { keyId: string; plaintext: string },
): Promise<string | Refusal> {
  return orRefuse(async () => {
    const workspace = await store.workspaces.find(workspaceId);
    let wrappedDataKey = workspace?.wrappedDataKey ?? null;
    if (wrappedDataKey === null) {
      wrappedDataKey = services.vault.newDataKey();
      await store.workspaces.update(workspaceId, { wrappedDataKey });
    }
    return services.vault.encrypt(wrappedDataKey, plaintext, keyId);
  });
}

/** The key as it was issued; null when it is not recoverable, or its ciphertext is damaged. */
export async function decryptKey(
  { store, workspaceId, services }: ReadContext,
  { id, ciphertext }: Pick<Key, 'id' | 'ciphertext'>,
): Promise<string | null | Refusal> {
  if (ciphertext === null) return null;
  return orRefuse(async () => {
    const workspace = await store.workspaces.find(workspaceId);
    const wrappedDataKey = workspace?.wrappedDataKey ?? null;
    if (wrappedDataKey === null) return null;
    try {
      return services.vault.decrypt(wrappedDataKey, ciphertext, id);
    } catch (error) {
      if (error instanceof DamagedSecretError) return null;
      throw error;
    }
  });
}

async function orRefuse<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MasterKeyError)
      return refuse('unkey/application/precondition_failed', error.message);
    throw error;
  }
}
