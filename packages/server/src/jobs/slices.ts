import { setTimeout as sleep } from 'node:timers/promises';

/** What a job reports while it runs, and when it has to stop. */
export interface JobRun {
  /** Stops the job after the current slice. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each slice with the number of rows that it processed. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

/** A job rests this many times as long as each of its slices took: it never has more than a fifth of a thread. */
const restFactor = 4;

/**
 * Runs slice after slice, with a rest between them, until one returns null (nothing is left) or the signal aborts.
 * Returns the number of rows of all slices.
 */
export async function runSlices(
  { signal, onRows }: JobRun,
  slice: () => Promise<number | null>,
): Promise<number> {
  let total = 0;
  while (signal?.aborted !== true) {
    const start = performance.now();
    const rows = await slice();
    if (rows === null) break;
    total += rows;
    onRows?.(rows);
    await rest((performance.now() - start) * restFactor, signal);
  }
  return total;
}

/** The same for work that takes a limit: a slice that processes fewer rows was the last one. */
export async function runInSlices(
  run: JobRun,
  size: number,
  work: (limit: number) => Promise<number>,
): Promise<number> {
  let isLast = false;
  return runSlices(run, async () => {
    if (isLast) return null;
    const rows = await work(size);
    isLast = rows < size;
    return rows;
  });
}

async function rest(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  // Only the signal ends it early.
  await sleep(milliseconds, undefined, signal && { signal }).catch(() => {});
}
