import type { LimitCheck } from '../../domain/ratelimit/window.ts';

export interface Call {
  readonly now: number;
  readonly checks: readonly LimitCheck[];
}

const durations = [1000, 1500, 10_000, 60_000, 3_600_000];

/** Seeded calls: several limits at once, at times that mostly advance, by much or little, and sometimes go back. */
export function* seededCalls(seed: number, count: number): Generator<Call> {
  const below = belowOf(seed);
  let latest = 1_700_000_000_000 + below(100_000);
  /** For each counter, the time until which it may still count. */
  const ends = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    latest += pick(below, [0, 0, 1, 40, 700, 2500, 31_000, 400_000, 9_000_000]);
    const checks = Array.from({ length: 1 + below(4) }, () => checkOf(below));
    const back = latest - below(900);
    // Whether an expired window still counts after the clock went back is up to the counters.
    const isSettled = [...ends.values()].every((end) => end <= back || end > latest);
    const now = below(100) < 10 && isSettled ? back : latest;
    for (const { counter, durationMs } of checks) {
      ends.set(
        `${counter} ${Math.floor(latest / durationMs)}`,
        (Math.floor(latest / durationMs) + 2) * durationMs,
      );
    }
    yield { now, checks };
  }
}

function checkOf(below: (most: number) => number): LimitCheck {
  const durationMs = pick(below, durations);
  return {
    counter: `${pick(below, ['a', 'b', 'c'])} ${durationMs}`,
    durationMs,
    limit: pick(below, [0, 1, 3, 10, 10, 100]),
    cost: pick(below, [0, 1, 1, 1, 2, 7]),
  };
}

function pick<Item>(below: (most: number) => number, items: readonly Item[]): Item {
  const item = items[below(items.length)];
  if (item === undefined) throw new Error('There is nothing to pick from.');
  return item;
}

/** Seeded numbers below a bound (the upper bits of a linear congruential generator). */
function belowOf(seed: number): (most: number) => number {
  let state = BigInt(seed);
  return (most) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & 0xffff_ffff_ffff_ffffn;
    return Number((state >> 33n) % BigInt(most));
  };
}
