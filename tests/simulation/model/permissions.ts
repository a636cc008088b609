import type { InputOf } from '@unkey-ts/contract';
import { containsText } from './contains-text.ts';
import { findSlug, permissionsOf, showPermission, showRole } from './links.ts';
import {
  absent,
  answer,
  findPermission,
  findRole,
  isSameName,
  named,
  type Outcome,
  type State,
  taken,
} from './state.ts';

export function createPermission(
  state: State,
  workspace: number,
  { name, slug, description }: InputOf<'permissions.createPermission'>,
): Outcome {
  if (findSlug(state, workspace, slug) !== undefined) return taken('permission');
  const id = named(state, 'perm');
  state.permissions.push({ id, workspace, slug, name, description });
  return answer({ permissionId: id });
}

export function getPermission(
  state: State,
  workspace: number,
  { permission: reference }: InputOf<'permissions.getPermission'>,
): Outcome {
  const permission = findPermission(state, workspace, reference);
  return permission === undefined ? absent('permission') : answer(showPermission(permission));
}

export function listPermissions(
  state: State,
  workspace: number,
  { search }: InputOf<'permissions.listPermissions'>,
): Outcome {
  const own = state.permissions.filter((one) => one.workspace === workspace);
  const found = own.filter((one) => contains(search, ['perm_', one.slug, one.name, one.description]));
  return answer(found.map(showPermission));
}

export function deletePermission(
  state: State,
  workspace: number,
  { permission: reference }: InputOf<'permissions.deletePermission'>,
): Outcome {
  const permission = findPermission(state, workspace, reference);
  if (permission === undefined) return absent('permission');
  state.permissions = state.permissions.filter((one) => one !== permission);
  return answer({});
}

export function createRole(
  state: State,
  workspace: number,
  { name, description, permissions }: InputOf<'permissions.createRole'>,
): Outcome {
  if (state.roles.some((role) => role.workspace === workspace && isSameName(role.name, name))) {
    return taken('role');
  }
  const id = named(state, 'role');
  const ids = permissionsOf(state, workspace, permissions ?? []).map((permission) => permission.id);
  state.roles.push({ id, workspace, name, description, permissions: ids });
  return answer({ roleId: id });
}

export function getRole(
  state: State,
  workspace: number,
  { role: reference }: InputOf<'permissions.getRole'>,
): Outcome {
  const role = findRole(state, workspace, reference);
  return role === undefined ? absent('role') : answer(showRole(state, role));
}

export function listRoles(
  state: State,
  workspace: number,
  { search }: InputOf<'permissions.listRoles'>,
): Outcome {
  const own = state.roles.filter((one) => one.workspace === workspace);
  const found = own.filter((one) => contains(search, ['role_', one.name, one.description]));
  return answer(found.map((role) => showRole(state, role)));
}

export function deleteRole(
  state: State,
  workspace: number,
  { role: reference }: InputOf<'permissions.deleteRole'>,
): Outcome {
  const role = findRole(state, workspace, reference);
  if (role === undefined) return absent('role');
  state.roles = state.roles.filter((one) => one !== role);
  return answer({});
}

export function setRolePermissions(
  state: State,
  workspace: number,
  { roleId, permissions }: InputOf<'permissions.setRolePermissions'>,
): Outcome {
  const role = state.roles.find((one) => one.id === roleId && one.workspace === workspace);
  if (role === undefined) return absent('role');
  const wanted = permissionsOf(state, workspace, permissions);
  role.permissions = wanted.map(({ id }) => id);
  return answer(wanted.map(showPermission));
}

function contains(search: string | undefined, texts: (string | undefined)[]): boolean {
  return texts.some((one) => containsText(one ?? '', (search ?? '').trim()));
}
