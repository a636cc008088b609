import type { InputOf } from '@unkey-ts/contract';
import {
  findSlug,
  identityFor,
  limitsOf,
  permissionsOf,
  presentMembers,
  roleNamesOf,
  rolesOf,
  showIdentity,
  showPermission,
  showPermissions,
  showRole,
  slugsOf,
} from './links.ts';
import {
  type Expected,
  findApi,
  findKey,
  findPlain,
  identityOfKey,
  invalid,
  type Key,
  named,
  notFound,
  type Refill,
  type State,
  success,
} from './state.ts';

export function showKey(state: State, key: Key): Record<string, unknown> {
  const identity = identityOfKey(state, key);
  return {
    keyId: key.id,
    start: startOf(key),
    enabled: key.enabled,
    createdAt: key.createdAt,
    ...presentMembers({
      name: key.name,
      meta: key.meta,
      updatedAt: key.updatedAt,
      lastUsedAt: key.lastUsedAt === null ? null : `@about:${key.lastUsedAt}`,
      expires: key.expires,
      permissions: slugsOf(state, key),
      roles: roleNamesOf(state, key),
      credits: key.remaining === null ? null : showCredits(key),
      identity: identity && showIdentity(identity),
      ratelimits: key.limits,
    }),
  };
}

function startOf({ plain, prefix }: Key): string {
  return `${plain}[${(prefix === '' ? 0 : prefix.length + 1) + 4}]`;
}

function showCredits({ remaining, refill }: Key) {
  return { remaining, ...(remaining !== null && refill !== null && { refill: { ...refill } }) };
}

/** The placeholder of a plaintext that starts with the prefix. */
function namedPlain(state: State, prefix: string): { plain: string; shown: string } {
  const plain = named(state, 'plain');
  return { plain, shown: `${plain}~${prefix === '' ? '' : `${prefix}_`}` };
}

export function createKey(state: State, workspace: number, input: InputOf<'keys.createKey'>): Expected {
  if (findApi(state, workspace, input.apiId) === undefined) return notFound('api');
  const { remaining = null, refill } = input.credits ?? {};
  if (refill && (remaining === null || lacksDay(refill))) return invalid;
  const roles = rolesOf(state, workspace, input.roles ?? []);
  if (roles === undefined) return notFound('role');
  const { plain, shown } = namedPlain(state, input.prefix ?? '');
  const key: Key = {
    id: named(state, 'key'),
    plain,
    prefix: input.prefix ?? '',
    workspace,
    api: input.apiId,
    name: input.name ?? null,
    meta: input.meta ?? null,
    enabled: input.enabled ?? true,
    expires: input.expires ?? null,
    createdAt: state.now,
    updatedAt: null,
    lastUsedAt: null,
    remaining,
    refill: refill ? refillOf(refill) : null,
    identity: input.externalId === undefined ? null : identityFor(state, workspace, input.externalId).id,
    permissions: permissionsOf(state, workspace, input.permissions ?? []).map(({ id }) => id),
    roles: roles.map(({ id }) => id),
    limits: limitsOf(state, [], input.ratelimits ?? []),
    isRecoverable: input.recoverable ?? false,
    isDeleted: false,
  };
  state.keys.push(key);
  return success({ keyId: key.id, key: shown });
}

interface WantedRefill {
  interval: 'daily' | 'monthly';
  amount: number;
  refillDay?: number;
}

function lacksDay({ interval, refillDay }: WantedRefill): boolean {
  return interval === 'monthly' && refillDay === undefined;
}

function refillOf({ interval, amount, refillDay }: WantedRefill): Refill {
  return interval === 'daily' || refillDay === undefined
    ? { interval: 'daily', amount }
    : { interval, amount, refillDay };
}

export function getKey(
  state: State,
  workspace: number,
  { keyId, decrypt }: InputOf<'keys.getKey'>,
): Expected {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return notFound('key');
  return success({ ...showKey(state, key), ...(decrypt && key.isRecoverable && { plaintext: key.plain }) });
}

export function whoami(state: State, workspace: number, { key: plain }: InputOf<'keys.whoami'>): Expected {
  const key = findPlain(state, workspace, plain);
  return key === undefined ? notFound('key') : success(showKey(state, key));
}

export function updateKey(state: State, workspace: number, input: InputOf<'keys.updateKey'>): Expected {
  const key = findKey(state, workspace, input.keyId);
  if (key === undefined) return notFound('key');
  const refill = input.credits?.refill;
  if (refill && (lacksDay(refill) || (refill.interval === 'daily' && refill.refillDay !== undefined))) {
    return invalid;
  }
  const roles = rolesOf(state, workspace, input.roles ?? []);
  if (roles === undefined) return notFound('role');

  if (input.name !== undefined) key.name = input.name;
  if (input.meta !== undefined) key.meta = input.meta;
  if (input.expires !== undefined) key.expires = input.expires;
  if (input.enabled !== undefined) key.enabled = input.enabled;
  if (input.externalId !== undefined) {
    key.identity = input.externalId === null ? null : identityFor(state, workspace, input.externalId).id;
  }
  if (input.credits !== undefined) updateKeyCredits(key, input.credits);
  if (input.ratelimits) key.limits = limitsOf(state, key.limits, input.ratelimits);
  if (input.roles) key.roles = roles.map(({ id }) => id);
  if (input.permissions) {
    const describe = (slug: string) => `Auto-created permission: ${slug}`;
    key.permissions = permissionsOf(state, workspace, input.permissions, describe).map(({ id }) => id);
  }
  key.updatedAt = state.now;
  return success({});
}

function updateKeyCredits(key: Key, credits: NonNullable<InputOf<'keys.updateKey'>['credits']> | null): void {
  if (credits === null || credits.remaining === null) {
    key.remaining = null;
    key.refill = null;
  }
  if (credits === null) return;
  if (typeof credits.remaining === 'number') key.remaining = credits.remaining;
  if (credits.refill === null) key.refill = null;
  if (credits.refill) key.refill = refillOf(credits.refill);
}

export function updateCredits(
  state: State,
  workspace: number,
  { keyId, operation, value }: InputOf<'keys.updateCredits'>,
): Expected {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return notFound('key');
  if (operation === 'set') {
    key.remaining = value ?? null;
    if (key.remaining === null) key.refill = null;
    return success(showCredits(key));
  }
  if (value === null || value === undefined || key.remaining === null) return invalid;
  key.remaining = operation === 'increment' ? key.remaining + value : Math.max(0, key.remaining - value);
  return success(showCredits(key));
}

export function deleteKey(state: State, workspace: number, { keyId }: InputOf<'keys.deleteKey'>): Expected {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return notFound('key');
  key.isDeleted = true;
  return success({});
}

export function rerollKey(
  state: State,
  workspace: number,
  { keyId, expiration }: InputOf<'keys.rerollKey'>,
): Expected {
  const old = findKey(state, workspace, keyId);
  if (old === undefined) return notFound('key');
  const { plain, shown } = namedPlain(state, old.prefix);
  const key: Key = {
    ...structuredClone(old),
    id: named(state, 'key'),
    plain,
    identity: identityOfKey(state, old)?.id ?? null,
    limits: old.limits.map((limit) => ({ ...limit, id: named(state, 'rl') })),
    createdAt: state.now,
    updatedAt: null,
    lastUsedAt: null,
  };
  state.keys.push(key);
  const minuteMs = 60_000;
  const end = state.now + expiration;
  old.expires = expiration === 0 || end % minuteMs === 0 ? end : end - (end % minuteMs) + minuteMs;
  old.updatedAt = state.now;
  return success({ keyId: key.id, key: shown });
}

export function addPermissions(
  state: State,
  workspace: number,
  { keyId, permissions }: InputOf<'keys.addPermissions'>,
): Expected {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return notFound('key');
  const added = permissionsOf(state, workspace, permissions).map(({ id }) => id);
  key.permissions = [...new Set([...key.permissions, ...added])];
  return success(showPermissions(state, key.permissions));
}

export function removePermissions(
  state: State,
  workspace: number,
  { keyId, permissions }: InputOf<'keys.removePermissions'>,
): Expected {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return notFound('key');
  const found = permissions.map((slug) => findSlug(state, workspace, slug));
  if (found.includes(undefined)) return notFound('permission');
  key.permissions = key.permissions.filter((id) => !found.some((permission) => permission?.id === id));
  return success(showPermissions(state, key.permissions));
}

export function setPermissions(
  state: State,
  workspace: number,
  { keyId, permissions }: InputOf<'keys.setPermissions'>,
): Expected {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return notFound('key');
  const wanted = permissionsOf(state, workspace, permissions);
  key.permissions = wanted.map(({ id }) => id);
  return success(wanted.map(showPermission));
}

/** Adds, removes or sets roles; the response has the roles of the key afterwards. */
function changeRoles(
  change: (had: string[], named: string[]) => string[],
): (state: State, workspace: number, input: InputOf<'keys.addRoles'>) => Expected {
  return (state, workspace, { keyId, roles }) => {
    const key = findKey(state, workspace, keyId);
    if (key === undefined) return notFound('key');
    const found = rolesOf(state, workspace, roles);
    if (found === undefined) return notFound('role');
    key.roles = change(
      key.roles,
      found.map(({ id }) => id),
    );
    const { roles: ids } = key;
    return success(state.roles.filter(({ id }) => ids.includes(id)).map((role) => showRole(state, role)));
  };
}

export const addRoles = changeRoles((had, named) => [...new Set([...had, ...named])]);
export const removeRoles = changeRoles((had, named) => had.filter((id) => !named.includes(id)));
export const setRoles = changeRoles((_had, named) => named);
