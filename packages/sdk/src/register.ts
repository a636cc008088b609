import type { QueryProblem } from './query-types.ts';

/**
 * Declares the types of your application, for all clients in it. Empty here.
 *
 * @example
 * declare module 'unkey-ts' {
 *   interface Register {
 *     meta: { plan: string };
 *     permissions: 'documents.read' | 'documents.write';
 *     ratelimits: 'requests';
 *   }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications add members to it.
export interface Register {}

type Registered<Name extends string, Default> = Register extends Record<Name, infer Type> ? Type : Default;

/** Metadata of keys: `Register.meta`, or any object. */
export type KeyMeta = Registered<'meta', Record<string, unknown>>;

/** Metadata of identities: `Register.identityMeta`, or any object. */
export type IdentityMeta = Registered<'identityMeta', Record<string, unknown>>;

/** A permission: `Register.permissions`, or any string. */
export type PermissionSlug = Registered<'permissions', string>;

/** Name of a limit of a key or an identity: `Register.ratelimits`, or any string. */
export type LimitName = Registered<'ratelimits', string>;

/** A permission query. A literal one with an error has the error as its type, so that the compiler shows it. */
export type CheckedQuery<Query extends string> = [QueryProblem<Query, PermissionSlug>] extends [never]
  ? Query
  : QueryProblem<Query, PermissionSlug>;
