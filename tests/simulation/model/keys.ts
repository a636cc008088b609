import type { InputOf } from '@unkey-ts/contract';
import {
  findSlug,
  given,
  identityFor,
  limitsOf,
  permissionsOf,
  roleNamesOf,
  rolesOf,
  showIdentity,
  showPermission,
  showPermissions,
  showRole,
  slugsOf,
} from './links.ts';
import {
  absent,
  answer,
  findApi,
  findKey,
  findPlain,
  identityOfKey,
  invalid,
  type Key,
  named,
  type Outcome,
  type Refill,
  type State,
} from './state.ts';

export function showKey(state: State, key: Key): Record<string, unknown> {
  const identity = identityOfKey(state, key);
  return {
    keyId: key.id,
    start: startOf(key),
    enabled: key.enabled,
    createdAt: key.createdAt,
    ...given({
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

/** The name of a plain text that begins with the prefix. */
function namedPlain(state: State, prefix: string): { plain: string; shown: string } {
  const plain = named(state, 'plain');
  return { plain, shown: `${plain}~${prefix === '' ? '' : `${prefix}_`}` };
}

export function createKey(state: State, workspace: number, input: InputOf<'keys.createKey'>): Outcome {
  if (findApi(state, workspace, input.apiId) === undefined) return absent('api');
  const { remaining = null, refill } = input.credits ?? {};
  if (refill && (remaining === null || lacksDay(refill))) return invalid;
  const roles = rolesOf(state, workspace, input.roles ?? []);
  if (roles === undefined) return absent('role');
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
  return answer({ keyId: key.id, key: shown });
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

export function getKey(state: State, workspace: number, { keyId, decrypt }: InputOf<'keys.getKey'>): Outcome {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return absent('key');
  return answer({ ...showKey(state, key), ...(decrypt && key.isRecoverable && { plaintext: key.plain }) });
}

export function whoami(state: State, workspace: number, { key: plain }: InputOf<'keys.whoami'>): Outcome {
  const key = findPlain(state, workspace, plain);
  return key === undefined ? absent('key') : answer(showKey(state, key));
}

export function updateKey(state: State, workspace: number, input: InputOf<'keys.updateKey'>): Outcome {
  const key = findKey(state, workspace, input.keyId);
  if (key === undefined) return absent('key');
  const refill = input.credits?.refill;
  if (refill && (lacksDay(refill) || (refill.interval === 'daily' && refill.refillDay !== undefined))) {
    return invalid;
  }
  const roles = rolesOf(state, workspace, input.roles ?? []);
  if (roles === undefined) return absent('role');

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
  return answer({});
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
): Outcome {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return absent('key');
  if (operation === 'set') {
    key.remaining = value ?? null;
    if (key.remaining === null) key.refill = null;
    return answer(showCredits(key));
  }
  if (value === null || value === undefined || key.remaining === null) return invalid;
  key.remaining = operation === 'increment' ? key.remaining + value : Math.max(0, key.remaining - value);
  return answer(showCredits(key));
}

export function deleteKey(state: State, workspace: number, { keyId }: InputOf<'keys.deleteKey'>): Outcome {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return absent('key');
  key.isDeleted = true;
  return answer({});
}

export function rerollKey(
  state: State,
  workspace: number,
  { keyId, expiration }: InputOf<'keys.rerollKey'>,
): Outcome {
  const old = findKey(state, workspace, keyId);
  if (old === undefined) return absent('key');
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
  return answer({ keyId: key.id, key: shown });
}

export function addPermissions(
  state: State,
  workspace: number,
  { keyId, permissions }: InputOf<'keys.addPermissions'>,
): Outcome {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return absent('key');
  const added = permissionsOf(state, workspace, permissions).map(({ id }) => id);
  key.permissions = [...new Set([...key.permissions, ...added])];
  return answer(showPermissions(state, key.permissions));
}

export function removePermissions(
  state: State,
  workspace: number,
  { keyId, permissions }: InputOf<'keys.removePermissions'>,
): Outcome {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return absent('key');
  const found = permissions.map((slug) => findSlug(state, workspace, slug));
  if (found.includes(undefined)) return absent('permission');
  key.permissions = key.permissions.filter((id) => !found.some((permission) => permission?.id === id));
  return answer(showPermissions(state, key.permissions));
}

export function setPermissions(
  state: State,
  workspace: number,
  { keyId, permissions }: InputOf<'keys.setPermissions'>,
): Outcome {
  const key = findKey(state, workspace, keyId);
  if (key === undefined) return absent('key');
  const wanted = permissionsOf(state, workspace, permissions);
  key.permissions = wanted.map(({ id }) => id);
  return answer(wanted.map(showPermission));
}

/** Adds, removes or sets roles: what the key has afterwards is the answer. */
function changeRoles(
  change: (had: string[], named: string[]) => string[],
): (state: State, workspace: number, input: InputOf<'keys.addRoles'>) => Outcome {
  return (state, workspace, { keyId, roles }) => {
    const key = findKey(state, workspace, keyId);
    if (key === undefined) return absent('key');
    const found = rolesOf(state, workspace, roles);
    if (found === undefined) return absent('role');
    key.roles = change(
      key.roles,
      found.map(({ id }) => id),
    );
    const { roles: ids } = key;
    return answer(state.roles.filter(({ id }) => ids.includes(id)).map((role) => showRole(state, role)));
  };
}

export const addRoles = changeRoles((had, named) => [...new Set([...had, ...named])]);
export const removeRoles = changeRoles((had, named) => had.filter((id) => !named.includes(id)));
export const setRoles = changeRoles((_had, named) => named);
