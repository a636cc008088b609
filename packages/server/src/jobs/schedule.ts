import { errorFields, type Log } from '../base/log.ts';
import type { JobStats } from './port.ts';
import type { JobRun } from './slices.ts';

export interface Job {
  /** Does nothing while the job is running. */
  runNow(): void;
  /** Waits for the current slice. */
  stop(): Promise<void>;
  stats(): JobStats;
}

export interface JobDeclaration {
  readonly name: string;
  readonly everyMs: number;
  run(run: JobRun): Promise<unknown>;
  /** Counts the rows that are due before a run. Default: unknown. */
  countDue?(): Promise<number>;
}

/** Runs a job at intervals, never beside itself. A failure is logged; the next run tries again. */
export function scheduleJob(
  { name, everyMs, run, countDue }: JobDeclaration,
  { log, now }: { readonly log: Pick<Log, 'error'>; readonly now: () => number },
): Job {
  const stopping = new AbortController();
  let running: Promise<void> | null = null;
  let stats: Omit<JobStats, 'name' | 'isRunning'> = {
    rows: 0,
    dueRows: null,
    lastSuccessAt: null,
    lastDurationMs: null,
    failures: 0,
  };

  const runAndCount = () => {
    const remaining = remainingRows((dueRows) => {
      stats = { ...stats, dueRows };
    });
    const onRows = (rows: number) => {
      stats = { ...stats, rows: stats.rows + rows };
      remaining.onRows(rows);
    };
    // At once: a job that is stopped soon has processed a slice.
    return Promise.all([countDue?.().then(remaining.onDue), run({ signal: stopping.signal, onRows })]);
  };

  async function runOnce(): Promise<void> {
    const start = performance.now();
    try {
      await runAndCount();
      stats = { ...stats, lastSuccessAt: now() };
    } catch (error) {
      stats = { ...stats, failures: stats.failures + 1 };
      log.error({ job: name, ...errorFields(error) }, 'job failed');
    } finally {
      stats = { ...stats, lastDurationMs: performance.now() - start };
      running = null;
    }
  }

  const runNow = () => {
    running ??= runOnce();
  };
  const timer = setInterval(runNow, everyMs);
  timer.unref();
  return {
    runNow,
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
    stats: () => ({ name, isRunning: running !== null, ...stats }),
  };
}

/** Rows of a run that are still due, from when they are counted. */
function remainingRows(onChange: (rows: number) => void) {
  let done = 0;
  let due: number | null = null;
  const change = () => {
    if (due !== null) onChange(Math.max(0, due - done));
  };
  return {
    onRows(rows: number) {
      done += rows;
      change();
    },
    onDue(rows: number) {
      due = rows;
      change();
    },
  };
}
