import { platform } from './platform.ts';

/** 128 random bits, as four numbers. */
export function randomId(): string {
  // Not randomUUID: browsers have it only on https and localhost.
  return platform.crypto.getRandomValues(new Uint32Array(4)).join('-');
}
