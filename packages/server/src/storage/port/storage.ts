import type { MaybePromise } from '../../base/maybe-promise.ts';
import type { Credits } from '../../domain/keys/refill.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { NamespaceWithOverrides, RootKey, Workspace } from './records.ts';
import type { Store } from './store.ts';

/** Who stands behind a bearer: the root key and the workspace it acts on (null: it does not exist). */
export interface Caller {
  readonly rootKey: RootKey;
  readonly workspace: Workspace | null;
}

export interface SpendOrder {
  readonly cost: number;
  /** Unix milliseconds: a refill that is due by then has to come first. */
  readonly now: number;
}

export interface Spent {
  /** Credits left after the spend; before it when it was refused. Null: the key has become unlimited. */
  readonly remaining: number | null;
  readonly isSpent: boolean;
  /** Refused for no other reason than that a refill has to come first. */
  readonly isRefillDue?: true;
}

/** The database could not do its work; trying again may help. The message says why and what to do. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
  /** True: what was asked for may have been done all the same. */
  readonly mayBeDone: boolean;

  constructor(message: string, options: ErrorOptions & { readonly mayBeDone?: boolean } = {}) {
    super(message, options);
    this.mayBeDone = options.mayBeDone ?? false;
  }
}

/**
 * Which writes must not run at the same time. `alone`: none beside this one. Of a workspace: none that is alone or of
 * the same workspace. `unordered`: any may; each statement must be right whatever others do before and after it.
 */
export type WriteScope = 'alone' | 'unordered' | { readonly workspaceId: string };

/** How well a process knows what others have committed. */
export interface Freshness {
  /** By `performance.now()`: all that was committed until then has been noticed. */
  readonly syncedUntil: number;
  /** False: to ask the database would only be to wait for it. */
  readonly isReachable: boolean;
}

/** Of a database that is asked every time. */
export const alwaysFresh: Freshness = { syncedUntil: Number.POSITIVE_INFINITY, isReachable: true };

/** The database: snapshots, transactions, and the few statements of the verify and limit paths. */
export interface Storage {
  /** One consistent snapshot for all that `work` reads. */
  read<Result>(work: (store: Store) => Promise<Result>): Promise<Result>;
  /**
   * One durable transaction; nothing of it happens when `work` throws. `work` awaits nothing but the store, and may be
   * run again from its start. `scope` is `alone` when it is not given.
   */
  write<Result>(work: (store: Store) => Promise<Result>, scope?: WriteScope): Promise<Result>;
  /** Root key by hash of the bearer. */
  findCaller(hash: string): MaybePromise<Caller | null>;
  /** Key by hash, of any workspace, with all that a verification needs. */
  findVerifiableKey(hash: string): MaybePromise<VerifiableKey | null>;
  findNamespace(workspaceId: string, idOrName: string): MaybePromise<NamespaceWithOverrides | null>;
  /** Credits of a key as they are stored: a refill may be due. */
  readCredits(workspaceId: string, keyId: string): MaybePromise<Credits | null>;
  /** Takes `cost` credits or nothing, in one atomic step; durable when it answers. */
  spendCredits(workspaceId: string, keyId: string, order: SpendOrder): Promise<Spent>;
  /** Notices what other processes committed; called before a look-up is answered from memory. */
  pollChanges(): Freshness;
  /** Throws when the database cannot answer. */
  ping(): MaybePromise<void>;
  /** Whether the database accepts reads only. Absent: it never does. */
  isReadOnly?(): boolean;
  close(): Promise<void>;
}
