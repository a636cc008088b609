import { platform } from './platform.ts';

/** 32 characters that nobody else has. */
export function randomId(): string {
  // Not randomUUID: browsers offer that to pages from https and localhost only.
  const bytes = platform.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
}
