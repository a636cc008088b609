import type { InputOf } from '@unkey-ts/contract';
import { containsText } from './contains-text.ts';
import { findSlug, permissionsOf, showPermission, showRole } from './links.ts';
import {
  conflict,
  type Expected,
  findPermission,
  findRole,
  isSameName,
  named,
  notFound,
  type State,
  success,
} from './state.ts';

export function createPermission(
  state: State,
  workspace: number,
  { name, slug, description }: InputOf<'permissions.createPermission'>,
): Expected {
  if (findSlug(state, workspace, slug) !== undefined) return conflict('permission');
  const id = named(state, 'perm');
  state.permissions.push({ id, workspace, slug, name, description });
  return success({ permissionId: id });
}

export function getPermission(
  state: State,
  workspace: number,
  { permission: reference }: InputOf<'permissions.getPermission'>,
): Expected {
  const permission = findPermission(state, workspace, reference);
  return permission === undefined ? notFound('permission') : success(showPermission(permission));
}

export function listPermissions(
  state: State,
  workspace: number,
  { search }: InputOf<'permissions.listPermissions'>,
): Expected {
  const own = state.permissions.filter((one) => one.workspace === workspace);
  const found = own.filter((one) => contains(search, ['perm_', one.slug, one.name, one.description]));
  return success(found.map(showPermission));
}

export function deletePermission(
  state: State,
  workspace: number,
  { permission: reference }: InputOf<'permissions.deletePermission'>,
): Expected {
  const permission = findPermission(state, workspace, reference);
  if (permission === undefined) return notFound('permission');
  state.permissions = state.permissions.filter((one) => one !== permission);
  return success({});
}

export function createRole(
  state: State,
  workspace: number,
  { name, description, permissions }: InputOf<'permissions.createRole'>,
): Expected {
  if (state.roles.some((role) => role.workspace === workspace && isSameName(role.name, name))) {
    return conflict('role');
  }
  const id = named(state, 'role');
  const ids = permissionsOf(state, workspace, permissions ?? []).map((permission) => permission.id);
  state.roles.push({ id, workspace, name, description, permissions: ids });
  return success({ roleId: id });
}

export function getRole(
  state: State,
  workspace: number,
  { role: reference }: InputOf<'permissions.getRole'>,
): Expected {
  const role = findRole(state, workspace, reference);
  return role === undefined ? notFound('role') : success(showRole(state, role));
}

export function listRoles(
  state: State,
  workspace: number,
  { search }: InputOf<'permissions.listRoles'>,
): Expected {
  const own = state.roles.filter((one) => one.workspace === workspace);
  const found = own.filter((one) => contains(search, ['role_', one.name, one.description]));
  return success(found.map((role) => showRole(state, role)));
}

export function deleteRole(
  state: State,
  workspace: number,
  { role: reference }: InputOf<'permissions.deleteRole'>,
): Expected {
  const role = findRole(state, workspace, reference);
  if (role === undefined) return notFound('role');
  state.roles = state.roles.filter((one) => one !== role);
  return success({});
}

export function setRolePermissions(
  state: State,
  workspace: number,
  { roleId, permissions }: InputOf<'permissions.setRolePermissions'>,
): Expected {
  const role = state.roles.find((one) => one.id === roleId && one.workspace === workspace);
  if (role === undefined) return notFound('role');
  const wanted = permissionsOf(state, workspace, permissions);
  role.permissions = wanted.map(({ id }) => id);
  return success(wanted.map(showPermission));
}

function contains(search: string | undefined, texts: (string | undefined)[]): boolean {
  return texts.some((one) => containsText(one ?? '', (search ?? '').trim()));
}
