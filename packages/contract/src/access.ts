import type { ErrorCode } from './errors.ts';

/**
 * What a root key must have. A leaf is a permission tuple (`api.*.read_key`), compared exactly, or a URN
 * grant (`keyspaces/{keyspaceId}#create_key`, recognised by its `#`), compared by path. `{name}` is filled from the
 * scope that the operation's `locate` returned.
 */
export type Requirement =
  | string
  | { readonly anyOf: readonly Requirement[] }
  | { readonly allOf: readonly Requirement[] };

/** One check. Checks run in order; the first that fails decides the response. */
export interface AccessCheck {
  readonly requires: Requirement;
  /** The check applies only when the operation's `locate` reports this condition. */
  readonly when?: Condition;
  /** Lacking the permission looks like this error; `result`: like the operation's own `maskedResult`. */
  readonly maskAs?: ErrorCode | 'result';
}

/** What `locate` may find that makes a further check apply. */
export type Condition = 'decrypt' | 'encrypt' | 'newNamespace' | 'newPermission' | 'attachPermission';

/** `public`: no root key at all. */
export type Access = 'public' | readonly AccessCheck[];

export function anyOf(...requirements: Requirement[]): Requirement {
  return { anyOf: requirements };
}

export function allOf(...requirements: Requirement[]): Requirement {
  return { allOf: requirements };
}
