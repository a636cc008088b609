import { holds, parseQuery, type Query } from '../generated/permission-query.ts';

/** The permissions of a key, a role or a session: any collection of slugs. `undefined`, as in a verification, is empty. */
export type HeldPermissions = (Iterable<string> & object) | undefined;

/** A parsed query, for repeated evaluation. */
export interface PermissionQuery {
  /** The text of the query. */
  readonly query: string;
  /** Whether exactly these permissions satisfy the query. */
  evaluate(permissions: HeldPermissions): boolean;
}

/** A query with a syntax error. The service rejects it too. */
export class PermissionQueryError extends Error {
  override readonly name = 'PermissionQueryError';
  /** The text of the query. */
  readonly query: string;
  /** Position of the error: characters from the start, counted from 0. */
  readonly position: number;

  constructor(message: string, where: { readonly query: string; readonly position: number }) {
    super(message);
    this.query = where.query;
    this.position = where.position;
  }
}

/**
 * Whether exactly these permissions satisfy the query: the same decision as `keys.verifyKey`, without a request.
 * Permissions are compared as text, `*` is not a wildcard; `AND` binds tighter than `OR`.
 *
 * @throws {PermissionQueryError} if the query has a syntax error.
 */
export function hasPermissions(query: string, permissions: HeldPermissions): boolean {
  return holdsIn(parse(query), permissions);
}

/**
 * Parses a query once, to evaluate it for many sets of permissions.
 *
 * @throws {PermissionQueryError} if the query has a syntax error.
 */
export function parsePermissions(query: string): PermissionQuery {
  const parsed = parse(query);
  return { query, evaluate: (permissions) => holdsIn(parsed, permissions) };
}

/**
 * A query for one slug. Rejects text that has another meaning in a query, such as `a OR b` or `and`.
 *
 * @throws {PermissionQueryError} if the text is not a single slug.
 */
export function permission(slug: string): string {
  const parsed = parseQuery(slug);
  if (parsed.kind === 'permission' && parsed.slug === slug) return slug;
  throw new PermissionQueryError(
    `Invalid permission ${JSON.stringify(slug)}: expected letters, digits and '. _ - : * /', and not AND or OR.`,
    { query: slug, position: parsed.kind === 'syntaxError' ? parsed.position : 0 },
  );
}

/**
 * A query that requires all of these queries. Parentheses are added where they are needed.
 *
 * @throws {PermissionQueryError} if a part has a syntax error, there are no parts, or the result is too long.
 */
export function and(...queries: readonly string[]): string {
  return join(
    queries.map((query) => (parse(query).kind === 'any' ? `(${query})` : query)),
    ' AND ',
  );
}

/**
 * A query that requires at least one of these queries.
 *
 * @throws {PermissionQueryError} if a part has a syntax error, there are no parts, or the result is too long.
 */
export function or(...queries: readonly string[]): string {
  for (const query of queries) parse(query);
  return join(queries, ' OR ');
}

function join(parts: readonly string[], operator: string): string {
  const query = parts.join(operator);
  parse(query);
  return query;
}

// The contract's limit. Only characters outside ASCII are counted differently, and a query cannot contain them.
const longestQuery = 1000;

function parse(query: string): Query {
  if (query.length > longestQuery) {
    throw new PermissionQueryError(
      `The query must have at most ${longestQuery} characters (has ${query.length}).`,
      { query, position: longestQuery },
    );
  }
  const parsed = parseQuery(query);
  if (parsed.kind !== 'syntaxError') return parsed;
  throw new PermissionQueryError(parsed.message, { query, position: parsed.position });
}

function holdsIn(query: Query, permissions: HeldPermissions): boolean {
  if (typeof permissions === 'string') {
    throw new TypeError('Invalid permissions: expected a collection of slugs, not a string.');
  }
  return holds(query, permissions instanceof Set ? permissions : new Set(permissions));
}
