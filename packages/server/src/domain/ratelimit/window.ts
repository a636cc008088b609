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

/** What to store of a counter after the takes from it. */
export interface Charged<Stored extends Window> extends Window {
  readonly counter: string;
  readonly durationMs: number;
  /** What was stored of it before. */
  readonly stored: Stored | undefined;
}

/** `charged` has each counter once, and none when the decision is a refusal. */
export interface Decision<Stored extends Window = Window> {
  readonly passed: boolean;
  readonly taken: readonly Taken[];
  readonly charged: readonly Charged<Stored>[];
}

type WindowOf<Stored extends Window> = (counter: string) => Stored | undefined;

/** Among so few, searching for a counter is faster than an index. */
const fewTakes = 4;

/** All or nothing; takes of one counter add up in their order. */
export function decide<Stored extends Window>(
  takes: readonly Take[],
  windowOf: WindowOf<Stored>,
  now: number,
): Decision<Stored> {
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

function decideOne<Stored extends Window>(
  take: Take,
  stored: Stored | undefined,
  now: number,
): Decision<Stored> {
  const window = roll(stored, now, take.durationMs);
  const taken = takeFrom(window, take, now);
  const isCharged = taken.passed && take.cost > 0;
  return { passed: taken.passed, taken: [taken], charged: isCharged ? [charge(stored, window, take)] : [] };
}

function decideTogether<Stored extends Window>(
  takes: readonly Take[],
  windowOf: WindowOf<Stored>,
  now: number,
): Decision<Stored> {
  const charged: ReturnType<typeof charge<Stored>>[] = [];
  const index = takes.length > fewTakes ? new Map<string, (typeof charged)[number]>() : null;
  const taken: Taken[] = [];
  let passed = true;
  for (const take of takes) {
    const { counter, durationMs, cost } = take;
    const before = index === null ? charged.find((one) => one.counter === counter) : index.get(counter);
    const stored = before === undefined ? windowOf(counter) : undefined;
    const window = before ?? roll(stored, now, durationMs);
    const result = takeFrom(window, take, now);
    taken.push(result);
    if (!result.passed) passed = false;
    else if (before !== undefined) before.current += cost;
    else if (cost > 0) {
      const after = charge(stored, window, take);
      charged.push(after);
      index?.set(counter, after);
    }
  }
  if (passed) return { passed, taken, charged };
  return {
    passed,
    taken: taken.map((result, at) => uncharged(result, takes[at], windowOf, now)),
    charged: [],
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

function charge<Stored extends Window>(
  stored: Stored | undefined,
  { sequence, current, previous }: Window,
  { counter, durationMs, cost }: Take,
) {
  return { counter, durationMs, stored, sequence, current: current + cost, previous };
}

/** Of a take that would have passed: what is left without this call. */
function uncharged(taken: Taken, take: Take | undefined, windowOf: WindowOf<Window>, now: number): Taken {
  if (!taken.passed || take === undefined) return taken;
  const window = roll(windowOf(take.counter), now, take.durationMs);
  return { ...taken, remaining: take.limit - weighted(window, now, take.durationMs) };
}
