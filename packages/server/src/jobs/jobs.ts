import { errorFields, type Log } from '../base/log.ts';
import type { EventArchive } from '../events/port.ts';
import type { Services } from '../services.ts';
import { removeDeletedRows } from './deleted-rows.ts';
import { deleteExpiredIdempotencyRecords } from './expired-idempotency-records.ts';
import { deleteOldEvents } from './old-events.ts';
import { refillDueKeys } from './refill.ts';

export interface Jobs {
  /** Waits for what is running; what runs in batches, for the one that is under way. */
  stop(): Promise<void>;
}

interface Job extends Jobs {
  /** Unless it is running. */
  runNow(): void;
}

export interface JobOptions {
  readonly archive: EventArchive;
  /** Null: events are kept for good. */
  readonly eventsRetentionMs: number | null;
  readonly log: Log;
}

const minuteMs = 60_000;

/** What the server does by itself. Each job starts again only after it has ended; a failure is logged and tried again. */
export function startJobs(services: Services, { archive, eventsRetentionMs, log }: JobOptions): Jobs {
  const { clock } = services;
  const stopping = new AbortController();
  const { signal } = stopping;
  const cleaning = [
    every(10 * minuteMs, log, 'expired idempotency records', () =>
      deleteExpiredIdempotencyRecords(services, clock.now(), signal),
    ),
    every(60 * minuteMs, log, 'deleted rows', () => removeDeletedRows(services, clock.now(), signal)),
  ];
  if (eventsRetentionMs !== null) {
    const deleteOld = () =>
      deleteOldEvents(archive, { retentionMs: eventsRetentionMs, now: clock.now(), signal });
    cleaning.push(every(60 * minuteMs, log, 'old events', deleteOld));
  }
  // What fell due while the server was down does not wait.
  for (const job of cleaning) job.runNow();
  const jobs = [
    every(10_000, log, 'last used', () => services.lastUsed.flush()),
    every(minuteMs, log, 'refill', () => refillDueKeys(services, clock.now())),
    ...cleaning,
  ];
  return {
    async stop() {
      stopping.abort();
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
