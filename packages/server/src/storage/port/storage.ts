import type { MaybePromise } from '../../base/maybe-promise.ts';
import type { Credits } from '../../domain/keys/refill.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { NamespaceWithOverrides, RootKey, Workspace } from './records.ts';
import type { Store } from './store.ts';

/** The root key of a request and its workspace (null: it does not exist). */
export interface Caller {
  readonly rootKey: RootKey;
  readonly workspace: Workspace | null;
}

export interface SpendOrder {
  readonly cost: number;
  /** Unix milliseconds: a refill that is due by then must be applied first. */
  readonly now: number;
}

export interface Spent {
  /** Credits after the spend, or unchanged if it was refused. Null: the key has become unlimited. */
  readonly remaining: number | null;
  readonly isSpent: boolean;
  /** Refused only because a refill must be applied first. */
  readonly isRefillDue?: true;
}

/** The database is unavailable; a retry may help. The message gives the cause and the remedy. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
  /** True: the outcome is unknown; the write may have been committed. */
  readonly mayBeDone: boolean;

  constructor(message: string, options: ErrorOptions & { readonly mayBeDone?: boolean } = {}) {
    super(message, options);
    this.mayBeDone = options.mayBeDone ?? false;
  }
}

/**
 * Isolation of a write. `alone`: exclusive. `{ workspaceId }`: serial within the workspace. `unordered`: concurrent; each
 * statement must be safe under concurrency.
 */
export type WriteScope = 'alone' | 'unordered' | { readonly workspaceId: string };

/** How up to date the caches of this process are. */
export interface Freshness {
  /** By `performance.now()`: changes that were committed until then are known. */
  readonly syncedUntil: number;
  /** False: a query would only wait for a database that is down. */
  readonly isReachable: boolean;
}

/** For a database whose changes are checked at every lookup. */
export const alwaysFresh: Freshness = { syncedUntil: Number.POSITIVE_INFINITY, isReachable: true };

/** The few statements of the verify and limit paths. */
export interface HotStorage {
  /** Root key by hash of the bearer. */
  findCaller(hash: string): MaybePromise<Caller | null>;
  /**
   * A key by hash, with everything that a verification needs. Several workspaces may have a key with the same hash;
   * default: the key of any of them.
   */
  findVerifiableKey(hash: string, workspaceId?: string): MaybePromise<VerifiableKey | null>;
  findNamespace(workspaceId: string, idOrName: string): MaybePromise<NamespaceWithOverrides | null>;
  /** Stored credits of a key: a refill may be due. */
  readCredits(workspaceId: string, keyId: string): MaybePromise<Credits | null>;
  /** Spends `cost` credits or none, atomically; durable when it resolves. */
  spendCredits(workspaceId: string, keyId: string, order: SpendOrder): Promise<Spent>;
  /** Applies changes that other processes committed; called before a lookup is served from the cache. */
  pollChanges(): Freshness;
  /** Throws when the database cannot respond. */
  ping(): MaybePromise<void>;
  /** Figures for `/metrics`. */
  stats?(): StorageStats;
  /** Whether the database accepts reads only. Absent: it never does. */
  isReadOnly?(): boolean;
  close(): Promise<void>;
}

export interface StorageStats {
  /** Writes of this process that wait for their turn. */
  readonly waitingWrites: number;
  /** Null: not known yet. */
  readonly databaseBytes: number | null;
  /** Of the write-ahead log; null: it is not a file of this process. */
  readonly logBytes: number | null;
  /** Empty: the database is in this process. */
  readonly pools: readonly PoolStats[];
}

/** Connections of one kind of work. */
export interface PoolStats {
  readonly name: string;
  readonly size: number;
  readonly maxSize: number;
  readonly inUse: number;
  /** Work that waits for a connection. */
  readonly waiting: number;
}

/** The database: snapshots, transactions, and the statements of the verify and limit paths. */
export interface Storage extends HotStorage {
  /** Runs `work` on one consistent snapshot. */
  read<Result>(work: (store: Store) => Promise<Result>): Promise<Result>;
  /**
   * Runs `work` in one durable transaction, which is rolled back when `work` throws. `work` awaits only the store, and may
   * be run again from its start. `scope` defaults to `alone`.
   */
  write<Result>(work: (store: Store) => Promise<Result>, scope?: WriteScope): Promise<Result>;
}
