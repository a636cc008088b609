import { memoize } from '../../base/memoize.ts';
import type { Credits } from '../../domain/keys/refill.ts';
import { parseAllowList } from '../../domain/network/ip-allow-list.ts';
import {
  type CountedRatelimit,
  counterOf,
  type VerifiableKey,
} from '../../domain/verification/verifiable-key.ts';
import type { NamespaceWithOverrides } from '../port/records.ts';
import type { Caller } from '../port/storage.ts';
import { type StoredName, storedName } from './names.ts';
import type { Tables } from './tables.ts';

// Rows of the lookups on the verify and limit paths. Each database has its own handwritten statements for them.

export interface CallerRow {
  id: string;
  workspace_id: string;
  start: string;
  name: string | null;
  is_enabled: number;
  expires_at: number | null;
  created_at: number;
  workspace_name: string | null;
  workspace_is_enabled: number | null;
  requests_per_minute: number | null;
  wrapped_data_key: string | null;
  workspace_created_at: number | null;
}

/** The columns of a key that a verification needs. */
const verifiedColumns = [
  'id',
  'workspaceId',
  'apiId',
  'name',
  'meta',
  'isEnabled',
  'expiresAt',
  'creditsRemaining',
  'pendingMigrationId',
] as const satisfies readonly (keyof Tables['keys'])[];

/** These columns, selected from `keys k`. */
export const verifiedColumnsSql = verifiedColumns.map((name) => `k.${storedName(name)}`).join(', ');

type VerifiedColumns = {
  [Name in (typeof verifiedColumns)[number] as StoredName<Name>]: Tables['keys'][Name];
};

export interface KeyRow extends VerifiedColumns {
  keyspace_id: string;
  allowed_ips: string | null;
  identity_id: string | null;
  external_id: string | null;
  identity_meta: string | null;
}

export interface LimitRow {
  id: string;
  name: string;
  limit: number;
  duration_ms: number;
  is_auto_applied: number;
}

export interface NamespaceRow {
  id: string;
  name: string;
  created_at: number;
  deleted_at: number | null;
}

export interface OverrideRow {
  id: string;
  identifier: string;
  limit: number;
  duration_ms: number;
  created_at: number;
}

export interface CreditRow {
  credits_remaining: number | null;
  refill_amount: number | null;
  refill_day: number | null;
  last_refill_at: number | null;
}

export function callerOf(row: CallerRow, permissions: readonly string[]): Caller {
  return {
    rootKey: {
      id: row.id,
      workspaceId: row.workspace_id,
      start: row.start,
      name: row.name,
      isEnabled: row.is_enabled === 1,
      expiresAt: row.expires_at,
      createdAt: row.created_at,
      permissions,
    },
    workspace: workspaceOf(row),
  };
}

// Many keys share the same values: equal ones become one object. Lists of strings are compared by their JSON.
const internId = memoize((id) => id, 10_000);
const internAllowList = memoize(parseAllowList, 1000);
const internList = memoize((json) => {
  const list = JSON.parse(json) as readonly string[];
  return { list, set: new Set(list) as ReadonlySet<string> };
}, 1000);
const noLimits: readonly CountedRatelimit[] = [];

/** Expects slugs, names and limits sorted. */
export function verifiableKeyOf(
  row: KeyRow,
  related: {
    readonly permissions: readonly string[];
    readonly roles: readonly string[];
    readonly ratelimits: readonly LimitRow[];
    readonly identityRatelimits: readonly LimitRow[];
  },
): VerifiableKey {
  const permissions = internList(JSON.stringify(related.permissions));
  return {
    id: row.id,
    workspaceId: internId(row.workspace_id),
    apiId: internId(row.api_id),
    keyspaceId: internId(row.keyspace_id),
    name: row.name,
    meta: nonEmptyMeta(row.meta),
    isEnabled: row.is_enabled === 1,
    expiresAt: row.expires_at,
    hasCredits: row.credits_remaining !== null,
    pendingMigrationId: row.pending_migration_id,
    allowedIps: row.allowed_ips === null ? null : internAllowList(row.allowed_ips),
    permissions: permissions.list,
    permissionSet: permissions.set,
    roles: internList(JSON.stringify(related.roles)).list,
    ratelimits: ratelimitsOf(related.ratelimits, row.workspace_id, row.id),
    identity:
      row.identity_id === null || row.external_id === null
        ? null
        : {
            id: row.identity_id,
            externalId: row.external_id,
            meta: nonEmptyMeta(row.identity_meta),
            ratelimits: ratelimitsOf(related.identityRatelimits, row.workspace_id, row.identity_id),
          },
  };
}

export function namespaceOf(row: NamespaceRow, overrides: readonly OverrideRow[]): NamespaceWithOverrides {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    deletedAt: row.deleted_at,
    overrides: overrides.map((override) => ({
      id: override.id,
      identifier: override.identifier,
      limit: override.limit,
      durationMs: override.duration_ms,
      createdAt: override.created_at,
    })),
  };
}

export function creditsOf(row: CreditRow): Credits {
  return {
    remaining: row.credits_remaining,
    refill: row.refill_amount === null ? null : { amount: row.refill_amount, day: row.refill_day },
    lastRefillAt: row.last_refill_at,
  };
}

function ratelimitsOf(
  rows: readonly LimitRow[],
  workspaceId: string,
  ownerId: string,
): readonly CountedRatelimit[] {
  if (rows.length === 0) return noLimits;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    limit: row.limit,
    durationMs: row.duration_ms,
    isAutoApplied: row.is_auto_applied === 1,
    counter: counterOf(workspaceId, ownerId, { name: row.name, durationMs: row.duration_ms }),
  }));
}

function workspaceOf(row: CallerRow): Caller['workspace'] {
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

function nonEmptyMeta(text: string | null): VerifiableKey['meta'] {
  return text === null || text === '{}' ? null : (JSON.parse(text) as VerifiableKey['meta']);
}
