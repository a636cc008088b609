import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type JobDeclaration, scheduleJob } from './schedule.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

const errors: object[] = [];
const schedule = (declaration: Partial<JobDeclaration>) =>
  scheduleJob(
    { name: 'test', everyMs: 1000, run: async () => {}, ...declaration },
    { log: { error: (fields: object) => void errors.push(fields) }, now: () => 5000 },
  );

function held() {
  let release = () => {};
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release: () => release() };
}

test('a job never runs beside itself', async () => {
  const slice = held();
  let runs = 0;
  const job = schedule({
    async run() {
      runs++;
      await slice.promise;
    },
  });
  job.runNow();
  job.runNow();
  vi.advanceTimersByTime(10_000);
  expect({ runs, isRunning: job.stats().isRunning }).toEqual({ runs: 1, isRunning: true });
  slice.release();
  await vi.waitFor(() => expect(job.stats().isRunning).toBe(false), 30_000);
  vi.advanceTimersByTime(1000);
  expect(runs).toBe(2);
  await job.stop();
});

test('a stop aborts the run and waits for its slice; nothing runs after it', async () => {
  const slice = held();
  let isAborted = false;
  let isStopped = false;
  let runs = 0;
  const job = schedule({
    async run({ signal }) {
      runs++;
      await slice.promise;
      isAborted = signal?.aborted === true;
    },
  });
  job.runNow();
  const stopping = job.stop().then(() => {
    isStopped = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  slice.release();
  await stopping;
  vi.advanceTimersByTime(10_000);
  expect({ isAborted, runs }).toEqual({ isAborted: true, runs: 1 });
});

test('a failure is logged and counted, and the next run tries again', async () => {
  let runs = 0;
  const job = schedule({
    async run() {
      runs++;
      if (runs === 1) throw new Error('no');
    },
  });
  for (const count of [1, 2]) {
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(job.stats().isRunning).toBe(false), 30_000);
    expect(runs).toBe(count);
  }
  expect(job.stats()).toMatchObject({ failures: 1, lastSuccessAt: 5000 });
  expect(errors).toMatchObject([{ job: 'test' }]);
  await job.stop();
});

test('a job reports its rows and how many due ones remain', async () => {
  const slice = held();
  const job = schedule({
    countDue: async () => 50,
    async run({ onRows }) {
      onRows?.(20);
      await slice.promise;
      onRows?.(40);
    },
  });
  job.runNow();
  await vi.waitFor(
    () => expect(job.stats()).toMatchObject({ rows: 20, dueRows: 30, isRunning: true }),
    30_000,
  );
  slice.release();
  await job.stop();
  expect(job.stats()).toMatchObject({ rows: 60, dueRows: 0, isRunning: false });
});
