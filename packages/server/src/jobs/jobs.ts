import { errorFields, type Log } from '../log.ts';
import type { Services } from '../services.ts';
import { refillDueKeys } from './refill.ts';

export interface Jobs {
  /** Waits for what is running. */
  stop(): Promise<void>;
}

/** What the server does by itself. Each job starts again only after it has ended; a failure is logged and tried again. */
export function startJobs(services: Services, log: Log): Jobs {
  const jobs = [
    every(10_000, log, 'last used', () => services.lastUsed.flush()),
    every(60_000, log, 'refill', () => refillDueKeys(services, services.clock.now())),
  ];
  return {
    async stop() {
      await Promise.all(jobs.map((stop) => stop()));
    },
  };
}

export const noJobs: Jobs = { stop: async () => {} };

function every(
  milliseconds: number,
  log: Log,
  job: string,
  run: () => Promise<unknown>,
): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    running ??= run()
      .catch((error) => log.error({ job, ...errorFields(error) }, 'job failed'))
      .finally(() => {
        running = null;
      });
  }, milliseconds);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
