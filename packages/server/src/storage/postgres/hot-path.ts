import type { QueryResultRow } from 'pg';
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
import { type ConnectionPool, withClient } from './connections.ts';
import { isLost } from './unavailable.ts';

// One statement each: a lookup is one round trip and sees one snapshot without a transaction.

const limitJson = `json_build_object(
  'id', l.id, 'name', l.name, 'limit', l."limit", 'duration_ms', l.duration_ms, 'is_auto_applied', l.is_auto_applied)`;

const limitsOf = (ownerId: string) => `
  (SELECT coalesce(json_agg(${limitJson} ORDER BY l.name), '[]') FROM ratelimits l WHERE l.owner_id = ${ownerId})`;

const statements = {
  caller: `
    SELECT r.id, r.workspace_id, r.start, r.name, r.is_enabled, r.expires_at, r.created_at,
      (SELECT coalesce(json_agg(p.permission ORDER BY p.permission), '[]')
        FROM root_key_permissions p WHERE p.root_key_id = r.id) AS permissions,
      w.name AS workspace_name, w.is_enabled AS workspace_is_enabled, w.requests_per_minute, w.wrapped_data_key,
      w.created_at AS workspace_created_at
    FROM root_keys r LEFT JOIN workspaces w ON w.id = r.workspace_id
    WHERE r.hash = $1 AND r.deleted_at IS NULL`,
  key: `
    SELECT ${verifiedColumnsSql}, a.keyspace_id, a.allowed_ips,
      i.id AS identity_id, i.external_id, i.meta AS identity_meta,
      (SELECT coalesce(json_agg(held.slug ORDER BY held.slug), '[]') FROM (
        SELECT p.slug FROM key_permissions kp JOIN permissions p ON p.id = kp.permission_id WHERE kp.key_id = k.id
        UNION
        SELECT p.slug FROM key_roles kr JOIN role_permissions rp ON rp.role_id = kr.role_id
          JOIN permissions p ON p.id = rp.permission_id WHERE kr.key_id = k.id) held) AS permissions,
      (SELECT coalesce(json_agg(r.name ORDER BY r.name), '[]')
        FROM key_roles kr JOIN roles r ON r.id = kr.role_id WHERE kr.key_id = k.id) AS roles,
      ${limitsOf('k.id')} AS ratelimits,
      ${limitsOf('i.id')} AS identity_ratelimits
    FROM keys k
    JOIN apis a ON a.id = k.api_id AND a.deleted_at IS NULL
    LEFT JOIN identities i ON i.id = k.identity_id AND i.deleted_at IS NULL
    WHERE k.hash = $1 AND ($2::text IS NULL OR k.workspace_id = $2) AND k.deleted_at IS NULL`,
  namespace: `
    SELECT n.id, n.name, n.created_at, n.deleted_at,
      (SELECT coalesce(json_agg(json_build_object(
          'id', o.id, 'identifier', o.identifier, 'limit', o."limit", 'duration_ms', o.duration_ms,
          'created_at', o.created_at)), '[]')
        FROM overrides o WHERE o.namespace_id = n.id AND o.deleted_at IS NULL) AS overrides
    FROM namespaces n
    WHERE n.workspace_id = $1 AND (n.id = $2 OR n.name = $2) ORDER BY n.id = $2 DESC LIMIT 1`,
  credits: `
    SELECT credits_remaining, refill_amount, refill_day, last_refill_at FROM keys WHERE workspace_id = $1 AND id = $2`,
} as const;

/** The lookups of the verify and limit paths. */
export function hotReads(pool: ConnectionPool) {
  const findRow = async <Row extends QueryResultRow>(
    name: keyof typeof statements,
    values: readonly (string | null)[],
  ): Promise<Row | undefined> => {
    const query = () =>
      withClient(pool, async (client) => {
        // A named statement is parsed and planned once for each connection.
        const { rows } = await client.query<Row>({ name, text: statements[name], values: [...values] });
        return rows[0];
      });
    try {
      return await query();
    } catch (error) {
      // A connection that broke while idle reports it only now: retry once.
      if (!isLost(error)) throw error;
      return query();
    }
  };

  return {
    async findCaller(hash: string): Promise<Caller | null> {
      const row = await findRow<CallerRow & { permissions: string[] }>('caller', [hash]);
      return row ? callerOf(row, row.permissions) : null;
    },
    async findVerifiableKey(hash: string, workspaceId?: string): Promise<VerifiableKey | null> {
      const row = await findRow<VerifiableKeyRow>('key', [hash, workspaceId ?? null]);
      return row ? verifiableKeyOf(row, { ...row, identityRatelimits: row.identity_ratelimits }) : null;
    },
    async findNamespace(workspaceId: string, idOrName: string): Promise<NamespaceWithOverrides | null> {
      const row = await findRow<NamespaceRow & { overrides: OverrideRow[] }>('namespace', [
        workspaceId,
        idOrName,
      ]);
      return row ? namespaceOf(row, row.overrides) : null;
    },
    async readCredits(workspaceId: string, keyId: string): Promise<Credits | null> {
      const row = await findRow<CreditRow>('credits', [workspaceId, keyId]);
      return row ? creditsOf(row) : null;
    },
  };
}

interface VerifiableKeyRow extends KeyRow {
  permissions: string[];
  roles: string[];
  ratelimits: LimitRow[];
  identity_ratelimits: LimitRow[];
}
