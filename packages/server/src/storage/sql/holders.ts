import { type Changes, keysOfWorkspace } from '../changes.ts';
import type { Database } from './tables.ts';

/** Processes tell each other the tags in one message of bounded size: beyond this, one tag stands for all keys. */
const maxTags = 100;

/** The keys that have the role. */
export async function addHoldersOfRole(db: Database, changes: Changes, role: OwnId): Promise<void> {
  const holders = await db
    .selectFrom('keyRoles')
    .select('keyId')
    .where('roleId', '=', role.id)
    .limit(maxTags + 1)
    .execute();
  addHolders(changes, role, holders);
}

/** The keys that have the permission, directly or through a role. */
export async function addHoldersOfPermission(
  db: Database,
  changes: Changes,
  permission: OwnId,
): Promise<void> {
  const direct = await db
    .selectFrom('keyPermissions')
    .select('keyId')
    .where('permissionId', '=', permission.id)
    .limit(maxTags + 1)
    .execute();
  const throughRoles = await db
    .selectFrom('rolePermissions')
    // For SQLite, an order: first the roles of the permission, whatever it knows of the tables.
    .crossJoin('keyRoles')
    .whereRef('keyRoles.roleId', '=', 'rolePermissions.roleId')
    .select('keyId')
    .where('permissionId', '=', permission.id)
    .limit(maxTags + 1)
    .execute();
  addHolders(changes, permission, [...direct, ...throughRoles]);
}

interface OwnId {
  readonly workspaceId: string;
  readonly id: string;
}

function addHolders(
  changes: Changes,
  { workspaceId }: OwnId,
  holders: readonly { readonly keyId: string }[],
): void {
  if (holders.length > maxTags) changes.add(keysOfWorkspace(workspaceId));
  else for (const { keyId } of holders) changes.add(keyId);
}
