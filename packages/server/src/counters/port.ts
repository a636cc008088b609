import type { Decision, Take } from '../domain/ratelimit/window.ts';

export type Outcome = Pick<Decision, 'passed' | 'taken'>;

/** What a call that spends was answered, for the same call to be answered again. */
export interface RememberedAnswer {
  /** Of who called and how: the same for a repetition only. */
  readonly fingerprint: string;
  readonly answer: string;
}

/** Sliding windows. `take` decides and consumes in one atomic step: all takes of a call, or none. */
export interface Counters {
  /** A counter belongs to one workspace: those of a workspace may be kept together, apart from those of others. */
  take(workspaceId: string, takes: readonly Take[], now: number): Outcome | Promise<Outcome>;
  /**
   * Null: the name is the caller's, who remembers an answer under it or releases it. While it is another caller's,
   * this one waits.
   */
  claim(name: string, now: number): Promise<RememberedAnswer | null>;
  /** Until `expiresAt`. Of very many answers the oldest may be forgotten before. */
  remember(name: string, answer: RememberedAnswer, expiresAt: number): void | Promise<void>;
  /** Leaves the name to the next caller. */
  release(name: string): void | Promise<void>;
  close(): Promise<void>;
}

/** Counters that several processes share, somewhere else: they can be away. */
export interface RemoteCounters extends Counters {
  /** Tells that this process lives, and how many do. Rejects while the counters cannot do their work. */
  heartbeat(): Promise<number>;
}

/**
 * What becomes of limits while the shared counters are away. `local`: each process enforces its share of them. `deny`:
 * what needs a limit fails. `allow`: it passes uncounted.
 */
export const outageModes = ['local', 'deny', 'allow'] as const;
export type OutageMode = (typeof outageModes)[number];

export interface CountersStatus {
  readonly isUp: boolean;
  readonly mode: OutageMode;
  /** Calls that were decided without the shared counters since this process started. */
  readonly outageDecisions: number;
  /** How many processes counted there when it was last known; null: it never was. */
  readonly processes: number | null;
}

/** Where the counters are kept cannot be reached, or cannot do its work. The message says why. */
export class CountersUnavailableError extends Error {
  override readonly name = 'CountersUnavailableError';
}
