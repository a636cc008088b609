import type { AuditEvent } from '@unkey-ts/contract';
import type { Credits } from '../../domain/keys/refill.ts';
import type { Override } from '../../domain/ratelimit/overrides.ts';
import type { KeyRatelimit } from '../../domain/verification/verifiable-key.ts';
import { flag, integer, json, nullable, type RecordOf, text } from './columns.ts';

/** A JSON object of the caller, returned unchanged. */
export type Meta = Readonly<Record<string, unknown>>;

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  /** API requests per minute that the workspace may make; null: no limit. */
  readonly requestsPerMinute: number | null;
  /** The key that encrypts this workspace's recoverable keys, wrapped by the master key. */
  readonly wrappedDataKey: string | null;
  readonly createdAt: number;
}

export interface RootKey {
  readonly id: string;
  readonly workspaceId: string;
  readonly start: string;
  readonly name: string | null;
  readonly isEnabled: boolean;
  readonly expiresAt: number | null;
  readonly createdAt: number;
  readonly permissions: readonly string[];
}

export interface Api {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  /** Appears only in URN permissions. An API has exactly one. */
  readonly keyspaceId: string;
  /** Comma separated addresses and CIDR blocks that may use the API's keys; null: any. */
  readonly allowedIps: string | null;
  readonly isProtected: boolean;
  readonly defaultPrefix: string | null;
  readonly defaultByteLength: number | null;
  readonly createdAt: number;
}

export type Ratelimit = KeyRatelimit;

export interface Identity {
  readonly id: string;
  readonly externalId: string;
  readonly meta: Meta | null;
  readonly ratelimits: readonly Ratelimit[];
}

export interface Permission {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
}

export interface Role {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly permissions: readonly Permission[];
}

/**
 * The columns of a key that are members of its record as they are. Inserts, updates, reads, transfers and test samples
 * follow from this list.
 */
export const keyColumns = {
  id: text,
  apiId: text,
  hash: text,
  start: text,
  prefix: nullable(text),
  byteLength: integer,
  name: nullable(text),
  meta: nullable(json<Meta>()),
  isEnabled: flag,
  expiresAt: nullable(integer),
  createdAt: integer,
  /** The migration whose hash the key still has; null once it has Unkey's own. */
  pendingMigrationId: nullable(text),
  ciphertext: nullable(text),
} as const;

type KeyRecord = RecordOf<typeof keyColumns>;

export interface Key extends KeyRecord {
  readonly workspaceId: string;
  readonly keyspaceId: string;
  readonly updatedAt: number | null;
  readonly lastUsedAt: number | null;
  readonly credits: Credits;
  readonly identity: Identity | null;
  /** Attached directly, sorted by slug. */
  readonly permissions: readonly Permission[];
  /** Sorted by name. */
  readonly roles: readonly Role[];
  readonly ratelimits: readonly Ratelimit[];
}

export interface NewKey extends KeyRecord {
  readonly credits: Credits;
  readonly identityId: string | null;
}

export interface NewKeyWithLinks extends NewKey {
  readonly ratelimits: readonly Ratelimit[];
  readonly permissionIds: readonly string[];
  readonly roleIds: readonly string[];
}

/** Absent members stay as they are. */
export type KeyChanges = Partial<Omit<NewKey, 'id' | 'apiId'>> & { readonly updatedAt?: number };

export interface Namespace {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly deletedAt: number | null;
}

/** A namespace with its overrides, for the limit path. */
export interface NamespaceWithOverrides extends Namespace {
  readonly overrides: readonly Override[];
}

export interface Migration {
  readonly id: string;
  readonly name: string;
  readonly algorithm: MigrationAlgorithm;
}

export const migrationAlgorithms = ['sha256', 'github.com/seamapi/prefixed-api-key'] as const;
export type MigrationAlgorithm = (typeof migrationAlgorithms)[number];

export interface AuditResource {
  readonly type: string;
  readonly id: string;
  readonly name?: string | undefined;
  readonly meta?: Meta | undefined;
}

export interface AuditRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly event: AuditEvent;
  readonly at: number;
  readonly actor: { readonly type: 'rootkey' | 'system'; readonly id: string; readonly name: string };
  /** One sentence for people. */
  readonly display: string;
  readonly remoteIp: string | null;
  readonly userAgent: string | null;
  readonly resources: readonly AuditResource[];
  /** Shared by the events of one request when there are several. */
  readonly correlationId: string | null;
}

/** The response to a request with an `Idempotency-Key`, stored for its retries. */
export interface IdempotencyRecord {
  readonly operation: string;
  /** SHA-256 of the `Idempotency-Key`. */
  readonly keyHash: string;
  /** Hash of the root key and the body: a request with the same key and another fingerprint is in conflict. */
  readonly fingerprint: string;
  /** Sealed by the caller of the store. */
  readonly response: string;
  readonly expiresAt: number;
}

export interface PageQuery {
  /** Id of the first row wanted. */
  readonly cursor: string | undefined;
  readonly limit: number;
  /** Case-insensitive literal text that one of the searchable columns contains. */
  readonly search?: string | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Id of the first row of the next page; null: this is the last page. */
  readonly nextCursor: string | null;
}
