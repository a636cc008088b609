/** The key of a request, or the reason for its absence. */
export type ReadKey =
  | { readonly key: string; readonly reason?: undefined }
  | { readonly reason: 'MISSING_KEY' | 'MALFORMED_KEY'; readonly key?: undefined };

/** Reads the Authorization header. The scheme is case-insensitive; any scheme but Bearer counts as no key. */
export function bearerOf(authorization: string | null | undefined): ReadKey {
  const [scheme, ...tokens] = (authorization ?? '').split(/[ \t]+/).filter((part) => part !== '');
  if (scheme?.toLowerCase() !== 'bearer') return { reason: 'MISSING_KEY' };
  return tokens.length > 1 ? { reason: 'MALFORMED_KEY' } : keyOf(tokens[0]);
}

// The service rejects these with 400. Checked here, because they are the caller's errors and not the configuration's.
const longestKey = 512;
const unwritable = /[\p{Cc}\p{Cs}]/u;

/** Checks the result of the user's `getKey`, which can be anything. */
export function keyOf(found: unknown): ReadKey {
  if (found === undefined || found === null || found === '') return { reason: 'MISSING_KEY' };
  const isKey = typeof found === 'string' && found.length <= longestKey && !unwritable.test(found);
  return isKey ? { key: found } : { reason: 'MALFORMED_KEY' };
}
