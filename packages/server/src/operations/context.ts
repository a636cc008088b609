import type { AuditEvent } from '@unkey-ts/contract';
import type { Services } from '../services.ts';
import type { AuditResource } from '../storage/port/records.ts';
import type { Store } from '../storage/port/store.ts';

/** What every operation knows about its request. */
export interface Context {
  readonly requestId: string;
  readonly workspaceId: string;
  readonly rootKey: { readonly id: string; readonly name: string | null };
  /** Unix milliseconds; the same for all of a request. */
  readonly now: number;
  /** Monotonic milliseconds at which the request came in. */
  readonly startedAt: number;
  /** Found out when it is asked for: few verifications need it, and it costs Bun a call of the system. */
  clientIp(): string;
  readonly userAgent: string | undefined;
  /** False when the client asked that no event be recorded (`X-Unkey-Metrics: disabled`). */
  readonly isRecorded: boolean;
  readonly services: Services;
}

/** Inside one snapshot. */
export interface ReadContext extends Context {
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
