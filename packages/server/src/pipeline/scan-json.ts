const quote = 0x22;
const backslash = 0x5c;
const zero = 0x30;
const nine = 0x39;

/** What the bytes of a JSON text say before it is parsed. */
export interface JsonScan {
  /** Levels of arrays and objects. */
  readonly depth: number;
  /** At least the number of values, for a text that is JSON. */
  readonly values: number;
  /** Whether a value may be one that no database can store exactly: see `textIssues`. */
  readonly isSuspicious: boolean;
}

/** Bytes that mean something outside of a string; all others are 0. */
const kinds = new Uint8Array(256);
const comma = 1;
const open = 2;
const close = 3;
const digit = 4;
const text = 5;
kinds[0x2c] = comma;
kinds[0x5b] = kinds[0x7b] = open;
kinds[0x5d] = kinds[0x7d] = close;
kinds.fill(digit, zero, nine + 1);
kinds[quote] = text;

/** Plain bytes of a string after which the rest of it is searched instead of read. */
const longPlain = 64;

/**
 * Reads each byte of a JSON text a bounded number of times, and allocates nothing: its cost is a small part of what
 * parsing costs, whatever the text is.
 */
export function scanJson(bytes: Uint8Array): JsonScan {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  let isSuspicious = false;
  let nextBackslash = -1;
  const end = bytes.length;
  for (let index = 0; index < end; index++) {
    const kind = kinds[bytes[index] as number];
    if (kind === 0) continue;
    if (kind === text) {
      index++;
      for (let plain = 0; index < end && bytes[index] !== quote; index++) {
        if (bytes[index] === backslash) {
          index++;
          isSuspicious ||= isUnstorableEscape(bytes, index);
          plain = 0;
        } else if (++plain === longPlain) {
          if (nextBackslash < index) nextBackslash = positionOf(bytes, backslash, index);
          index = Math.min(positionOf(bytes, quote, index), nextBackslash) - 1;
          plain = 0;
        }
      }
    } else if (kind === digit) {
      const next = bytes[index + 1] as number;
      if (next === 0x2c) continue;
      const after = endOfDigits(bytes, index);
      isSuspicious ||= after - index >= 309 || hasLargeExponent(bytes, after);
      index = after - 1;
    } else if (kind === close) {
      depth--;
    } else {
      values++;
      if (kind === open && ++depth > deepest) deepest = depth;
    }
  }
  return { depth: deepest, values, isSuspicious };
}

/** The end of the bytes if there is none. */
function positionOf(bytes: Uint8Array, byte: number, from: number): number {
  const position = bytes.indexOf(byte, from);
  return position === -1 ? bytes.length : position;
}

/** `\u0000`, or a surrogate, which may be an unpaired one. */
function isUnstorableEscape(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x75) return false;
  const first = bytes[at + 1];
  if (first === zero) return bytes[at + 2] === zero && bytes[at + 3] === zero && bytes[at + 4] === zero;
  // `d` or `D`, then anything from 8 on.
  return (first === 0x64 || first === 0x44) && (bytes[at + 2] as number) >= 0x38;
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let end = start;
  while (end < bytes.length && isDigit(bytes[end])) end++;
  return end;
}

/** An exponent of three digits or more: a number beyond a double has one, unless it has 309 digits. */
function hasLargeExponent(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return false;
  const first = bytes[at + 1] === 0x2b ? at + 2 : at + 1;
  return isDigit(bytes[first]) && isDigit(bytes[first + 1]) && isDigit(bytes[first + 2]);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}
