import type { Override } from '../../domain/ratelimit/overrides.ts';
import type {
  Api,
  AuditRecord,
  IdempotencyRecord,
  Identity,
  Key,
  KeyChanges,
  Meta,
  Migration,
  Namespace,
  NamespaceWithOverrides,
  NewKey,
  NewKeyWithLinks,
  Page,
  PageQuery,
  Permission,
  Ratelimit,
  Role,
  RootKey,
  Workspace,
} from './records.ts';

/**
 * The queries of the server, inside one snapshot (reads) or one transaction (writes). Methods on the rows of a workspace
 * take its id first, so rows of another workspace are absent by construction. `find…` returns null for an absent row;
 * deleted rows are absent unless a method says otherwise.
 */
export interface Store {
  readonly workspaces: WorkspaceStore;
  readonly rootKeys: RootKeyStore;
  readonly apis: ApiStore;
  readonly keys: KeyStore;
  readonly identities: IdentityStore;
  readonly permissions: PermissionStore;
  readonly roles: RoleStore;
  readonly namespaces: NamespaceStore;
  readonly migrations: MigrationStore;
  readonly audit: AuditStore;
  readonly idempotencyRecords: IdempotencyRecordStore;
  readonly deletedRows: DeletedRowStore;
}

export interface WorkspaceStore {
  find(id: string): Promise<Workspace | null>;
  list(): Promise<Workspace[]>;
  create(workspace: Workspace): Promise<void>;
  /** False when there is no such workspace. */
  update(id: string, changes: Partial<Omit<Workspace, 'id' | 'createdAt'>>): Promise<boolean>;
}

export interface RootKeyStore {
  create(rootKey: RootKey & { readonly hash: string }): Promise<void>;
  findByHash(hash: string): Promise<RootKey | null>;
  /** Whether any root key has this hash, deleted ones included. */
  isHashTaken(hash: string): Promise<boolean>;
  list(): Promise<RootKey[]>;
  setEnabled(id: string, isEnabled: boolean): Promise<boolean>;
  delete(id: string, at: number): Promise<boolean>;
}

export interface ApiStore {
  create(workspaceId: string, api: Omit<Api, 'workspaceId'>): Promise<void>;
  find(workspaceId: string, id: string): Promise<Api | null>;
  update(
    workspaceId: string,
    id: string,
    changes: Partial<Pick<Api, 'isProtected' | 'allowedIps' | 'defaultPrefix' | 'defaultByteLength'>>,
  ): Promise<void>;
  delete(workspaceId: string, id: string, at: number): Promise<void>;
  /** For local administration: every live API of every workspace. */
  listAll(): Promise<Api[]>;
}

export interface KeyStore {
  create(workspaceId: string, key: NewKey): Promise<void>;
  /** Creates keys with their limits and links. Permissions and roles of other workspaces are ignored. */
  createMany(workspaceId: string, keys: readonly NewKeyWithLinks[]): Promise<void>;
  /** Null, too, when the key's API is deleted. A transaction locks the key that it finds until its end. */
  find(workspaceId: string, id: string): Promise<Key | null>;
  findByHash(workspaceId: string, hash: string): Promise<Key | null>;
  /** Whether any key of the workspace has this hash, deleted ones included. */
  isHashTaken(workspaceId: string, hash: string): Promise<boolean>;
  /** Those of these hashes that are taken. */
  takenHashes(workspaceId: string, hashes: readonly string[]): Promise<Set<string>>;
  list(workspaceId: string, apiId: string, query: PageQuery, externalId?: string): Promise<Page<Key>>;
  update(workspaceId: string, id: string, changes: KeyChanges): Promise<void>;
  /** Its hash stays taken, also once the row is removed. */
  delete(workspaceId: string, id: string, at: number): Promise<void>;
  /** Removes the key, its links, its limits and its ciphertext. */
  purge(workspaceId: string, id: string): Promise<void>;
  attachPermissions(workspaceId: string, id: string, permissionIds: readonly string[]): Promise<void>;
  detachPermissions(workspaceId: string, id: string, permissionIds: readonly string[]): Promise<void>;
  attachRoles(workspaceId: string, id: string, roleIds: readonly string[]): Promise<void>;
  detachRoles(workspaceId: string, id: string, roleIds: readonly string[]): Promise<void>;
  saveRatelimits(workspaceId: string, id: string, ratelimits: readonly Ratelimit[]): Promise<void>;
  /** The first `limit` keys of all workspaces whose refill is due, in the order of their moments, after `after`. */
  listDueRefills(now: number, limit: number, after?: DueRefill): Promise<DueRefill[]>;
  /** How many keys have a due refill; counts up to `limit`. */
  countDueRefills(now: number, limit: number): Promise<number>;
  /**
   * Computes the stored moment of the next refill again. A key whose API is deleted has none: it would be listed for ever,
   * and cannot be used.
   */
  correctNextRefill(workspaceId: string, id: string): Promise<void>;
  /**
   * Never replaces a later time. Of several keys, leaves out those that another transaction holds, and returns them: a
   * transaction that held some keys and waited for others could deadlock. A single key is waited for.
   */
  markUsed(usedAt: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;
}

/** A key whose refill is due, and since when. */
export interface DueRefill {
  readonly id: string;
  readonly workspaceId: string;
  readonly nextRefillAt: number;
}

export interface IdentityStore {
  create(
    workspaceId: string,
    identity: Omit<Identity, 'ratelimits'> & { readonly createdAt: number },
  ): Promise<void>;
  /** Without limits. */
  createMany(
    workspaceId: string,
    identities: readonly (Omit<Identity, 'ratelimits'> & { readonly createdAt: number })[],
  ): Promise<void>;
  /** The ids of those that exist, by external id. */
  findIds(workspaceId: string, externalIds: readonly string[]): Promise<Map<string, string>>;
  /** By id first, then by external id. */
  find(workspaceId: string, idOrExternalId: string): Promise<Identity | null>;
  findByExternalId(workspaceId: string, externalId: string): Promise<Identity | null>;
  list(workspaceId: string, query: PageQuery): Promise<Page<Identity>>;
  update(
    workspaceId: string,
    id: string,
    changes: { readonly meta?: Meta; readonly updatedAt: number },
  ): Promise<void>;
  saveRatelimits(workspaceId: string, id: string, ratelimits: readonly Ratelimit[]): Promise<void>;
  delete(workspaceId: string, id: string, at: number): Promise<void>;
}

export interface PermissionStore {
  create(
    workspaceId: string,
    permissions: readonly (Permission & { readonly createdAt: number })[],
  ): Promise<void>;
  /** By id first, then by slug, without regard to case. */
  find(workspaceId: string, idOrSlug: string): Promise<Permission | null>;
  /** Those that exist, without regard to case, sorted by slug. */
  findBySlugs(workspaceId: string, slugs: readonly string[]): Promise<Permission[]>;
  list(workspaceId: string, query: PageQuery): Promise<Page<Permission>>;
  /** Removes it from every role and key, too. */
  delete(workspaceId: string, id: string): Promise<void>;
}

export interface RoleStore {
  create(
    workspaceId: string,
    roles: readonly (Omit<Role, 'permissions'> & { readonly createdAt: number })[],
  ): Promise<void>;
  /** By id first, then by name, without regard to case. */
  find(workspaceId: string, idOrName: string): Promise<Role | null>;
  findById(workspaceId: string, id: string): Promise<Role | null>;
  /** Those that exist, without regard to case, sorted by name. */
  findByNames(workspaceId: string, names: readonly string[]): Promise<Role[]>;
  list(workspaceId: string, query: PageQuery): Promise<Page<Role>>;
  attachPermissions(workspaceId: string, id: string, permissionIds: readonly string[]): Promise<void>;
  detachPermissions(workspaceId: string, id: string, permissionIds: readonly string[]): Promise<void>;
  /** Removes it from every key, too; its permissions stay. */
  delete(workspaceId: string, id: string): Promise<void>;
}

export interface NamespaceStore {
  create(workspaceId: string, namespace: Pick<Namespace, 'id' | 'name' | 'createdAt'>): Promise<void>;
  /** By id first, then by name. Finds deleted ones, too: their name stays taken. */
  find(workspaceId: string, idOrName: string): Promise<NamespaceWithOverrides | null>;
  listOverrides(workspaceId: string, namespaceId: string, query: PageQuery): Promise<Page<Override>>;
  /** Creates, changes or restores the override of an identifier; returns its id. */
  setOverride(workspaceId: string, namespaceId: string, override: Override): Promise<string>;
  deleteOverride(workspaceId: string, namespaceId: string, overrideId: string, at: number): Promise<void>;
  /** For local administration: those of every workspace, deleted ones included. */
  listAll(): Promise<(Namespace & { readonly workspaceId: string })[]>;
  setDeleted(workspaceId: string, id: string, deletedAt: number | null): Promise<void>;
}

export interface MigrationStore {
  create(workspaceId: string, migration: Migration & { readonly createdAt: number }): Promise<void>;
  find(workspaceId: string, id: string): Promise<Migration | null>;
}

export interface AuditStore {
  append(records: readonly AuditRecord[]): Promise<void>;
  /** The newest `limit`, oldest of them first, of all workspaces or one. */
  list(query: {
    readonly since: number;
    readonly workspaceId?: string | undefined;
    readonly limit: number;
  }): Promise<AuditRecord[]>;
  /** Deletes the oldest `limit` records of all workspaces that are older than `at`; returns how many. */
  deleteBefore(at: number, limit: number): Promise<number>;
  /** How many records of all workspaces are older than `at`, at most `limit`. */
  countBefore(at: number, limit: number): Promise<number>;
}

export interface IdempotencyRecordStore {
  /**
   * Claims the key of a request. Null: this request is the first one, or the record of the first one has expired; this
   * transaction completes the record. Waits for a transaction that has claimed the same key.
   */
  claim(
    workspaceId: string,
    claim: Omit<IdempotencyRecord, 'response'>,
    now: number,
  ): Promise<Pick<IdempotencyRecord, 'fingerprint' | 'response'> | null>;
  /** Stores the response to a claimed request. */
  complete(
    workspaceId: string,
    record: Pick<IdempotencyRecord, 'operation' | 'keyHash' | 'response'>,
  ): Promise<void>;
  /** Deletes at most `limit` expired records of all workspaces; returns how many. */
  deleteExpired(now: number, limit: number): Promise<number>;
  /** How many records of all workspaces have expired, at most `limit`. */
  countExpired(now: number, limit: number): Promise<number>;
}

/** Deleted rows that can be neither seen nor restored. */
export interface DeletedRowStore {
  /**
   * Removes keys, identities and APIs of all workspaces that were deleted before `at`, with their rows in other tables and
   * the keys of those APIs. At most `limit` rows; returns how many. Skips rows that another process is removing.
   */
  remove(at: number, limit: number): Promise<number>;
  /** How many rows `remove` would process, at most `limit`; keys count for the first hundred of their APIs and identities. */
  count(at: number, limit: number): Promise<number>;
}
