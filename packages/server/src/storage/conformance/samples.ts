import type { Columns, RecordOf } from '../port/columns.ts';
import {
  type Api,
  type AuditRecord,
  type Identity,
  keyColumns,
  type NewKey,
  type Permission,
  type Ratelimit,
  type Role,
  type RootKey,
  type Workspace,
} from '../port/records.ts';
import type { Store } from '../port/store.ts';

/** Records to store: members that a test does not set have a plain value, or null where that is allowed. */

export const mostInteger = Number.MAX_SAFE_INTEGER;
export const at = Date.UTC(2026, 10, 15);

export function workspaceOf(change: Partial<Workspace> = {}): Workspace {
  return {
    id: 'ws_1',
    name: 'One',
    isEnabled: true,
    requestsPerMinute: null,
    wrappedDataKey: null,
    createdAt: at,
    ...change,
  };
}

export function rootKeyOf(change: Partial<RootKey & { hash: string }> = {}): RootKey & { hash: string } {
  return {
    id: 'key_root',
    workspaceId: 'ws_1',
    hash: 'root-hash',
    start: 'unkey_1234',
    name: null,
    isEnabled: true,
    expiresAt: null,
    createdAt: at,
    permissions: ['api.*.create_key', 'api.*.read_key'],
    ...change,
  };
}

export function apiOf(change: Partial<Api> = {}): Omit<Api, 'workspaceId'> {
  const id = change.id ?? 'api_1';
  return {
    id,
    name: 'Shop',
    keyspaceId: `ks_${id}`,
    allowedIps: null,
    isProtected: false,
    defaultPrefix: null,
    defaultByteLength: null,
    createdAt: at,
    ...change,
  };
}

export function keyOf(change: Partial<NewKey> = {}): NewKey {
  const id = change.id ?? 'key_1';
  return {
    ...plainRecordOf(keyColumns),
    id,
    apiId: 'api_1',
    hash: `hash-of-${id}`,
    start: 'abcd',
    byteLength: 16,
    createdAt: at,
    credits: { remaining: null, refill: null, lastRefillAt: null },
    identityId: null,
    ...change,
  };
}

/** A record with null in every member that allows it. */
function plainRecordOf<Declared extends Columns>(columns: Declared): RecordOf<Declared> {
  const plain = { text: '', integer: 0, flag: true, json: {} };
  const members = Object.entries(columns).map(([name, { type, isNullable }]) => [
    name,
    isNullable ? null : plain[type],
  ]);
  return Object.fromEntries(members) as RecordOf<Declared>;
}

/** A record without null, with values that differ by member and by number. */
export function fullRecordOf<Declared extends Columns>(
  columns: Declared,
  number: number,
): RecordOf<Declared> {
  const members = Object.entries(columns).map(([name, { type }], index) => {
    const full = {
      text: `${name} ${number}`,
      integer: 1000 * number + index,
      flag: number % 2 === 0,
      json: { [name]: number },
    };
    return [name, full[type]];
  });
  return Object.fromEntries(members) as RecordOf<Declared>;
}

export function creditsOf(remaining: number): NewKey['credits'] {
  return { remaining, refill: null, lastRefillAt: null };
}

export function identityOf(change: Partial<Identity> = {}) {
  return { id: 'id_1', externalId: 'user_1', meta: {}, createdAt: at, ...change };
}

export function permissionOf(slug: string, change: Partial<Permission> = {}) {
  return { id: `perm_${slug}`, slug, name: slug, description: null, createdAt: at, ...change };
}

export function roleOf(name: string, change: Partial<Role> = {}) {
  return { id: `role_${name}`, name, description: null, createdAt: at, ...change };
}

export function ratelimitOf(name: string, change: Partial<Ratelimit> = {}): Ratelimit {
  return { id: `rl_${name}`, name, limit: 10, durationMs: 60_000, isAutoApplied: true, ...change };
}

export function overrideOf(
  identifier: string,
  change: { id?: string; limit?: number; durationMs?: number } = {},
) {
  return { id: `rlor_${identifier}`, identifier, limit: 5, durationMs: 1000, createdAt: at, ...change };
}

export function auditOf(change: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: 'log_1',
    workspaceId: 'ws_1',
    event: 'key.create',
    at,
    actor: { type: 'rootkey', id: 'key_root', name: 'root key' },
    display: 'Created key key_1',
    remoteIp: null,
    userAgent: null,
    resources: [{ type: 'key', id: 'key_1' }],
    correlationId: null,
    ...change,
  };
}

/** An API with one key of these properties. */
export async function createKey(store: Store, change: Partial<NewKey> = {}): Promise<void> {
  await store.apis.create('ws_1', apiOf());
  await store.keys.create('ws_1', keyOf(change));
}
