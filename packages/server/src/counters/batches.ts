import type { LimitCheck } from '../domain/ratelimit/window.ts';

export interface Call {
  readonly checks: readonly LimitCheck[];
  readonly now: number;
}

/**
 * In PostgreSQL each check takes a lock until the statement ends, and there is room for some thousands. Redis does nothing
 * else while a script runs. A call is not divided.
 */
const checksPerBatch = 1000;
const callsPerBatch = 100;

/** The calls of each statement or script, in their order. */
export function batchesOf<One extends Call>(calls: readonly One[]): One[][] {
  const batches: One[][] = [];
  let checks = Number.POSITIVE_INFINITY;
  for (const call of calls) {
    const last = batches.at(-1);
    checks += call.checks.length;
    if (last !== undefined && checks <= checksPerBatch && last.length < callsPerBatch) last.push(call);
    else {
      batches.push([call]);
      checks = call.checks.length;
    }
  }
  return batches;
}
