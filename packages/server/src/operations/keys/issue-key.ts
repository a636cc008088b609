import { formatKey, hashKey } from '../../domain/keys/key-material.ts';
import type { NewKey, Permission, Ratelimit, Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { Refusal } from '../refusal.ts';
import { encryptKey } from './key-encryption.ts';
import { saveKey } from './save-key.ts';

/** The data of a new key, except id and secret. */
export interface KeyOrder
  extends Omit<NewKey, 'id' | 'hash' | 'start' | 'createdAt' | 'pendingMigrationId' | 'ciphertext'> {
  readonly isRecoverable: boolean;
  readonly ratelimits: readonly Ratelimit[];
  readonly permissions: readonly Permission[];
  readonly roles: readonly Role[];
  /** Whether each of its permissions and roles gets an audit record. */
  readonly isLinkAudited: boolean;
}

/** Creates a key with its secret, which only the result contains. */
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
