import { andThen, type MaybePromise } from '../base/maybe-promise.ts';
import { memoize } from '../base/memoize.ts';
import { hashKey } from '../domain/keys/key-material.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import type { Lookups, PreparedCaller } from '../storage/lookups.ts';
import type { Workspace } from '../storage/port/records.ts';

export interface Authenticated extends PreparedCaller {
  readonly workspace: Workspace;
  /** The root key itself: not for logs. */
  readonly bearer: string;
}

const scheme = /^bearer\s+(\S.*)$/is;

/** Memoises the hash of the header; the root key itself is looked up every time. */
const credentialOf = memoize((authorization) => {
  const bearer = scheme.exec(authorization.trim())?.[1];
  return bearer === undefined ? null : { bearer, hash: hashKey(bearer) };
}, 1000);

/** A missing credential is an error of the request's shape, so it is reported before the body's. */
export function refuseMissingCredential(authorization: string | undefined): Refusal | null {
  if (authorization !== undefined && authorization.trim() !== '') return null;
  const message = 'The Authorization header is missing. Send `Authorization: Bearer <root key>`.';
  return new Refusal('unkey/application/invalid_input', message, [
    { location: 'header.authorization', message: 'is missing' },
  ]);
}

/** Looks up the caller by the bearer in the Authorization header. */
export function authenticate(
  authorization: string,
  lookups: Lookups,
  now: number,
): MaybePromise<Authenticated | Refusal> {
  const credential = credentialOf(authorization);
  if (credential === null) {
    return refuse(
      'unkey/authentication/malformed',
      'The Authorization header has no bearer token. Send `Authorization: Bearer <root key>`.',
    );
  }
  const { bearer, hash } = credential;
  return andThen(lookups.findCaller(hash), (caller) => admit(caller, bearer, now));
}

function admit(caller: PreparedCaller | null, bearer: string, now: number): Authenticated | Refusal {
  if (caller === null) {
    return refuse(
      'unkey/authentication/key_not_found',
      'The root key does not exist. Check that it is a root key of this server and not an API key.',
    );
  }
  const { rootKey, workspace } = caller;
  if (workspace === null) {
    return refuse('unkey/data/workspace_not_found', "The root key's workspace does not exist.");
  }
  if (!workspace.isEnabled) {
    return refuse('unkey/authorization/workspace_disabled', 'The workspace is disabled.');
  }
  if (!rootKey.isEnabled) {
    return refuse('unkey/authorization/key_disabled', 'The root key is disabled.');
  }
  if (rootKey.expiresAt !== null && rootKey.expiresAt <= now) {
    const expiredAt = new Date(rootKey.expiresAt).toISOString();
    return refuse('unkey/authorization/forbidden', `The root key expired at ${expiredAt}.`);
  }
  return { rootKey, workspace, grants: caller.grants, bearer };
}
