import { errorFields, type Log } from '../log.ts';
import type { Services } from '../services.ts';
import { deleteExpiredAnswers } from './expired-answers.ts';
import { refillDueKeys } from './refill.ts';

export interface Jobs {
  /** Waits for what is running. */
  stop(): Promise<void>;
}

interface Job extends Jobs {
  /** Unless it is running. */
  runNow(): void;
}

/** What the server does by itself. Each job starts again only after it has ended; a failure is logged and tried again. */
export function startJobs(services: Services, log: Log): Jobs {
  const expiredAnswers = every(600_000, log, 'expired answers', () =>
    deleteExpiredAnswers(services, services.clock.now()),
  );
  // What has expired while the server was down does not wait.
  expiredAnswers.runNow();
  const jobs = [
    every(10_000, log, 'last used', () => services.lastUsed.flush()),
    every(60_000, log, 'refill', () => refillDueKeys(services, services.clock.now())),
    expiredAnswers,
  ];
  return {
    async stop() {
      await Promise.all(jobs.map((job) => job.stop()));
    },
  };
}

export const noJobs: Jobs = { stop: async () => {} };

function every(milliseconds: number, log: Log, job: string, run: () => Promise<unknown>): Job {
  let running: Promise<unknown> | null = null;
  const runNow = () => {
    running ??= run()
      .catch((error) => log.error({ job, ...errorFields(error) }, 'job failed'))
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(runNow, milliseconds);
  timer.unref();
  return {
    runNow,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
