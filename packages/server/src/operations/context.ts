import type { AuditEvent } from '@unkey-ts/contract';
import type { TraceIds } from '../events/port.ts';
import type { Services, SpendServices } from '../services.ts';
import type { AuditResource } from '../storage/port/records.ts';
import type { Store } from '../storage/port/store.ts';

/** The request, as every operation sees it. */
export interface Context {
  readonly requestId: string;
  readonly workspaceId: string;
  readonly rootKey: { readonly id: string; readonly name: string | null };
  /** Unix milliseconds; constant during a request. */
  readonly now: number;
  /** Monotonic milliseconds at which the request arrived. */
  readonly startedAt: number;
  /** Lazy: few verifications need it, and on Bun it is a system call. */
  clientIp(): string;
  /** From the caller's `traceparent`; null without one. */
  readonly trace: TraceIds | null;
  readonly userAgent: string | undefined;
  /** False if the client disabled events for this request (`X-Unkey-Metrics: disabled`). */
  readonly isRecorded: boolean;
  readonly services: SpendServices;
}

/** Inside one snapshot. */
export interface ReadContext extends Context {
  readonly services: Services;
  readonly store: Store;
}

/** Inside one transaction, whose audit records are written with it. */
export interface WriteContext extends ReadContext {
  audit(event: AuditEvent, entry: AuditEntry): void;
}

export interface AuditEntry {
  /** One sentence for people. */
  readonly display: string;
  readonly resources: readonly AuditResource[];
}
