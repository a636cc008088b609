import type { Generated, Kysely } from 'kysely';
import { flag, integer, json, nullable, text } from '../port/columns.ts';
import { keyColumns, type Meta } from '../port/records.ts';
import type { RowOf } from './columns.ts';

/** Every table and its columns; both databases hold these, and a test compares them. */
export const tables = {
  workspaces: {
    id: text,
    name: text,
    isEnabled: flag,
    requestsPerMinute: nullable(integer),
    wrappedDataKey: nullable(text),
    createdAt: integer,
  },
  rootKeys: {
    id: text,
    workspaceId: text,
    hash: text,
    start: text,
    name: nullable(text),
    isEnabled: flag,
    expiresAt: nullable(integer),
    createdAt: integer,
    deletedAt: nullable(integer),
  },
  rootKeyPermissions: { rootKeyId: text, permission: text },
  apis: {
    id: text,
    workspaceId: text,
    name: text,
    keyspaceId: text,
    allowedIps: nullable(text),
    isProtected: flag,
    defaultPrefix: nullable(text),
    defaultByteLength: nullable(integer),
    createdAt: integer,
    deletedAt: nullable(integer),
  },
  identities: {
    id: text,
    workspaceId: text,
    externalId: text,
    meta: nullable(json<Meta>()),
    createdAt: integer,
    updatedAt: nullable(integer),
    deletedAt: nullable(integer),
  },
  keys: {
    ...keyColumns,
    workspaceId: text,
    identityId: nullable(text),
    updatedAt: nullable(integer),
    lastUsedAt: nullable(integer),
    deletedAt: nullable(integer),
    creditsRemaining: nullable(integer),
    refillAmount: nullable(integer),
    refillDay: nullable(integer),
    lastRefillAt: nullable(integer),
    /** Follows from the refill and `lastRefillAt`; here so that an index finds keys whose refill is due. */
    nextRefillAt: nullable(integer),
  },
  /** Links to deleted roles and permissions that are still to be removed. */
  pendingUnlinks: { targetId: text, linkTable: text },
  /** Hashes of removed keys: they stay taken. */
  retiredHashes: { hash: text, workspaceId: text },
  ratelimits: {
    id: text,
    workspaceId: text,
    /** A key or an identity. */
    ownerId: text,
    name: text,
    limit: integer,
    durationMs: integer,
    isAutoApplied: flag,
  },
  permissions: {
    id: text,
    workspaceId: text,
    slug: text,
    slugFolded: text,
    name: text,
    description: nullable(text),
    createdAt: integer,
  },
  roles: {
    id: text,
    workspaceId: text,
    name: text,
    nameFolded: text,
    description: nullable(text),
    createdAt: integer,
  },
  rolePermissions: { roleId: text, permissionId: text },
  keyPermissions: { keyId: text, permissionId: text },
  keyRoles: { keyId: text, roleId: text },
  namespaces: {
    id: text,
    workspaceId: text,
    name: text,
    createdAt: integer,
    deletedAt: nullable(integer),
  },
  overrides: {
    id: text,
    workspaceId: text,
    namespaceId: text,
    identifier: text,
    limit: integer,
    durationMs: integer,
    createdAt: integer,
    deletedAt: nullable(integer),
  },
  migrations: { id: text, workspaceId: text, name: text, algorithm: text, createdAt: integer },
  auditLog: {
    /** Grows with every record: the order of writing. */
    sequence: integer,
    id: text,
    workspaceId: text,
    event: text,
    at: integer,
    actorType: text,
    actorId: text,
    actorName: text,
    display: text,
    remoteIp: nullable(text),
    userAgent: nullable(text),
    resources: text,
    correlationId: nullable(text),
  },
  idempotencyRecords: {
    workspaceId: text,
    operation: text,
    keyHash: text,
    fingerprint: text,
    /** Sealed. Empty only inside the transaction that claims the key. */
    response: text,
    expiresAt: integer,
  },
} as const;

type Declared = typeof tables;

/** Rows as the databases hold them. */
export type Tables = {
  [Table in Exclude<keyof Declared, 'auditLog'>]: RowOf<Declared[Table]>;
} & {
  auditLog: Omit<RowOf<Declared['auditLog']>, 'sequence'> & { sequence: Generated<number> };
};

/** Of the first schema: a database with these is one of ours, whatever its version. */
export const firstTables = ['workspaces', 'root_keys', 'apis', 'keys', 'audit_log'];

export type Database = Kysely<Tables>;
