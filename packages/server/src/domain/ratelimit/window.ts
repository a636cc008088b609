/** One fixed window of a counter and the one before it; windows are aligned to the epoch. */
export interface Window {
  readonly sequence: number;
  readonly current: number;
  readonly previous: number;
}

/** One check of a limit. `counter` includes the duration, so that a counter has exactly one. */
export interface LimitCheck {
  readonly counter: string;
  readonly limit: number;
  readonly durationMs: number;
  readonly cost: number;
}

export interface LimitResult {
  readonly passed: boolean;
  readonly remaining: number;
  readonly resetAt: number;
}

/** The new state of a counter, to be stored. */
export interface Charged<Stored extends Window> extends Window {
  readonly counter: string;
  readonly durationMs: number;
  /** Its previous state; undefined: the counter is new. */
  readonly stored: Stored | undefined;
}

/** `charged` contains each counter once, and none when the call is denied. */
export interface Decision<Stored extends Window = Window> {
  readonly passed: boolean;
  readonly results: readonly LimitResult[];
  readonly charged: readonly Charged<Stored>[];
}

type WindowOf<Stored extends Window> = (counter: string) => Stored | undefined;

/** Up to this many counters, a linear search is faster than an index. */
const fewChecks = 4;

/** All or nothing; checks of one counter add up in their order. */
export function decide<Stored extends Window>(
  checks: readonly LimitCheck[],
  windowOf: WindowOf<Stored>,
  now: number,
): Decision<Stored> {
  const [first] = checks;
  if (checks.length === 1 && first !== undefined) return decideOne(first, windowOf(first.counter), now);
  return decideTogether(checks, windowOf, now);
}

/** The window at `now`. A clock that jumped back stays in the newer window. */
export function roll(window: Window | undefined, now: number, durationMs: number): Window {
  const sequence = Math.floor(now / durationMs);
  if (window === undefined) return { sequence, current: 0, previous: 0 };
  if (window.sequence >= sequence) return window;
  return { sequence, current: 0, previous: window.sequence === sequence - 1 ? window.current : 0 };
}

/** The weighted count at `now` of a window rolled to `now`. */
export function weighted(window: Window, now: number, durationMs: number): number {
  const elapsed = Math.max(0, now - window.sequence * durationMs);
  return window.current + Math.floor(window.previous * (1 - elapsed / durationMs));
}

/** Unix milliseconds at which the window ends. */
export function resetAt(window: Window, durationMs: number): number {
  return (window.sequence + 1) * durationMs;
}

function decideOne<Stored extends Window>(
  check: LimitCheck,
  stored: Stored | undefined,
  now: number,
): Decision<Stored> {
  const window = roll(stored, now, check.durationMs);
  const result = checkOne(window, check, now);
  const isCharged = result.passed && check.cost > 0;
  return {
    passed: result.passed,
    results: [result],
    charged: isCharged ? [charge(stored, window, check)] : [],
  };
}

function decideTogether<Stored extends Window>(
  checks: readonly LimitCheck[],
  windowOf: WindowOf<Stored>,
  now: number,
): Decision<Stored> {
  const charged: ReturnType<typeof charge<Stored>>[] = [];
  const index = checks.length > fewChecks ? new Map<string, (typeof charged)[number]>() : null;
  const results: LimitResult[] = [];
  let passed = true;
  for (const check of checks) {
    const { counter, durationMs, cost } = check;
    const before = index === null ? charged.find((one) => one.counter === counter) : index.get(counter);
    const stored = before === undefined ? windowOf(counter) : undefined;
    const window = before ?? roll(stored, now, durationMs);
    const result = checkOne(window, check, now);
    results.push(result);
    if (!result.passed) passed = false;
    else if (before !== undefined) before.current += cost;
    else if (cost > 0) {
      const after = charge(stored, window, check);
      charged.push(after);
      index?.set(counter, after);
    }
  }
  if (passed) return { passed, results, charged };
  return {
    passed,
    results: results.map((result, at) => uncharged(result, checks[at], windowOf, now)),
    charged: [],
  };
}

// Sums above 2^53 lose digits, but only where they already exceed every limit.
function checkOne(window: Window, check: LimitCheck, now: number): LimitResult {
  const effective = weighted(window, now, check.durationMs) + check.cost;
  const passed = effective <= check.limit;
  return {
    passed,
    remaining: passed ? check.limit - effective : 0,
    resetAt: resetAt(window, check.durationMs),
  };
}

function charge<Stored extends Window>(
  stored: Stored | undefined,
  { sequence, current, previous }: Window,
  { counter, durationMs, cost }: LimitCheck,
) {
  return { counter, durationMs, stored, sequence, current: current + cost, previous };
}

/** The result of a check that passed in a denied call: `remaining` does not include this call. */
function uncharged(
  result: LimitResult,
  check: LimitCheck | undefined,
  windowOf: WindowOf<Window>,
  now: number,
): LimitResult {
  if (!result.passed || check === undefined) return result;
  const window = roll(windowOf(check.counter), now, check.durationMs);
  return { ...result, remaining: check.limit - weighted(window, now, check.durationMs) };
}
