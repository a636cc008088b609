import type { VerificationCode } from '@unkey-ts/contract';
import type { Taken } from '../ratelimit/window.ts';
import { type PlannedLimit, visibleIdentityLimits } from './plan.ts';
import type { KeyRatelimit, VerifiableKey } from './verifiable-key.ts';

export interface Verdict {
  readonly code: VerificationCode;
  /** Credits left; null: unlimited. */
  readonly credits: number | null;
  /** The limits that were counted, with what became of each; empty when none were. */
  readonly limits: readonly { readonly planned: PlannedLimit; readonly taken: Taken }[];
}

/** The answer of a verification. Members without a value are left out. */
export function answerOf(key: VerifiableKey, verdict: Verdict) {
  const { code, credits, limits } = verdict;
  const { name, meta, expiresAt, permissions, roles, identity } = key;
  return {
    valid: code === 'VALID',
    code,
    keyId: key.id,
    enabled: key.isEnabled,
    ...(name !== null && name !== '' && { name }),
    ...(meta !== null && { meta }),
    ...(expiresAt !== null && { expires: expiresAt }),
    ...(credits !== null && { credits }),
    ...(permissions.length > 0 && { permissions: [...permissions] }),
    ...(roles.length > 0 && { roles: [...roles] }),
    ...(identity !== null && { identity: identityAnswer(key, identity) }),
    ...(limits.length > 0 && { ratelimits: limits.map(limitAnswer) }),
  };
}

function identityAnswer(key: VerifiableKey, identity: NonNullable<VerifiableKey['identity']>) {
  const ratelimits = visibleIdentityLimits(key);
  return {
    id: identity.id,
    externalId: identity.externalId,
    ...(identity.meta !== null && { meta: identity.meta }),
    ...(ratelimits.length > 0 && { ratelimits: ratelimits.map(configuredLimitAnswer) }),
  };
}

function configuredLimitAnswer({ id, name, limit, durationMs, isAutoApplied }: KeyRatelimit) {
  return { id, name, limit, duration: durationMs, autoApply: isAutoApplied };
}

function limitAnswer({ planned, taken }: Verdict['limits'][number]) {
  return {
    id: planned.id,
    name: planned.name,
    limit: planned.take.limit,
    duration: planned.take.durationMs,
    reset: taken.resetAt,
    remaining: taken.remaining,
    exceeded: !taken.passed,
    autoApply: planned.isAutoApplied,
  };
}
