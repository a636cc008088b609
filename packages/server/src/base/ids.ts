import { randomFillSync } from 'node:crypto';

export interface Ids {
  /** `<prefix>_` and 16 random characters of `[a-zA-Z0-9]` (95 bits). */
  id(prefix: string): string;
  /** Ids of rows that are written together: their first characters are the same, so they share the pages of an index. */
  batch(): Pick<Ids, 'id'>;
  /** Random bytes, never returned twice. */
  bytes(length: number): Uint8Array;
}

type FillRandom = (target: Uint8Array) => unknown;

const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
const idLength = 16;
/** Characters that the ids of a batch have in common; the others have 71 bits. */
const batchLength = 4;
const poolBytes = 8192;
// The largest multiple of the alphabet's length that fits a byte: higher bytes would favour its first letters.
const unbiasedBytes = 256 - (256 % alphabet.length);
/** The letter of each byte, 0 for bytes without one. All 256 entries exist, because a miss is slow. */
const letterOf = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < unbiasedBytes ? (alphabet[byte % alphabet.length] ?? 0) : 0,
);

/** Ids and bytes from a pool of cryptographic randomness: one system call serves hundreds of them. */
export function randomIds(fillRandom: FillRandom = randomFillSync): Ids {
  const pool = new Uint8Array(poolBytes);
  let used = poolBytes;

  // A byte counts as used before it is read, so that none is ever handed out twice.
  function takeFromPool(length: number): number {
    if (used + length > poolBytes) {
      fillRandom(pool);
      used = 0;
    }
    const start = used;
    used += length;
    return start;
  }

  function bytes(length: number): Uint8Array {
    if (length > poolBytes) {
      const own = new Uint8Array(length);
      fillRandom(own);
      return own;
    }
    const start = takeFromPool(length);
    return pool.slice(start, start + length);
  }

  // The whole pool is converted to one string of letters; an id is a slice of it.
  const letterBytes = Buffer.alloc(poolBytes);
  let letters = '';
  let usedLetters = 0;

  function refillLetters(): void {
    fillRandom(letterBytes);
    let count = 0;
    // By index: an iterator over the bytes is ten times slower.
    for (let index = 0; index < poolBytes; index++) {
      const letter = letterOf[letterBytes[index] ?? 0] ?? 0;
      if (letter !== 0) letterBytes[count++] = letter;
    }
    letters = letterBytes.toString('latin1', 0, count);
    usedLetters = 0;
  }

  function randomLetters(length: number): string {
    while (usedLetters + length > letters.length) refillLetters();
    usedLetters += length;
    return letters.slice(usedLetters - length, usedLetters);
  }

  return {
    id: (prefix) => `${prefix}_${randomLetters(idLength)}`,
    batch() {
      const shared = randomLetters(batchLength);
      return { id: (prefix) => `${prefix}_${shared}${randomLetters(idLength - batchLength)}` };
    },
    bytes,
  };
}
