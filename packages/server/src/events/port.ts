/** The trace that a request belongs to, from its `traceparent` (W3C Trace Context). */
export interface TraceIds {
  readonly traceId: string;
  /** The caller's span that sent the request. */
  readonly spanId: string;
}

/** One response of `keys.verifyKey` for a key that exists. */
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
  /** The verification code of the response. */
  readonly outcome: string;
  readonly tags: readonly string[];
  readonly spentCredits: number;
  readonly latencyMs: number;
  /** Null: the request named none. */
  readonly trace: TraceIds | null;
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
  /** Null: the request named none. */
  readonly trace: TraceIds | null;
}

export type UsageEvent = VerificationEvent | RatelimitEvent;

/** Where requests record their events. `record` never waits and never throws. */
export interface EventSink {
  record(event: UsageEvent): void;
  /** Resolves when everything recorded before the call is written or counted as dropped. */
  flush(): Promise<void>;
  /** Flushes. Events recorded later are dropped. */
  close(): Promise<void>;
  stats(): EventStats;
}

export interface EventStats {
  readonly buffered: number;
  readonly written: number;
  readonly dropped: number;
}

/** Events as they are stored. Each text is a JSON array of arrays with the members listed here. */
export interface EventBatch {
  readonly count: number;
  /** Time of the first event, in Unix milliseconds; no event is earlier. */
  readonly at: number;
  /** For a key: workspaceId, apiId, keyId, identityId, externalId. For a namespace: workspaceId, namespaceId. */
  readonly subjects: string;
  /**
   * Index in `subjects`, milliseconds after `at`, requestId, outcome, tags, spentCredits, latency in microseconds; with a
   * trace also traceId and spanId.
   */
  readonly verifications: string;
  /**
   * Index in `subjects`, milliseconds after `at`, requestId, identifier, passed (0, 1), limit, remaining, cost, overrideId,
   * latency in microseconds; with a trace also traceId and spanId.
   */
  readonly ratelimits: string;
}

/** Writes batches: the promise resolves when the whole batch is stored, and rejects when none of it is. */
export interface EventWriter {
  write(batch: EventBatch): Promise<void>;
}

/** The event store. */
export interface EventArchive extends EventWriter {
  /**
   * Deletes events older than `at` (Unix milliseconds), about `limit` of them; resolves to the number deleted. Batches are
   * deleted as a whole, up to a minute late.
   */
  deleteBefore(at: number, limit: number): Promise<number>;
  /** How many events `deleteBefore` would delete, about `limit` at most. */
  countBefore(at: number, limit: number): Promise<number>;
  close(): Promise<void>;
}
