/** One fixed window of a counter and the one before it; windows are aligned to the epoch. */
export interface Window {
  readonly sequence: number;
  readonly current: number;
  readonly previous: number;
}

/** What one limit wants to take. `counter` names the duration too: one counter never has two. */
export interface Take {
  readonly counter: string;
  readonly limit: number;
  readonly durationMs: number;
  readonly cost: number;
}

export interface Taken {
  readonly passed: boolean;
  readonly remaining: number;
  readonly resetAt: number;
}

/** `windows` is what to store: only counters that were charged, and none when the decision is a refusal. */
export interface Decision {
  readonly passed: boolean;
  readonly taken: Taken[];
  readonly windows: Map<string, Window>;
}

/** All or nothing; takes of one counter add up in their order. */
export function decide(
  takes: readonly Take[],
  windowOf: (counter: string) => Window | undefined,
  now: number,
): Decision {
  const [first] = takes;
  if (takes.length === 1 && first !== undefined) return decideOne(first, windowOf(first.counter), now);
  return decideTogether(takes, windowOf, now);
}

/** The window that `now` falls into. A clock that jumped back stays in the newer window. */
export function roll(window: Window | undefined, now: number, durationMs: number): Window {
  const sequence = Math.floor(now / durationMs);
  if (window === undefined) return { sequence, current: 0, previous: 0 };
  if (window.sequence >= sequence) return window;
  return { sequence, current: 0, previous: window.sequence === sequence - 1 ? window.current : 0 };
}

/** What counts against the limit at `now`, of a window rolled to `now`. */
export function weighted(window: Window, now: number, durationMs: number): number {
  const elapsed = Math.max(0, now - window.sequence * durationMs);
  return window.current + Math.floor(window.previous * (1 - elapsed / durationMs));
}

/** Unix milliseconds at which the window ends. */
export function resetAt(window: Window, durationMs: number): number {
  return (window.sequence + 1) * durationMs;
}

function decideOne(take: Take, stored: Window | undefined, now: number): Decision {
  const window = roll(stored, now, take.durationMs);
  const taken = takeFrom(window, take, now);
  const windows = new Map<string, Window>();
  if (taken.passed && take.cost > 0) windows.set(take.counter, charge(window, take.cost));
  return { passed: taken.passed, taken: [taken], windows };
}

function decideTogether(
  takes: readonly Take[],
  windowOf: (counter: string) => Window | undefined,
  now: number,
): Decision {
  const charged = new Map<string, Window>();
  const before: Window[] = [];
  const taken: Taken[] = [];
  let passed = true;
  for (const take of takes) {
    const stored = roll(windowOf(take.counter), now, take.durationMs);
    const window = charged.get(take.counter) ?? stored;
    const result = takeFrom(window, take, now);
    before.push(stored);
    taken.push(result);
    if (!result.passed) passed = false;
    else if (take.cost > 0) charged.set(take.counter, charge(window, take.cost));
  }
  if (passed) return { passed, taken, windows: charged };
  return {
    passed,
    taken: taken.map((result, index) => uncharged(result, takes[index], before[index], now)),
    windows: new Map(),
  };
}

// Sums above 2^53 lose digits, but only where they already exceed every limit.
function takeFrom(window: Window, take: Take, now: number): Taken {
  const effective = weighted(window, now, take.durationMs) + take.cost;
  const passed = effective <= take.limit;
  return {
    passed,
    remaining: passed ? take.limit - effective : 0,
    resetAt: resetAt(window, take.durationMs),
  };
}

function charge(window: Window, cost: number): Window {
  return { sequence: window.sequence, current: window.current + cost, previous: window.previous };
}

function uncharged(taken: Taken, take: Take | undefined, before: Window | undefined, now: number): Taken {
  if (!taken.passed || take === undefined || before === undefined) return taken;
  return { ...taken, remaining: take.limit - weighted(before, now, take.durationMs) };
}
