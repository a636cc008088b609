import type { Log } from '../base/log.ts';
import type { EventArchive } from '../events/port.ts';
import type { Services } from '../services.ts';
import { bindDataKeys } from './bind-data-keys.ts';
import { countDeletedRows, removeDeletedRows } from './deleted-rows.ts';
import { deleteExpiredIdempotencyRecords } from './expired-idempotency-records.ts';
import { deleteOldAuditRecords } from './old-audit-records.ts';
import { deleteOldEvents } from './old-events.ts';
import type { JobStats } from './port.ts';
import { refillDueKeys } from './refill.ts';
import { type JobDeclaration, scheduleJob } from './schedule.ts';
import type { JobRun } from './slices.ts';

export interface Jobs {
  /** Waits for the current slice of each job. */
  stop(): Promise<void>;
  stats(): readonly JobStats[];
}

export interface JobOptions {
  readonly archive: Pick<EventArchive, 'deleteBefore' | 'countBefore'>;
  /** Null: events are never deleted. */
  readonly eventsRetentionMs: number | null;
  /** Null: records of the audit log are never deleted. */
  readonly auditRetentionMs: number | null;
  /** Whether processes of an earlier release may use the same database, during an update. */
  readonly isDatabaseShared: boolean;
  readonly log: Log;
}

const minuteMs = 60_000;
/** Bounds the queries; a larger backlog is shown as this number. */
const maxCounted = 100_000;

/** The background jobs of the server. */
export function startJobs(services: Services, options: JobOptions): Jobs {
  const { log } = options;
  const start = (declaration: JobDeclaration) => scheduleJob(declaration, { log, now: services.clock.now });
  const removals = removalJobs(services, options).map(start);
  // An update of all processes takes less than an hour.
  const binding = start({
    name: 'bound_data_keys',
    everyMs: 60 * minuteMs,
    run: (run) => bindDataKeys(services, run),
  });
  // Rows that became due while the server was down do not wait for the first interval.
  for (const job of options.isDatabaseShared ? removals : [...removals, binding]) job.runNow();
  const jobs = [...updateJobs(services).map(start), ...removals, binding];
  return {
    async stop() {
      await Promise.all(jobs.map((job) => job.stop()));
    },
    stats: () => jobs.map((job) => job.stats()),
  };
}

/** The same jobs for a caller that runs them itself. */
export function declareJobs(
  services: Services,
  options: Omit<JobOptions, 'log' | 'isDatabaseShared'>,
): readonly JobDeclaration[] {
  return [...updateJobs(services), ...removalJobs(services, options)];
}

function updateJobs(services: Services): JobDeclaration[] {
  const { clock, storage } = services;
  return [
    {
      name: 'last_used',
      everyMs: 10_000,
      run: (run) => flushLastUsed(services, run),
      countDue: async () => services.lastUsed.pending(),
    },
    {
      name: 'refill',
      everyMs: minuteMs,
      run: (run) => refillDueKeys(services, clock.now(), run),
      countDue: () => storage.read((store) => store.keys.countDueRefills(clock.now(), maxCounted)),
    },
  ];
}

async function flushLastUsed({ lastUsed }: Pick<Services, 'lastUsed'>, { onRows }: JobRun): Promise<void> {
  const rows = lastUsed.pending();
  await lastUsed.flush();
  onRows?.(rows);
}

function removalJobs(
  services: Services,
  { archive, eventsRetentionMs, auditRetentionMs }: Omit<JobOptions, 'log' | 'isDatabaseShared'>,
): JobDeclaration[] {
  const { clock, storage } = services;
  const jobs: JobDeclaration[] = [
    {
      name: 'expired_idempotency_records',
      everyMs: 10 * minuteMs,
      run: (run) => deleteExpiredIdempotencyRecords(services, clock.now(), run),
      countDue: () => storage.read((store) => store.idempotencyRecords.countExpired(clock.now(), maxCounted)),
    },
    {
      name: 'deleted_rows',
      everyMs: 60 * minuteMs,
      run: (run) => removeDeletedRows(services, clock.now(), run),
      countDue: () => countDeletedRows(services, clock.now(), maxCounted),
    },
  ];
  if (eventsRetentionMs !== null) {
    jobs.push({
      name: 'old_events',
      everyMs: 60 * minuteMs,
      run: (run) => deleteOldEvents(archive, { retentionMs: eventsRetentionMs, now: clock.now() }, run),
      countDue: () => archive.countBefore(clock.now() - eventsRetentionMs, maxCounted),
    });
  }
  if (auditRetentionMs !== null) {
    jobs.push({
      name: 'old_audit_records',
      everyMs: 60 * minuteMs,
      run: (run) => deleteOldAuditRecords(services, { retentionMs: auditRetentionMs, now: clock.now() }, run),
      countDue: () =>
        storage.read((store) => store.audit.countBefore(clock.now() - auditRetentionMs, maxCounted)),
    });
  }
  return jobs;
}

export const noJobs: Jobs = { stop: async () => {}, stats: () => [] };
