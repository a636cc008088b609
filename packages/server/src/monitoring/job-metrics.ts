import { Counter, Gauge, type Registry } from 'prom-client';
import type { JobStats } from '../jobs/port.ts';

/** A series for each background job. Unknown values have no series. The label is not `job`: that is Prometheus's own. */
export function registerJobMetrics(registers: Registry[], jobs: () => readonly JobStats[]): void {
  const counter = (name: string, help: string, read: (job: JobStats) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['name'],
      registers,
      collect() {
        this.reset();
        for (const job of jobs()) this.inc({ name: job.name }, read(job));
      },
    });
  const gauge = (name: string, help: string, read: (job: JobStats) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['name'],
      registers,
      collect() {
        this.reset();
        for (const job of jobs()) {
          const value = read(job);
          if (value !== null) this.set({ name: job.name }, value);
        }
      },
    });

  counter('unkey_job_rows_total', 'Rows that a background job has processed.', ({ rows }) => rows);
  counter('unkey_job_failures_total', 'Runs of a background job that failed.', ({ failures }) => failures);
  gauge('unkey_job_running', '1 while the background job runs, otherwise 0.', ({ isRunning }) =>
    isRunning ? 1 : 0,
  );
  gauge(
    'unkey_job_due_rows',
    'Rows that were due at the start of the last run and are not processed yet, at most 100000.',
    ({ dueRows }) => dueRows,
  );
  gauge('unkey_job_last_duration_seconds', 'Duration of the last run.', ({ lastDurationMs }) =>
    lastDurationMs === null ? null : lastDurationMs / 1000,
  );
  gauge(
    'unkey_job_last_success_timestamp_seconds',
    'When the last run without a failure ended, in Unix seconds.',
    ({ lastSuccessAt }) => (lastSuccessAt === null ? null : lastSuccessAt / 1000),
  );
}
