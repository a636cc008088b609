import { platform } from './platform.ts';

/** 32 random hexadecimal digits. */
export function randomId(): string {
  // Not randomUUID: browsers have it only on https and localhost.
  const bytes = platform.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
}
