import type { InputOf } from '@unkey-ts/contract';
import { count, type LimitCheck } from './counting.ts';
import { presentMembers, roleNamesOf, showIdentity, slugsOf } from './links.ts';
import { holds } from './query.ts';
import {
  type Expected,
  findPlain,
  type Identity,
  identityOfKey,
  type Key,
  type State,
  success,
} from './state.ts';

interface Applied extends LimitCheck {
  id: string;
  name: string;
  autoApply: boolean;
}

type Limits = Record<string, unknown>[];

export function verifyKey(state: State, workspace: number, input: InputOf<'keys.verifyKey'>): Expected {
  const key = findPlain(state, workspace, input.key);
  if (key === undefined) return success({ valid: false, code: 'NOT_FOUND' });
  const isHeld = input.permissions === undefined || holds(input.permissions, slugsOf(state, key));
  if (isHeld === undefined) {
    return { status: 400, error: 'user/bad_request/permissions_query_syntax_error' };
  }
  const conclude = (code: string, limits: Limits = []) => {
    key.lastUsedAt = state.now;
    return success(show(state, key, code, limits));
  };
  if (!key.enabled) return conclude('DISABLED');
  if (key.expires !== null && state.now >= key.expires) return conclude('EXPIRED');
  if (!isHeld) return conclude('INSUFFICIENT_PERMISSIONS');

  const applied = appliedLimits(state, key, input.ratelimits ?? []);
  if (applied === undefined) return { status: 412, error: 'unkey/application/precondition_failed' };
  const { passed, results } = count(state, applied);
  const limits = applied.map(({ id, name, limit, duration, autoApply }, index) => ({
    id,
    name,
    limit,
    duration,
    autoApply,
    reset: results[index]?.reset,
    remaining: results[index]?.remaining,
    exceeded: !results[index]?.passed,
  }));
  if (!passed) return conclude('RATE_LIMITED', limits);

  const cost = input.credits?.cost ?? 1;
  if (key.remaining !== null && key.remaining < cost) return conclude('USAGE_EXCEEDED', limits);
  if (key.remaining !== null) key.remaining -= cost;
  return conclude('VALID', limits);
}

function appliedLimits(
  state: State,
  key: Key,
  requested: NonNullable<InputOf<'keys.verifyKey'>['ratelimits']>,
): Applied[] | undefined {
  const applied: Record<string, Applied> = {};
  const configured = configuredLimits(state, key);
  for (const limit of configured) if (limit.autoApply) applied[limit.name] = limit;
  for (const { name, cost = 1, limit, duration } of requested) {
    const own = configured.find((one) => one.name === name);
    if (limit !== undefined && duration !== undefined) {
      applied[name] = { id: '', name, autoApply: false, limit, duration, cost, counter: `${key.id} ${name}` };
    } else if (own !== undefined) applied[name] = { ...own, cost };
    else return undefined;
  }
  return Object.values(applied);
}

function configuredLimits(state: State, key: Key): Applied[] {
  const identity = identityOfKey(state, key);
  const ofIdentity = visibleLimits(key, identity).map((limit) => ({
    ...limit,
    cost: 1,
    counter: `${identity?.id} ${limit.name}`,
  }));
  return [
    ...key.limits.map((limit) => ({ ...limit, cost: 1, counter: `${key.id} ${limit.name}` })),
    ...ofIdentity,
  ];
}

function visibleLimits(key: Key, identity: Identity | undefined) {
  return (identity?.limits ?? []).filter(({ name }) => !key.limits.some((limit) => limit.name === name));
}

function show(state: State, key: Key, code: string, limits: Limits): Record<string, unknown> {
  const identity = identityOfKey(state, key);
  return {
    valid: code === 'VALID',
    code,
    keyId: key.id,
    enabled: key.enabled,
    ...presentMembers({
      name: key.name,
      meta: key.meta,
      expires: key.expires,
      credits: key.remaining,
      permissions: slugsOf(state, key),
      roles: roleNamesOf(state, key),
      identity: identity && showIdentity(identity, key.limits),
      ratelimits: limits,
    }),
  };
}
