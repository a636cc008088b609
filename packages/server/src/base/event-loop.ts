/** Shorter stalls may be missed. */
const sampleMs = 20;
/** Timers are seldom exact: a sample that is less late is no stall. */
const toleranceMs = 5;
const windowMs = 60_000;

interface Window {
  readonly since: number;
  longestMs: number;
  totalMs: number;
  samples: number;
}

const newWindow = (since: number): Window => ({ since, longestMs: 0, totalMs: 0, samples: 0 });

let timer: NodeJS.Timeout | undefined;
let dueAt = 0;
let current = newWindow(0);
let previous = current;
/** When the requests that this turn of the event loop reads may have arrived; null: no request has been read. */
let arrivedAt: number | null = null;

/**
 * When a request that is read now has arrived, by `performance.now()`. Its bytes wait while the event loop is busy: a
 * stall that has just ended counts, and so does the work of this turn. At most `sampleMs` too early.
 */
export function arrivalOfRequest(): number {
  if (arrivedAt === null) {
    arrivedAt = performance.now();
    setImmediate(endTurn);
  }
  return arrivedAt;
}

function endTurn(): void {
  arrivedAt = null;
}

/** Starts to sample the delay of this thread's event loop. Later calls do nothing. */
export function watchEventLoop(): void {
  if (timer !== undefined) return;
  dueAt = performance.now() + sampleMs;
  current = newWindow(dueAt);
  previous = current;
  timer = setInterval(sample, sampleMs).unref();
}

/** In the last complete minute and the current one, in milliseconds. */
export interface EventLoopDelay {
  readonly meanMs: number;
  readonly longestMs: number;
}

export function eventLoopDelay(): EventLoopDelay {
  const samples = current.samples + (previous === current ? 0 : previous.samples);
  const totalMs = current.totalMs + (previous === current ? 0 : previous.totalMs);
  return {
    meanMs: samples === 0 ? 0 : totalMs / samples,
    longestMs: Math.max(current.longestMs, previous.longestMs),
  };
}

function sample(): void {
  const now = performance.now();
  const lateMs = Math.max(0, now - dueAt);
  // Timers run before sockets are read: requests that came during the stall are read in this turn.
  if (lateMs > toleranceMs && arrivedAt === null) {
    arrivedAt = dueAt;
    setImmediate(endTurn);
  }
  dueAt = now + sampleMs;
  if (now - current.since >= windowMs) {
    previous = current;
    current = newWindow(now);
  }
  current.longestMs = Math.max(current.longestMs, lateMs);
  current.totalMs += lateMs;
  current.samples++;
}
