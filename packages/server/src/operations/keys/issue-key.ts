import { formatKey, hashKey } from '../../domain/keys/key-material.ts';
import type { NewKey, Permission, Ratelimit, Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { Refusal } from '../refusal.ts';
import { encryptKey } from './key-encryption.ts';
import { saveKey } from './save-key.ts';

/** What a new key is to be, but for its id and its secret. */
export interface KeyOrder
  extends Omit<NewKey, 'id' | 'hash' | 'start' | 'createdAt' | 'pendingMigrationId' | 'ciphertext'> {
  readonly isRecoverable: boolean;
  readonly ratelimits: readonly Ratelimit[];
  readonly permissions: readonly Permission[];
  readonly roles: readonly Role[];
  /** Whether each permission and role of it has an audit record. */
  readonly isLinkAudited: boolean;
}

/** Makes a key and its secret, which is in the result only. */
export async function issueKey(
  context: WriteContext,
  { isRecoverable, ...order }: KeyOrder,
): Promise<{ keyId: string; key: string } | Refusal> {
  const { services, now } = context;
  const keyId = services.ids.id('key');
  const { key, start } = formatKey({ prefix: order.prefix, bytes: services.ids.bytes(order.byteLength) });
  const ciphertext = isRecoverable ? await encryptKey(context, { keyId, plaintext: key }) : null;
  if (ciphertext instanceof Refusal) return ciphertext;
  await saveKey(context, {
    ...order,
    id: keyId,
    hash: hashKey(key),
    start,
    createdAt: now,
    pendingMigrationId: null,
    ciphertext,
  });
  return { keyId, key };
}
