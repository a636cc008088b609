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

/** Where a buffer puts its batches: all of a batch is stored, or the promise rejects. */
export interface EventWriter {
  write(batch: readonly UsageEvent[]): Promise<void>;
}

/** Events that are stored. */
export interface EventArchive extends EventWriter {
  /** Deletes at most `limit` of those of before `at`, in Unix milliseconds; answers how many. */
  deleteBefore(at: number, limit: number): Promise<number>;
  close(): Promise<void>;
}
