import type { OutputOf, VerificationCode } from '@unkey-ts/contract';
import type { LimitResult } from '../ratelimit/window.ts';
import { type PlannedLimit, visibleIdentityLimits } from './plan.ts';
import type { KeyRatelimit, VerifiableKey } from './verifiable-key.ts';

export interface Verdict {
  readonly code: VerificationCode;
  /** Credits left; null: unlimited. */
  readonly credits: number | null;
  /** The limits that were checked; empty when the verification was denied before. */
  readonly limits: readonly { readonly planned: PlannedLimit; readonly result: LimitResult }[];
}

/** The response data of a verification, without the members that have no value. */
export function presentVerification(key: VerifiableKey, verdict: Verdict) {
  const { code, credits, limits } = verdict;
  const { name, meta, expiresAt, permissions, roles, identity } = key;
  return {
    valid: code === 'VALID',
    code,
    keyId: key.id,
    enabled: key.isEnabled,
    ...(name !== null && name !== '' && { name }),
    ...(meta !== null && { meta }),
    // 0 is shown by no read.
    ...(expiresAt !== null && expiresAt !== 0 && { expires: expiresAt }),
    ...(credits !== null && { credits }),
    ...(permissions.length > 0 && { permissions: [...permissions] }),
    ...(roles.length > 0 && { roles: [...roles] }),
    ...(identity !== null && { identity: presentIdentity(key, identity) }),
    ...(limits.length > 0 && { ratelimits: limits.map(presentLimit) }),
  };
}

/** What a verification has decided, and what of its key is small. */
export type Decided = Omit<OutputOf<'keys.verifyKey'>, 'meta' | 'permissions' | 'roles' | 'identity'>;

/** The response data of a verification that was decided before; the omitted members are those of the key now. */
export function repeatVerification(key: VerifiableKey, decided: Decided) {
  const { code, enabled = true, name = null, expires = null, credits = null, ratelimits } = decided;
  const then = { ...key, isEnabled: enabled, name, expiresAt: expires };
  return {
    ...presentVerification(then, { code, credits, limits: [] }),
    ...(ratelimits !== undefined && { ratelimits }),
  };
}

function presentIdentity(key: VerifiableKey, identity: NonNullable<VerifiableKey['identity']>) {
  const ratelimits = visibleIdentityLimits(key);
  return {
    id: identity.id,
    externalId: identity.externalId,
    ...(identity.meta !== null && { meta: identity.meta }),
    ...(ratelimits.length > 0 && { ratelimits: ratelimits.map(presentRatelimit) }),
  };
}

function presentRatelimit({ id, name, limit, durationMs, isAutoApplied }: KeyRatelimit) {
  return { id, name, limit, duration: durationMs, autoApply: isAutoApplied };
}

function presentLimit({ planned, result }: Verdict['limits'][number]) {
  return {
    id: planned.id,
    name: planned.name,
    limit: planned.check.limit,
    duration: planned.check.durationMs,
    reset: result.resetAt,
    remaining: result.remaining,
    exceeded: !result.passed,
    autoApply: planned.isAutoApplied,
  };
}
