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
  Page,
  PageQuery,
  Permission,
  Ratelimit,
  Role,
  RootKey,
  Workspace,
} from './records.ts';

/**
 * What the server asks of its database, inside one snapshot (reads) or one transaction (writes).
 * What belongs to a workspace takes the workspace first: another workspace's things are absent by construction.
 * `find…` may be absent and answers null; deleted things are absent unless a method says otherwise.
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
  /** Absent too when the key's API is deleted. In a transaction, what is found stays so until its end. */
  find(workspaceId: string, id: string): Promise<Key | null>;
  findByHash(workspaceId: string, hash: string): Promise<Key | null>;
  /** Whether any key has this hash: of any workspace, deleted ones included. */
  isHashTaken(hash: string): Promise<boolean>;
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
  /** Keys of all workspaces whose refill is due, at most `limit` of them. */
  listDueRefills(now: number, limit: number): Promise<Key[]>;
  /** Later times stay. */
  markUsed(usedAt: ReadonlyMap<string, number>): Promise<void>;
}

export interface IdentityStore {
  create(
    workspaceId: string,
    identity: Omit<Identity, 'ratelimits'> & { readonly createdAt: number },
  ): Promise<void>;
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
  /** Also purges an older deleted identity of the same external id. */
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
  /** Takes it from every role and key first. */
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
  /** Takes it from every key first; its permissions stay. */
  delete(workspaceId: string, id: string): Promise<void>;
}

export interface NamespaceStore {
  create(workspaceId: string, namespace: Pick<Namespace, 'id' | 'name' | 'createdAt'>): Promise<void>;
  /** By id first, then by name. Deleted ones are found too: their name is not free. */
  find(workspaceId: string, idOrName: string): Promise<NamespaceWithOverrides | null>;
  listOverrides(workspaceId: string, namespaceId: string, query: PageQuery): Promise<Page<Override>>;
  /** Creates, changes or revives the override of an identifier; answers its id. */
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
}

/** What was deleted and can neither be seen nor brought back. */
export interface DeletedRowStore {
  /**
   * Removes keys, identities and APIs, of all workspaces, that were deleted before `at`, with all that is theirs, keys of
   * those APIs too. At most `limit` rows; answers how many. What another process removes at that time is left to it.
   */
  remove(at: number, limit: number): Promise<number>;
}
