import type { Generated, Kysely } from 'kysely';

/** Booleans are 0 or 1, JSON is text, times are Unix milliseconds: what every database of ours holds alike. */
export interface Tables {
  workspaces: {
    id: string;
    name: string;
    isEnabled: number;
    requestsPerMinute: number | null;
    wrappedDataKey: string | null;
    createdAt: number;
  };
  rootKeys: {
    id: string;
    workspaceId: string;
    hash: string;
    start: string;
    name: string | null;
    isEnabled: number;
    expiresAt: number | null;
    createdAt: number;
    deletedAt: number | null;
  };
  rootKeyPermissions: { rootKeyId: string; permission: string };
  apis: {
    id: string;
    workspaceId: string;
    name: string;
    keyspaceId: string;
    allowedIps: string | null;
    isProtected: number;
    defaultPrefix: string | null;
    defaultByteLength: number | null;
    createdAt: number;
    deletedAt: number | null;
  };
  identities: {
    id: string;
    workspaceId: string;
    externalId: string;
    meta: string | null;
    createdAt: number;
    updatedAt: number | null;
    deletedAt: number | null;
  };
  keys: {
    id: string;
    workspaceId: string;
    apiId: string;
    hash: string;
    start: string;
    prefix: string | null;
    byteLength: number;
    name: string | null;
    identityId: string | null;
    meta: string | null;
    isEnabled: number;
    expiresAt: number | null;
    createdAt: number;
    updatedAt: number | null;
    lastUsedAt: number | null;
    deletedAt: number | null;
    pendingMigrationId: string | null;
    ciphertext: string | null;
    creditsRemaining: number | null;
    refillAmount: number | null;
    refillDay: number | null;
    lastRefillAt: number | null;
    /** Follows from the refill and `lastRefillAt`; here so that due keys are found by an index. */
    nextRefillAt: number | null;
  };
  /** Of keys that were deleted and are no longer stored: they stay taken. */
  retiredHashes: { hash: string };
  ratelimits: {
    id: string;
    workspaceId: string;
    /** A key or an identity. */
    ownerId: string;
    name: string;
    limit: number;
    durationMs: number;
    isAutoApplied: number;
  };
  permissions: {
    id: string;
    workspaceId: string;
    slug: string;
    slugFolded: string;
    name: string;
    description: string | null;
    createdAt: number;
  };
  roles: {
    id: string;
    workspaceId: string;
    name: string;
    nameFolded: string;
    description: string | null;
    createdAt: number;
  };
  rolePermissions: { roleId: string; permissionId: string };
  keyPermissions: { keyId: string; permissionId: string };
  keyRoles: { keyId: string; roleId: string };
  namespaces: {
    id: string;
    workspaceId: string;
    name: string;
    createdAt: number;
    deletedAt: number | null;
  };
  overrides: {
    id: string;
    workspaceId: string;
    namespaceId: string;
    identifier: string;
    limit: number;
    durationMs: number;
    createdAt: number;
    deletedAt: number | null;
  };
  migrations: { id: string; workspaceId: string; name: string; algorithm: string; createdAt: number };
  auditLog: {
    /** Grows with every record: the order in which they were written. */
    sequence: Generated<number>;
    id: string;
    workspaceId: string;
    event: string;
    at: number;
    actorType: string;
    actorId: string;
    actorName: string;
    display: string;
    remoteIp: string | null;
    userAgent: string | null;
    resources: string;
    correlationId: string | null;
  };
  idempotencyRecords: {
    workspaceId: string;
    operation: string;
    keyHash: string;
    fingerprint: string;
    /** Sealed. Empty only inside the transaction that claims the key. */
    response: string;
    expiresAt: number;
  };
}

export type Database = Kysely<Tables>;
