import { randomFillSync } from 'node:crypto';

export interface Ids {
  /** `<prefix>_` and 16 random characters of `[a-zA-Z0-9]` (95 bits). */
  id(prefix: string): string;
  /** Fresh random bytes that nobody else has been given. */
  bytes(length: number): Uint8Array;
}

type FillRandom = (target: Uint8Array) => unknown;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 16;
const POOL_BYTES = 8192;
// The largest multiple of the alphabet's length that fits a byte: higher bytes would favour its first letters.
const UNBIASED_BYTES = 256 - (256 % ALPHABET.length);

/** Ids and bytes from a pool of crypto-strength randomness: one system call serves hundreds of them. */
export function randomIds(fillRandom: FillRandom = randomFillSync): Ids {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;

  // A byte counts as used before it is read, so that none is ever handed out twice.
  function takeFromPool(length: number): number {
    if (used + length > POOL_BYTES) {
      fillRandom(pool);
      used = 0;
    }
    const start = used;
    used += length;
    return start;
  }

  function bytes(length: number): Uint8Array {
    if (length > POOL_BYTES) {
      const own = new Uint8Array(length);
      fillRandom(own);
      return own;
    }
    const start = takeFromPool(length);
    return pool.slice(start, start + length);
  }

  function letter(): string {
    for (;;) {
      const byte = pool[takeFromPool(1)];
      if (byte !== undefined && byte < UNBIASED_BYTES) return ALPHABET.charAt(byte % ALPHABET.length);
    }
  }

  function id(prefix: string): string {
    let text = `${prefix}_`;
    for (let count = 0; count < ID_LENGTH; count++) text += letter();
    return text;
  }

  return { id, bytes };
}
