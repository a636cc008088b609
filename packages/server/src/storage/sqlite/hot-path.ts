import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import type { Credits } from '../../domain/keys/refill.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { NamespaceWithOverrides } from '../port/records.ts';
import type { Caller } from '../port/storage.ts';
import {
  type CallerRow,
  type CreditRow,
  callerOf,
  creditsOf,
  type KeyRow,
  type LimitRow,
  type NamespaceRow,
  namespaceOf,
  type OverrideRow,
  verifiableKeyOf,
  verifiedColumnsSql,
} from '../sql/hot-rows.ts';

// The driver does not type rows: each cast gives the row type of its statement.

const callerSql = `
  SELECT r.id, r.workspace_id, r.start, r.name, r.is_enabled, r.expires_at, r.created_at,
    (SELECT json_group_array(permission) FROM root_key_permissions WHERE root_key_id = r.id) AS permissions,
    w.name AS workspace_name, w.is_enabled AS workspace_is_enabled, w.requests_per_minute, w.wrapped_data_key,
    w.created_at AS workspace_created_at
  FROM root_keys r LEFT JOIN workspaces w ON w.id = r.workspace_id
  WHERE r.hash = ? AND r.deleted_at IS NULL`;

const keySql = `
  SELECT ${verifiedColumnsSql}, a.keyspace_id, a.allowed_ips,
    i.id AS identity_id, i.external_id, i.meta AS identity_meta
  FROM keys k
  JOIN apis a ON a.id = k.api_id AND a.deleted_at IS NULL
  LEFT JOIN identities i ON i.id = k.identity_id AND i.deleted_at IS NULL
  WHERE k.hash = ?1 AND (?2 IS NULL OR k.workspace_id = ?2) AND k.deleted_at IS NULL`;

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

/** The lookups of the verify and limit paths, on a connection that always sees the last commit. */
export function hotReads(database: DatabaseSync) {
  const callers = database.prepare(callerSql);
  const keys = database.prepare(keySql);
  const permissions = database.prepare(permissionsSql);
  const roles = database.prepare(rolesSql);
  const ratelimits = database.prepare(ratelimitsSql);
  const namespaces = database.prepare(namespaceSql);
  const overrides = database.prepare(overridesSql);
  const credits = database.prepare(creditsSql);

  return {
    findCaller(hash: string): Caller | null {
      const row = callers.get(hash) as (CallerRow & { permissions: string }) | undefined;
      return row ? callerOf(row, JSON.parse(row.permissions) as string[]) : null;
    },
    findVerifiableKey(hash: string, workspaceId?: string): VerifiableKey | null {
      const row = keys.get(hash, workspaceId ?? null) as KeyRow | undefined;
      if (!row) return null;
      return verifiableKeyOf(row, {
        permissions: (permissions.all(row.id) as { slug: string }[]).map(({ slug }) => slug),
        roles: (roles.all(row.id) as { name: string }[]).map(({ name }) => name),
        ratelimits: ratelimits.all(row.id) as LimitRow[],
        identityRatelimits: row.identity_id === null ? [] : (ratelimits.all(row.identity_id) as LimitRow[]),
      });
    },
    findNamespace(workspaceId: string, idOrName: string): NamespaceWithOverrides | null {
      const row = namespaces.get(workspaceId, idOrName) as NamespaceRow | undefined;
      return row ? namespaceOf(row, overrides.all(row.id) as OverrideRow[]) : null;
    },
    readCredits(workspaceId: string, keyId: string): Credits | null {
      const row = credits.get(workspaceId, keyId) as CreditRow | undefined;
      return row ? creditsOf(row) : null;
    },
  };
}
