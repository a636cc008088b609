import type { VerificationCode } from '@unkey-ts/contract';
import { isAllowed } from '../network/ip-allow-list.ts';
import { holds, type Query } from '../permissions/query.ts';
import type { LimitCheck } from '../ratelimit/window.ts';
import { type CountedRatelimit, counterOf, type VerifiableKey } from './verifiable-key.ts';

export interface VerificationRequest {
  readonly permissions: Query | null;
  readonly ratelimits: readonly RequestedLimit[];
  clientIp(): string;
}

/** With `limit` and `duration` the request defines the limit; otherwise it names a limit of the key. */
export interface RequestedLimit {
  readonly name: string;
  readonly cost?: number;
  readonly limit?: number;
  readonly duration?: number;
}

export interface PlannedLimit {
  /** Empty for a limit that the request defines. */
  readonly id: string;
  readonly name: string;
  readonly isAutoApplied: boolean;
  readonly check: LimitCheck;
}

export type Plan =
  | { readonly kind: 'denied'; readonly code: VerificationCode }
  | { readonly kind: 'unknownLimit'; readonly name: string }
  | { readonly kind: 'limits'; readonly limits: readonly PlannedLimit[] };

/** Pure: denies for a reason that needs no counting, in order of precedence, or lists the limits to count. */
export function plan(key: VerifiableKey, request: VerificationRequest, now: number): Plan {
  if (!key.isEnabled) return { kind: 'denied', code: 'DISABLED' };
  if (isExpired(key, now)) return { kind: 'denied', code: 'EXPIRED' };
  if (key.allowedIps !== null && !isAllowed(key.allowedIps, request.clientIp())) {
    return { kind: 'denied', code: 'FORBIDDEN' };
  }
  if (request.permissions !== null && !holds(request.permissions, key.permissionSet)) {
    return { kind: 'denied', code: 'INSUFFICIENT_PERMISSIONS' };
  }
  return planLimits(key, request.ratelimits);
}

/** Neither disabled nor expired. */
export function isUsable(key: VerifiableKey, now: number): boolean {
  return key.isEnabled && !isExpired(key, now);
}

function isExpired({ expiresAt }: VerifiableKey, now: number): boolean {
  return expiresAt !== null && now >= expiresAt;
}

const nothingToCheck: Plan = { kind: 'limits', limits: [] };

function planLimits(key: VerifiableKey, requested: readonly RequestedLimit[]): Plan {
  const own = ownLimits(key);
  if (own.length === 0 && requested.length === 0) return nothingToCheck;
  const planned = new Map<string, PlannedLimit>();
  for (const limit of own) {
    if (limit.isAutoApplied) planned.set(limit.name, configuredLimit(limit, 1));
  }
  for (const request of requested) {
    const limit = requestedLimit(key, request);
    if (limit === null) return { kind: 'unknownLimit', name: request.name };
    planned.set(request.name, limit);
  }
  return { kind: 'limits', limits: [...planned.values()] };
}

/** Limits of the identity whose name no limit of the key has. */
export function visibleIdentityLimits(key: VerifiableKey): readonly CountedRatelimit[] {
  const limits = key.identity?.ratelimits ?? [];
  if (limits.length === 0 || key.ratelimits.length === 0) return limits;
  return limits.filter(({ name }) => key.ratelimits.every((own) => own.name !== name));
}

function ownLimits(key: VerifiableKey): readonly CountedRatelimit[] {
  const identityLimits = visibleIdentityLimits(key);
  return identityLimits.length === 0 ? key.ratelimits : [...key.ratelimits, ...identityLimits];
}

function requestedLimit(key: VerifiableKey, request: RequestedLimit): PlannedLimit | null {
  const cost = request.cost ?? 1;
  if (request.limit !== undefined && request.duration !== undefined) {
    const { name, limit, duration: durationMs } = request;
    const counter = counterOf(key.workspaceId, key.id, { name, durationMs });
    return { id: '', name, isAutoApplied: false, check: { counter, limit, durationMs, cost } };
  }
  const configured = ownLimits(key).find(({ name }) => name === request.name);
  return configured ? configuredLimit(configured, cost) : null;
}

function configuredLimit(ratelimit: CountedRatelimit, cost: number): PlannedLimit {
  const { id, name, isAutoApplied, counter, limit, durationMs } = ratelimit;
  return { id, name, isAutoApplied, check: { counter, limit, durationMs, cost } };
}
