import type { State } from './state.ts';

export interface LimitCheck {
  counter: string;
  limit: number;
  duration: number;
  cost: number;
}

export interface LimitResult {
  passed: boolean;
  remaining: number;
  reset: number;
}

/** Counts all checks or none; usage is that of the current window plus the share of the previous one. */
export function count(state: State, checks: LimitCheck[]): { passed: boolean; results: LimitResult[] } {
  const before = [...state.charges];
  const results = checks.map((check) => {
    const { used, sequence } = usage(state, state.charges, check);
    const passed = used + check.cost <= check.limit;
    if (passed) {
      state.charges.push({ counter: check.counter, duration: check.duration, sequence, cost: check.cost });
    }
    return {
      passed,
      remaining: passed ? check.limit - used - check.cost : 0,
      reset: (sequence + 1) * check.duration,
    };
  });
  if (results.every(({ passed }) => passed)) return { passed: true, results };
  state.charges = before;
  const refused = results.map((result, index) => {
    const check = checks[index];
    if (!result.passed || check === undefined) return result;
    return { ...result, remaining: check.limit - usage(state, before, check).used };
  });
  return { passed: false, results: refused };
}

/** Checks of cost 0 leave no trace: a window starts with the first consumption. */
function usage(
  state: State,
  charges: State['charges'],
  check: LimitCheck,
): { used: number; sequence: number } {
  const own = charges.filter(
    ({ counter, duration, cost }) => counter === check.counter && duration === check.duration && cost > 0,
  );
  // After the clock has gone back, the newest window is still the current one.
  const sequence = Math.max(Math.floor(state.now / check.duration), ...own.map((charge) => charge.sequence));
  const sumOf = (window: number) =>
    own.reduce((sum, charge) => sum + (charge.sequence === window ? charge.cost : 0), 0);
  const elapsed = Math.max(0, state.now - sequence * check.duration) / check.duration;
  return { used: sumOf(sequence) + Math.floor(sumOf(sequence - 1) * (1 - elapsed)), sequence };
}
