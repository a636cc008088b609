import type { UnkeyError } from './errors.ts';

/**
 * Whether the service cannot be reached: what opens a door with `onOutage: 'allow'`, and calls a `fallback`. Whoever is
 * refused must not be able to cause it. So 408 and 429 are none, and neither is a 500 of the service itself: it is a fault
 * in one request, which the text of a key or an identifier may have caused.
 */
export function isOutage({ status, foreign, retryable }: UnkeyError): boolean {
  if (status === undefined) return retryable;
  return status > 500 || (status === 500 && foreign);
}
