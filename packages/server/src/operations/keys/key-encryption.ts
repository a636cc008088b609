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
  context: WriteContext,
  { keyId, plaintext }: { keyId: string; plaintext: string },
): Promise<string | Refusal> {
  const { store, workspaceId, services } = context;
  return orRefuse(context, async () => {
    const workspace = await store.workspaces.find(workspaceId);
    let wrapped = workspace?.wrappedDataKey ?? null;
    if (wrapped === null) {
      wrapped = services.vault.newDataKey(workspaceId);
      await store.workspaces.update(workspaceId, { wrappedDataKey: wrapped });
    }
    return services.vault.encrypt({ workspaceId, wrapped }, plaintext, keyId);
  });
}

/** What a damaged secret is answered with; it has been reported. */
export const damagedSecret = refuse(
  'unkey/application/unexpected_error',
  'The stored secret is damaged and cannot be decrypted. The key itself still verifies. The log of the service says which secret it is; it can be restored from a backup.',
);

/** The key as it was issued; null when it is not recoverable. */
export async function decryptKey(
  context: ReadContext,
  { id, ciphertext }: Pick<Key, 'id' | 'ciphertext'>,
): Promise<string | null | Refusal> {
  if (ciphertext === null) return null;
  const { store, workspaceId, services } = context;
  return orRefuse(context, async () => {
    const workspace = await store.workspaces.find(workspaceId);
    const wrapped = workspace?.wrappedDataKey ?? null;
    if (wrapped === null)
      throw new DamagedSecretError(`The data key for ${id} is missing. Restore it from a backup.`);
    return services.vault.decrypt({ workspaceId, wrapped }, ciphertext, id);
  });
}

async function orRefuse<Result>(
  { services, workspaceId, requestId }: ReadContext,
  work: () => Promise<Result>,
): Promise<Result | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MasterKeyError)
      return refuse('unkey/application/precondition_failed', error.message);
    if (!(error instanceof DamagedSecretError)) throw error;
    services.damagedSecrets.report({ requestId, workspaceId }, error);
    return damagedSecret;
  }
}
