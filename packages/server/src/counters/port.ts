import type { Decision, LimitCheck } from '../domain/ratelimit/window.ts';

export type ConsumeResult = Pick<Decision, 'passed' | 'results'>;

/** The response to a call that spends, kept so that a repetition of the call gets the same response. */
export interface IdempotencyRecord {
  /** Hash of the caller and the request body: equal for repetitions of the same call only. */
  readonly fingerprint: string;
  readonly response: string;
}

/** Sliding-window counters, and idempotency records of calls that spend. */
export interface Counters {
  /**
   * Decides all checks of a call and counts all of them or none, in one atomic step. A counter belongs to one workspace,
   * so an implementation may keep the counters of a workspace together.
   */
  consume(
    workspaceId: string,
    checks: readonly LimitCheck[],
    now: number,
  ): ConsumeResult | Promise<ConsumeResult>;
  /**
   * Claims an idempotency key for the caller, who must then call `complete` or `release`. Waits while another caller
   * holds the claim. Resolves to the record if there is one that has not expired; null: the claim is the caller's. `name`
   * begins with the id of the workspace and a space. Rejects with an `IdempotencyShareError` if there is no record and the
   * workspace has used its share.
   */
  claim(name: string, now: number): Promise<IdempotencyRecord | null>;
  /** Stores the record until `expiresAt` (Unix milliseconds) and ends the claim. */
  complete(name: string, record: IdempotencyRecord, expiresAt: number): void | Promise<void>;
  /** Ends the claim without a record: the next caller may claim the key. */
  release(name: string): void | Promise<void>;
  close(): Promise<void>;
}

/** Counters shared by several processes over the network, which can fail. */
export interface RemoteCounters extends Counters {
  readonly idempotencyStats: () => Pick<CounterMemoryStats, 'refusedClaims'>;
  /** Registers this process as alive; resolves to the number of live processes. Rejects while the counters do not work. */
  heartbeat(): Promise<number>;
}

/**
 * How limits are decided while the circuit to the shared counters is open. `local`: each process enforces its share of
 * every limit. `deny`: calls that need a limit fail. `allow`: calls pass and are not counted.
 */
export const outageModes = ['local', 'deny', 'allow'] as const;
export type OutageMode = (typeof outageModes)[number];

export interface CountersStatus {
  readonly circuit: 'closed' | 'open';
  readonly mode: OutageMode;
  /** Calls decided without the shared counters since this process started. */
  readonly fallbackDecisions: number;
  /** Live processes at the last successful heartbeat; null before the first. */
  readonly processes: number | null;
}

/** What the memory of this process holds, and what it has refused. */
export interface CounterMemoryStats {
  /** Rate limit counters. */
  readonly size: number;
  readonly maxSize: number;
  /** Counters that were evicted although they still counted. */
  readonly evicted: number;
  /** Calls with an Idempotency-Key that were refused because their workspace has used its share of records. */
  readonly refusedClaims: number;
}

/** A workspace has used its share of idempotency records. It is no outage: who is limited can cause it. */
export class IdempotencyShareError extends Error {
  override readonly name = 'IdempotencyShareError';
}

/** The shared counters cannot be reached or do not work. The message says why. */
export class CountersUnavailableError extends Error {
  override readonly name = 'CountersUnavailableError';
}
