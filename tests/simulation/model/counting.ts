import type { State } from './state.ts';

export interface Wish {
  counter: string;
  limit: number;
  duration: number;
  cost: number;
}

export interface Grant {
  passed: boolean;
  remaining: number;
  reset: number;
}

/** Takes all or nothing, adding up what was taken in the current window and the share of the one before. */
export function count(state: State, wishes: Wish[]): { passed: boolean; grants: Grant[] } {
  const before = [...state.charges];
  const grants = wishes.map((wish) => {
    const { used, sequence } = usage(state, state.charges, wish);
    const passed = used + wish.cost <= wish.limit;
    if (passed) {
      state.charges.push({ counter: wish.counter, duration: wish.duration, sequence, cost: wish.cost });
    }
    return {
      passed,
      remaining: passed ? wish.limit - used - wish.cost : 0,
      reset: (sequence + 1) * wish.duration,
    };
  });
  if (grants.every(({ passed }) => passed)) return { passed: true, grants };
  state.charges = before;
  const untaken = grants.map((grant, index) => {
    const wish = wishes[index];
    if (!grant.passed || wish === undefined) return grant;
    return { ...grant, remaining: wish.limit - usage(state, before, wish).used };
  });
  return { passed: false, grants: untaken };
}

/** Free wishes leave no trace: a window is what something was taken from. */
function usage(state: State, charges: State['charges'], wish: Wish): { used: number; sequence: number } {
  const own = charges.filter(
    ({ counter, duration, cost }) => counter === wish.counter && duration === wish.duration && cost > 0,
  );
  // When the clock has stepped back, the newest window is still the current one.
  const sequence = Math.max(Math.floor(state.now / wish.duration), ...own.map((charge) => charge.sequence));
  const sumOf = (window: number) =>
    own.reduce((sum, charge) => sum + (charge.sequence === window ? charge.cost : 0), 0);
  const elapsed = Math.max(0, state.now - sequence * wish.duration) / wish.duration;
  return { used: sumOf(sequence) + Math.floor(sumOf(sequence - 1) * (1 - elapsed)), sequence };
}
