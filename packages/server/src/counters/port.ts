import type { Decision, Take } from '../domain/ratelimit/window.ts';

type Outcome = Pick<Decision, 'passed' | 'taken'>;

/** Sliding windows. `take` decides and consumes in one atomic step: all takes of a call, or none. */
export interface Counters {
  take(takes: readonly Take[], now: number): Outcome | Promise<Outcome>;
  close(): Promise<void>;
}
