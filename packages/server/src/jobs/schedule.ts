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

  const onRows = (rows: number) => {
    const dueRows = stats.dueRows === null ? null : Math.max(0, stats.dueRows - rows);
    stats = { ...stats, rows: stats.rows + rows, dueRows };
  };

  async function runOnce(): Promise<void> {
    const start = performance.now();
    try {
      if (countDue !== undefined) stats = { ...stats, dueRows: await countDue() };
      await run({ signal: stopping.signal, onRows });
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
