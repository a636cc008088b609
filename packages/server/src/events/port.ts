/** One answered `keys.verifyKey` for a key that exists. */
export interface VerificationEvent {
  readonly type: 'verification';
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly requestId: string;
  readonly workspaceId: string;
  readonly apiId: string;
  readonly keyId: string;
  readonly identityId: string | null;
  readonly externalId: string | null;
  /** The verification code that was answered. */
  readonly outcome: string;
  readonly tags: readonly string[];
  readonly spentCredits: number;
  readonly latencyMs: number;
}

/** One decision of `ratelimit.limit` or `ratelimit.multiLimit`. */
export interface RatelimitEvent {
  readonly type: 'ratelimit';
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly requestId: string;
  readonly workspaceId: string;
  readonly namespaceId: string;
  readonly identifier: string;
  readonly passed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly cost: number;
  readonly overrideId: string | null;
  readonly latencyMs: number;
}

export type UsageEvent = VerificationEvent | RatelimitEvent;

/** Where requests leave their events. Recording never waits and never throws. */
export interface EventSink {
  record(event: UsageEvent): void;
  /** Resolves when everything recorded before the call is written or counted as dropped. */
  flush(): Promise<void>;
  /** Flushes; what is recorded later is dropped. */
  close(): Promise<void>;
  stats(): EventStats;
}

export interface EventStats {
  readonly buffered: number;
  readonly written: number;
  readonly dropped: number;
}

/** Events as they are stored. The texts are JSON: a list of lists each, whose members are, in this order: */
export interface EventBatch {
  readonly count: number;
  /** When the first of them happened, in Unix milliseconds; no other one did before. */
  readonly at: number;
  /** Of a key: workspaceId, apiId, keyId, identityId, externalId. Of a namespace: workspaceId, namespaceId. */
  readonly subjects: string;
  /** Place in `subjects`, milliseconds after `at`, requestId, outcome, tags, spentCredits, latency in microseconds. */
  readonly verifications: string;
  /**
   * Place in `subjects`, milliseconds after `at`, requestId, identifier, passed (0, 1), limit, remaining, cost, overrideId,
   * latency in microseconds.
   */
  readonly ratelimits: string;
}

/** Where a buffer puts its batches: all of a batch is stored, or the promise rejects. */
export interface EventWriter {
  write(batch: EventBatch): Promise<void>;
}

/** Events that are stored. */
export interface EventArchive extends EventWriter {
  /**
   * Deletes events of before `at`, in Unix milliseconds, until they are at least `limit`; answers how many. What is stored
   * in batches goes batch by batch, up to a minute late.
   */
  deleteBefore(at: number, limit: number): Promise<number>;
  close(): Promise<void>;
}
