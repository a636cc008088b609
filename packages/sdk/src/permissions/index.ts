import { holds, parseQuery, type Query } from '../generated/permission-query.ts';

/** What a key, a role or a session holds: slugs in any collection. `undefined` is none, as in a verification's answer. */
export type HeldPermissions = (Iterable<string> & object) | undefined;

/** A query that has been read once, to be asked often. */
export interface PermissionQuery {
  /** The query as it was given. */
  readonly query: string;
  /** Whether somebody who holds exactly these permissions satisfies the query. */
  evaluate(permissions: HeldPermissions): boolean;
}

/** A query that the service would refuse as well. */
export class PermissionQueryError extends Error {
  override readonly name = 'PermissionQueryError';
  /** The text that cannot be read. */
  readonly query: string;
  /** Where reading stopped: characters from the start, counted from 0. */
  readonly position: number;

  constructor(message: string, where: { readonly query: string; readonly position: number }) {
    super(message);
    this.query = where.query;
    this.position = where.position;
  }
}

/**
 * Whether somebody who holds exactly these permissions satisfies the query: the answer that `keys.verifyKey` gives,
 * without a request. Permissions are compared letter by letter, `*` included; `AND` binds tighter than `OR`.
 *
 * @throws {PermissionQueryError} if the query cannot be read.
 */
export function hasPermissions(query: string, permissions: HeldPermissions): boolean {
  return holdsIn(read(query), permissions);
}

/**
 * Reads a query once, for questions about many sets of permissions.
 *
 * @throws {PermissionQueryError} if the query cannot be read.
 */
export function parsePermissions(query: string): PermissionQuery {
  const parsed = read(query);
  return { query, evaluate: (permissions) => holdsIn(parsed, permissions) };
}

/**
 * A slug as a query of its own. What would mean something else in a query, such as `a OR b` or `and`, is refused.
 *
 * @throws {PermissionQueryError} if a query cannot name the slug.
 */
export function permission(slug: string): string {
  const parsed = parseQuery(slug);
  if (parsed.kind === 'permission' && parsed.slug === slug) return slug;
  throw new PermissionQueryError(
    `${JSON.stringify(slug)} is not one permission; use letters, digits and '. _ - : * /', and neither AND nor OR alone.`,
    { query: slug, position: parsed.kind === 'syntaxError' ? parsed.position : 0 },
  );
}

/**
 * A query that holds when all of these hold. Parts keep their meaning: parentheses are added where one needs them.
 *
 * @throws {PermissionQueryError} if a part cannot be read, there is none, or the whole is too long.
 */
export function and(...queries: readonly string[]): string {
  return join(
    queries.map((query) => (read(query).kind === 'any' ? `(${query})` : query)),
    ' AND ',
  );
}

/**
 * A query that holds when at least one of these holds.
 *
 * @throws {PermissionQueryError} if a part cannot be read, there is none, or the whole is too long.
 */
export function or(...queries: readonly string[]): string {
  for (const query of queries) read(query);
  return join(queries, ' OR ');
}

function join(parts: readonly string[], operator: string): string {
  const query = parts.join(operator);
  read(query);
  return query;
}

// The contract's limit. What it counts differently, characters outside ASCII, cannot be in a query anyway.
const longestQuery = 1000;

function read(query: string): Query {
  if (query.length > longestQuery) {
    throw new PermissionQueryError(
      `The query has ${query.length} characters; it may have at most ${longestQuery}.`,
      { query, position: longestQuery },
    );
  }
  const parsed = parseQuery(query);
  if (parsed.kind !== 'syntaxError') return parsed;
  throw new PermissionQueryError(parsed.message, { query, position: parsed.position });
}

function holdsIn(query: Query, permissions: HeldPermissions): boolean {
  if (typeof permissions === 'string') {
    throw new TypeError('Permissions are a collection of slugs; one string would be taken letter by letter.');
  }
  return holds(query, permissions instanceof Set ? permissions : new Set(permissions));
}
