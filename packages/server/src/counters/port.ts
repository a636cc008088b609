import type { Take, Taken } from '../domain/ratelimit/window.ts';

/** Sliding windows. `take` decides and consumes in one atomic step: all takes of a call, or none. */
export interface Counters {
  take(
    takes: readonly Take[],
    now: number,
  ): { passed: boolean; taken: Taken[] } | Promise<{ passed: boolean; taken: Taken[] }>;
  close(): Promise<void>;
}
