import { allRootKeyPermissions, rootKeyPermissions } from '@unkey-ts/contract';
import { suggestion } from './near-matches.ts';

export interface ListedPermissions {
  readonly permissions: readonly string[];
  /** Of those, what opens nothing here, with the reason: the key is made all the same. */
  readonly warnings: readonly string[];
}

/** `all`, or permissions with commas between them. One that this version does not know may be known to another. */
export function parseRootKeyPermissions(
  text: string,
  isUrnGrant: (permission: string) => boolean,
): ListedPermissions {
  if (text.trim() === 'all') return { permissions: allRootKeyPermissions, warnings: [] };
  const listed = text.split(',').map((permission) => permission.trim());
  const permissions = [...new Set(listed.filter((permission) => permission !== ''))];
  if (permissions.length === 0) return { permissions, warnings: ['The root key has no permission at all.'] };
  return { permissions, warnings: permissions.flatMap((permission) => warningOn(permission, isUrnGrant)) };
}

function warningOn(permission: string, isUrnGrant: (permission: string) => boolean): string[] {
  if (permission.includes('#') || permission.startsWith('unkey:')) {
    if (isUrnGrant(permission)) return [];
    return [
      `'${permission}' is no grant in this workspace; one looks like unkey:v1:WORKSPACE_ID:keyspaces/KEYSPACE_ID#read_key.`,
    ];
  }
  if (allRootKeyPermissions.includes(permission) || forms.some((form) => form.test(permission))) return [];
  return [`'${permission}' opens nothing here.${suggestion(permission, allRootKeyPermissions)}`];
}

/** `api.{apiId}.read_key` as a pattern: permissions about one thing. */
const forms: readonly RegExp[] = rootKeyPermissions
  .map(({ nameForOne }) => nameForOne)
  .filter((name) => name !== null)
  .map((name) => new RegExp(`^${name.replaceAll('.', '\\.').replace(/\{\w+\}/, '[a-zA-Z0-9_-]+')}$`));
