/** The key of a request, or why there is none. */
export type ReadKey =
  | { readonly key: string; readonly reason?: undefined }
  | { readonly reason: 'MISSING_KEY' | 'MALFORMED_KEY'; readonly key?: undefined };

/** From the Authorization header. The scheme may be written in any case; another one than Bearer brings no key. */
export function bearerOf(authorization: string | null | undefined): ReadKey {
  const [scheme, ...tokens] = (authorization ?? '').split(/[ \t]+/).filter((part) => part !== '');
  if (scheme?.toLowerCase() !== 'bearer') return { reason: 'MISSING_KEY' };
  return tokens.length > 1 ? { reason: 'MALFORMED_KEY' } : keyOf(tokens[0]);
}

// What the service refuses as a key: told here, so that the caller's mistake does not look like ours.
const longestKey = 512;
const unwritable = /[\p{Cc}\p{Cs}]/u;

/** From whatever a user's function found: it may have looked where anything can be. */
export function keyOf(found: unknown): ReadKey {
  if (found === undefined || found === null || found === '') return { reason: 'MISSING_KEY' };
  const isKey = typeof found === 'string' && found.length <= longestKey && !unwritable.test(found);
  return isKey ? { key: found } : { reason: 'MALFORMED_KEY' };
}
