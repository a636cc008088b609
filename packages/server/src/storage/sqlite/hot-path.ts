import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import type { Credits } from '../../domain/keys/refill.ts';
import { parseAllowList } from '../../domain/network/ip-allow-list.ts';
import type { KeyRatelimit, VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { NamespaceWithOverrides, RootKey, Workspace } from '../port/records.ts';
import type { Caller, Spent } from '../port/storage.ts';

// The driver does not know what a statement selects: each row type is that of the statement it is read with.

interface CallerRow {
  id: string;
  workspace_id: string;
  start: string;
  name: string | null;
  is_enabled: number;
  expires_at: number | null;
  created_at: number;
  permissions: string;
  workspace_name: string | null;
  workspace_is_enabled: number | null;
  requests_per_minute: number | null;
  wrapped_data_key: string | null;
  workspace_created_at: number | null;
}

interface KeyRow {
  id: string;
  workspace_id: string;
  api_id: string;
  keyspace_id: string;
  name: string | null;
  meta: string | null;
  is_enabled: number;
  expires_at: number | null;
  credits_remaining: number | null;
  pending_migration_id: string | null;
  allowed_ips: string | null;
  identity_id: string | null;
  external_id: string | null;
  identity_meta: string | null;
}

interface RatelimitRow {
  id: string;
  name: string;
  limit: number;
  duration_ms: number;
  is_auto_applied: number;
}

interface CreditRow {
  credits_remaining: number | null;
  refill_amount: number | null;
  refill_day: number | null;
  last_refill_at: number | null;
}

const callerSql = `
  SELECT r.id, r.workspace_id, r.start, r.name, r.is_enabled, r.expires_at, r.created_at,
    (SELECT json_group_array(permission) FROM root_key_permissions WHERE root_key_id = r.id) AS permissions,
    w.name AS workspace_name, w.is_enabled AS workspace_is_enabled, w.requests_per_minute, w.wrapped_data_key,
    w.created_at AS workspace_created_at
  FROM root_keys r LEFT JOIN workspaces w ON w.id = r.workspace_id
  WHERE r.hash = ? AND r.deleted_at IS NULL`;

const keySql = `
  SELECT k.id, k.workspace_id, k.api_id, a.keyspace_id, k.name, k.meta, k.is_enabled, k.expires_at,
    k.credits_remaining, k.pending_migration_id, a.allowed_ips,
    i.id AS identity_id, i.external_id, i.meta AS identity_meta
  FROM keys k
  JOIN apis a ON a.id = k.api_id AND a.deleted_at IS NULL
  LEFT JOIN identities i ON i.id = k.identity_id AND i.deleted_at IS NULL
  WHERE k.hash = ? AND k.deleted_at IS NULL`;

const permissionsSql = `
  SELECT p.slug FROM key_permissions kp JOIN permissions p ON p.id = kp.permission_id WHERE kp.key_id = ?1
  UNION
  SELECT p.slug FROM key_roles kr JOIN role_permissions rp ON rp.role_id = kr.role_id
    JOIN permissions p ON p.id = rp.permission_id WHERE kr.key_id = ?1
  ORDER BY 1`;

const rolesSql = `
  SELECT r.name FROM key_roles kr JOIN roles r ON r.id = kr.role_id WHERE kr.key_id = ? ORDER BY r.name`;

const ratelimitsSql = `
  SELECT id, name, "limit", duration_ms, is_auto_applied FROM ratelimits WHERE owner_id = ? ORDER BY name`;

const namespaceSql = `
  SELECT id, name, created_at, deleted_at FROM namespaces
  WHERE workspace_id = ?1 AND (id = ?2 OR name = ?2) ORDER BY id = ?2 DESC LIMIT 1`;

const overridesSql = `
  SELECT id, identifier, "limit", duration_ms, created_at FROM overrides
  WHERE namespace_id = ? AND deleted_at IS NULL`;

const creditsSql = `
  SELECT credits_remaining, refill_amount, refill_day, last_refill_at FROM keys WHERE workspace_id = ? AND id = ?`;

const spendSql = `
  UPDATE keys SET credits_remaining = credits_remaining - ?3
  WHERE workspace_id = ?1 AND id = ?2 AND credits_remaining >= ?3 RETURNING credits_remaining`;

/** The look-ups of the verify and limit paths, on a connection that always sees the last commit. */
export function hotReads(database: DatabaseSync) {
  const callers = database.prepare(callerSql);
  const keys = database.prepare(keySql);
  const permissions = database.prepare(permissionsSql);
  const roles = database.prepare(rolesSql);
  const ratelimits = database.prepare(ratelimitsSql);
  const namespaces = database.prepare(namespaceSql);
  const overrides = database.prepare(overridesSql);
  const credits = database.prepare(creditsSql);

  const ratelimitsOf = (ownerId: string): KeyRatelimit[] =>
    (ratelimits.all(ownerId) as RatelimitRow[]).map((row) => ({
      id: row.id,
      name: row.name,
      limit: row.limit,
      durationMs: row.duration_ms,
      isAutoApplied: row.is_auto_applied === 1,
    }));

  return {
    findCaller(hash: string): Caller | null {
      const row = callers.get(hash) as CallerRow | undefined;
      return row ? { rootKey: rootKeyOf(row), workspace: workspaceOf(row) } : null;
    },
    findVerifiableKey(hash: string): VerifiableKey | null {
      const row = keys.get(hash) as KeyRow | undefined;
      if (!row) return null;
      const slugs = (permissions.all(row.id) as { slug: string }[]).map(({ slug }) => slug);
      return {
        id: row.id,
        workspaceId: row.workspace_id,
        apiId: row.api_id,
        keyspaceId: row.keyspace_id,
        name: row.name,
        meta: nonEmptyMeta(row.meta),
        isEnabled: row.is_enabled === 1,
        expiresAt: row.expires_at,
        hasCredits: row.credits_remaining !== null,
        pendingMigrationId: row.pending_migration_id,
        allowedIps: parseAllowList(row.allowed_ips),
        permissions: slugs,
        permissionSet: new Set(slugs),
        roles: (roles.all(row.id) as { name: string }[]).map(({ name }) => name),
        ratelimits: ratelimitsOf(row.id),
        identity: identityOf(row, ratelimitsOf),
      };
    },
    findNamespace(workspaceId: string, idOrName: string): NamespaceWithOverrides | null {
      const row = namespaces.get(workspaceId, idOrName) as NamespaceRow | undefined;
      if (!row) return null;
      return {
        id: row.id,
        name: row.name,
        createdAt: row.created_at,
        deletedAt: row.deleted_at,
        overrides: (overrides.all(row.id) as OverrideRow[]).map((override) => ({
          id: override.id,
          identifier: override.identifier,
          limit: override.limit,
          durationMs: override.duration_ms,
          createdAt: override.created_at,
        })),
      };
    },
    readCredits(workspaceId: string, keyId: string): Credits | null {
      const row = credits.get(workspaceId, keyId) as CreditRow | undefined;
      return row ? creditsOf(row) : null;
    },
  };
}

/** Takes credits inside the current transaction of the writing connection. */
export function creditSpender(database: DatabaseSync) {
  const spend = database.prepare(spendSql);
  const credits = database.prepare(creditsSql);

  return (workspaceId: string, keyId: string, cost: number): Spent => {
    const spent = spend.get(workspaceId, keyId, cost) as { credits_remaining: number } | undefined;
    if (spent) return { remaining: spent.credits_remaining, isSpent: true };
    const row = credits.get(workspaceId, keyId) as CreditRow | undefined;
    const remaining = row?.credits_remaining ?? null;
    return { remaining, isSpent: remaining === null };
  };
}

interface NamespaceRow {
  id: string;
  name: string;
  created_at: number;
  deleted_at: number | null;
}

interface OverrideRow {
  id: string;
  identifier: string;
  limit: number;
  duration_ms: number;
  created_at: number;
}

function rootKeyOf(row: CallerRow): RootKey {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    start: row.start,
    name: row.name,
    isEnabled: row.is_enabled === 1,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    permissions: JSON.parse(row.permissions) as string[],
  };
}

function workspaceOf(row: CallerRow): Workspace | null {
  if (row.workspace_name === null || row.workspace_created_at === null) return null;
  return {
    id: row.workspace_id,
    name: row.workspace_name,
    isEnabled: row.workspace_is_enabled === 1,
    requestsPerMinute: row.requests_per_minute,
    wrappedDataKey: row.wrapped_data_key,
    createdAt: row.workspace_created_at,
  };
}

function identityOf(
  row: KeyRow,
  ratelimitsOf: (ownerId: string) => KeyRatelimit[],
): VerifiableKey['identity'] {
  if (row.identity_id === null || row.external_id === null) return null;
  return {
    id: row.identity_id,
    externalId: row.external_id,
    meta: nonEmptyMeta(row.identity_meta),
    ratelimits: ratelimitsOf(row.identity_id),
  };
}

function nonEmptyMeta(text: string | null): VerifiableKey['meta'] {
  return text === null || text === '{}' ? null : (JSON.parse(text) as VerifiableKey['meta']);
}

function creditsOf(row: CreditRow): Credits {
  return {
    remaining: row.credits_remaining,
    refill: row.refill_amount === null ? null : { amount: row.refill_amount, day: row.refill_day },
    lastRefillAt: row.last_refill_at,
  };
}
