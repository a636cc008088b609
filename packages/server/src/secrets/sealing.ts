import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** A stored ciphertext is damaged, or belongs to another context. */
export class DamagedSecretError extends Error {
  override readonly name = 'DamagedSecretError';
}

/** The bytes of a key for {@link seal}. */
export const sealingKeyBytes = 32;

const cipherName = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM with a random nonce: nonce ‖ ciphertext ‖ tag in base64url. It opens only with the same `context`. */
export function seal(key: Uint8Array, content: Uint8Array, context: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(cipherName, key, nonce).setAAD(Buffer.from(context, 'utf8'));
  const body = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url');
}

/** Throws a `DamagedSecretError` that names the context. */
export function open(key: Uint8Array, sealed: string, context: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64url');
  const nonce = bytes.subarray(0, nonceBytes);
  const tag = bytes.subarray(-tagBytes);
  try {
    const decipher = createDecipheriv(cipherName, key, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(context, 'utf8'))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new DamagedSecretError(
      `The stored secret (${context}) does not decrypt: it is damaged or belongs elsewhere. Restore it from a backup.`,
      { cause },
    );
  }
}
