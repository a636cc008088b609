import type { LimitCheck } from '../../domain/ratelimit/window.ts';

export interface Call {
  readonly checks: readonly LimitCheck[];
  readonly now: number;
}

/** Each check takes a lock until the statement ends, and the database has room for some thousands. A call is not divided. */
const checksPerStatement = 1000;
const callsPerStatement = 100;

/** The calls of each statement, in their order. */
export function statementsOf(calls: readonly Call[]): Call[][] {
  const statements: Call[][] = [];
  let checks = Number.POSITIVE_INFINITY;
  for (const call of calls) {
    const last = statements.at(-1);
    checks += call.checks.length;
    if (last !== undefined && checks <= checksPerStatement && last.length < callsPerStatement)
      last.push(call);
    else {
      statements.push([call]);
      checks = call.checks.length;
    }
  }
  return statements;
}
