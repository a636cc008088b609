/**
 * What the client must know of an operation, as one character:
 *
 * - `''`: a second execution changes nothing more, so it is safe to retry;
 * - `'*'`: the same, and its responses are pages of a list;
 * - `'-'`: the same, and its responses have no data;
 * - `'+'`: creates something or changes it by an amount; the service stores its idempotency record for 24 hours;
 * - `'!'`: spends credits or a limit; the service caches its idempotency record for 60 seconds;
 * - `'?'`: not known to this version.
 */
export type OperationKind = '' | '*' | '-' | '+' | '!' | '?';

/** Resource → names of its operations, each followed by its kind. */
export type OperationTable = Readonly<Record<string, string>>;

/** Id of an operation → its kind. */
export function kindsOf(table: OperationTable): ReadonlyMap<string, OperationKind> {
  const kinds = new Map<string, OperationKind>();
  for (const [resource, names] of Object.entries(table)) {
    for (const [, name = '', kind] of names.matchAll(/(\w+)(\S?)/g)) {
      kinds.set(resource ? `${resource}.${name}` : name, kind as OperationKind);
    }
  }
  return kinds;
}
