import { hash } from 'node:crypto';

/** The parts of a key. Without prefix, `prefix` is null or empty. */
export interface KeyParts {
  readonly prefix: string | null;
  readonly bytes: Uint8Array;
}

/** A key in plaintext, and its start, which may be shown later. */
export interface FormattedKey {
  readonly key: string;
  readonly start: string;
}

export function formatKey({ prefix, bytes }: KeyParts): FormattedKey {
  const encoded = encodeBase58(bytes);
  const head = prefix === null || prefix === '' ? '' : `${prefix}_`;
  return { key: head + encoded, start: head + encoded.slice(0, shownLength) };
}

/** The form in which a key is stored and looked up: base64 of the SHA-256 of the whole key. */
export function hashKey(key: string): string {
  return hash('sha256', key, 'base64');
}

/** Lookup parts of a migrated key of the form `prefix_short_long`. */
export interface PrefixedKey {
  readonly prefix: string;
  readonly longToken: string;
  readonly start: string;
}

/** `null` when the key does not have at least three parts. */
export function parsePrefixedKey(key: string): PrefixedKey | null {
  const parts = key.split('_');
  const longToken = parts.pop();
  const shortToken = parts.pop();
  if (longToken === undefined || shortToken === undefined || parts.length === 0) return null;
  const prefix = parts.join('_');
  const shown = `${shortToken}_${longToken}`.slice(0, shownLength);
  return { prefix, longToken, start: `${prefix}_${shown}` };
}

/** The hash of a long token in the other system: SHA-256 in lower-case hexadecimal. */
export function longTokenHash(longToken: string): string {
  return hash('sha256', longToken, 'hex');
}

/** Bitcoin's alphabet; every leading zero byte is a `1`. */
export function encodeBase58(bytes: Uint8Array): string {
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  // Least significant digit first.
  const digits: number[] = [];
  for (const byte of bytes.subarray(zeros)) multiplyAndAdd(digits, byte);
  let text = '1'.repeat(zeros);
  for (let index = digits.length - 1; index >= 0; index--) text += alphabet[digits[index] ?? 0];
  return text;
}

const shownLength = 4;
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

function multiplyAndAdd(digits: number[], byte: number): void {
  let carry = byte;
  for (let index = 0; index < digits.length; index++) {
    carry += (digits[index] ?? 0) * 256;
    digits[index] = carry % 58;
    carry = Math.floor(carry / 58);
  }
  for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
}
