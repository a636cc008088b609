import { storedName } from '../sql/names.ts';
import type { Tables } from '../sql/tables.ts';

/** The key of each table: rows are copied and compared in the order of these columns. */
const keys = {
  workspaces: ['id'],
  rootKeys: ['id'],
  rootKeyPermissions: ['rootKeyId', 'permission'],
  apis: ['id'],
  identities: ['id'],
  keys: ['id'],
  pendingUnlinks: ['targetId', 'linkTable'],
  retiredHashes: ['hash', 'workspaceId'],
  ratelimits: ['id'],
  permissions: ['id'],
  roles: ['id'],
  rolePermissions: ['roleId', 'permissionId'],
  keyPermissions: ['keyId', 'permissionId'],
  keyRoles: ['keyId', 'roleId'],
  namespaces: ['id'],
  overrides: ['id'],
  migrations: ['id'],
  auditLog: ['sequence'],
  idempotencyRecords: ['workspaceId', 'operation', 'keyHash'],
} as const satisfies { readonly [Table in keyof Tables]: readonly (keyof Tables[Table])[] };

/** A table, with its names in the database. */
export interface TransferTable {
  readonly name: string;
  readonly key: readonly string[];
}

/** All tables. */
export const transferTables: readonly TransferTable[] = Object.entries(keys).map(([name, key]) => ({
  name: storedName(name),
  key: key.map(storedName),
}));
