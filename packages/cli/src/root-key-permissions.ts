import { allRootKeyPermissions, isRootKeyPermission, suggestion } from '@unkey-ts/contract';

export interface ListedPermissions {
  readonly permissions: readonly string[];
  /** Permissions that have no effect here, with the reason; the root key is created nevertheless. */
  readonly warnings: readonly string[];
}

/** Parses `all`, or comma-separated permissions. Unknown ones are kept: another version may know them. */
export function parseRootKeyPermissions(
  text: string,
  isUrnGrant: (permission: string) => boolean,
): ListedPermissions {
  if (text.trim() === 'all') return { permissions: allRootKeyPermissions, warnings: [] };
  const listed = text.split(',').map((permission) => permission.trim());
  const permissions = [...new Set(listed.filter((permission) => permission !== ''))];
  if (permissions.length === 0) return { permissions, warnings: ['The root key has no permissions.'] };
  return { permissions, warnings: permissions.flatMap((permission) => warningOn(permission, isUrnGrant)) };
}

function warningOn(permission: string, isUrnGrant: (permission: string) => boolean): string[] {
  if (permission.includes('#') || permission.startsWith('unkey:')) {
    if (isUrnGrant(permission)) return [];
    return [
      `'${permission}' grants nothing in this workspace. Grants have the form unkey:v1:WORKSPACE_ID:keyspaces/KEYSPACE_ID#read_key.`,
    ];
  }
  if (isRootKeyPermission(permission)) return [];
  return [`Unknown permission '${permission}'.${suggestion(permission, allRootKeyPermissions)}`];
}
