import type { InputOf } from '@unkey-ts/contract';
import {
  findIdentity,
  findPermission,
  findRole,
  type Identity,
  type Key,
  type Limit,
  named,
  type Permission,
  type Role,
  type State,
} from './state.ts';

type WantedLimits = NonNullable<InputOf<'keys.createKey'>['ratelimits']>;

/** Limits by name: the last entry of a name wins, and an existing name keeps its id. */
export function limitsOf(state: State, stored: Limit[], wanted: WantedLimits): Limit[] {
  const names = [...new Set(wanted.map(({ name }) => name))];
  return names.flatMap((name) => {
    const check = wanted.filter((one) => one.name === name).at(-1);
    const id = stored.find((limit) => limit.name === name)?.id ?? named(state, 'rl');
    if (check === undefined) return [];
    return [{ id, name, limit: check.limit, duration: check.duration, autoApply: check.autoApply }];
  });
}

/** The permissions with these slugs, each once; missing ones are created. */
export function permissionsOf(
  state: State,
  workspace: number,
  slugs: readonly string[],
  describe: (slug: string) => string | undefined = () => undefined,
): Permission[] {
  const found: Permission[] = [];
  for (const slug of slugs) {
    let permission = findSlug(state, workspace, slug);
    if (permission === undefined) {
      permission = { id: named(state, 'perm'), workspace, slug, name: slug, description: describe(slug) };
      state.permissions.push(permission);
    }
    if (!found.includes(permission)) found.push(permission);
  }
  return found;
}

/** By slug only: ids are not accepted. */
export function findSlug(state: State, workspace: number, slug: string): Permission | undefined {
  const permission = findPermission(state, workspace, slug);
  return permission?.id === slug ? undefined : permission;
}

/** The roles with these names, each once; undefined if one does not exist. */
export function rolesOf(state: State, workspace: number, names: readonly string[]): Role[] | undefined {
  const roles: Role[] = [];
  for (const name of names) {
    const role = findRole(state, workspace, name);
    if (role === undefined || role.id === name) return undefined;
    if (!roles.includes(role)) roles.push(role);
  }
  return roles;
}

export function identityFor(state: State, workspace: number, externalId: string): Identity {
  const known = findIdentity(state, workspace, externalId);
  if (known !== undefined && known.externalId === externalId) return known;
  const identity = {
    id: named(state, 'id'),
    workspace,
    externalId,
    meta: {},
    limits: [],
    isDeleted: false,
  };
  state.identities.push(identity);
  return identity;
}

export function slugsOf(state: State, key: Key): string[] {
  const throughRoles = state.roles
    .filter(({ id }) => key.roles.includes(id))
    .flatMap((role) => role.permissions);
  const held = [...key.permissions, ...throughRoles];
  const slugs = state.permissions.filter(({ id }) => held.includes(id)).map(({ slug }) => slug);
  return [...new Set(slugs)].sort();
}

export function roleNamesOf(state: State, key: Key): string[] {
  return state.roles.filter(({ id }) => key.roles.includes(id)).map(({ name }) => name);
}

/** Without the members that are null, empty or undefined. */
export function presentMembers(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function showPermission({ id, name, slug, description }: Permission) {
  return { id, name, slug, ...presentMembers({ description }) };
}

export function showPermissions(state: State, ids: readonly string[]) {
  return state.permissions.filter(({ id }) => ids.includes(id)).map(showPermission);
}

export function showRole(state: State, { id, name, description, permissions }: Role) {
  return { id, name, ...presentMembers({ description, permissions: showPermissions(state, permissions) }) };
}

export function showIdentity({ id, externalId, meta, limits }: Identity, hidden: readonly Limit[] = []) {
  const ratelimits = limits.filter(({ name }) => !hidden.some((limit) => limit.name === name));
  return { id, externalId, ...presentMembers({ meta, ratelimits }) };
}
