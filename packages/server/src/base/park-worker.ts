import type { Worker } from 'node:worker_threads';

/** Asks a worker thread to stop for good, between two calls of native code. */
export interface ParkRequest {
  /** Becomes 1 when the thread has stopped. */
  readonly park: Int32Array;
}

/** A thread that is busy for longer is ended in the middle of it. */
const maxWaitMs = 2000;

const running = new Set<Pick<Worker, 'postMessage'>>();

/**
 * When the process exits, the worker is parked before it is ended, however the exit came about. A thread that is ended
 * while the driver of SQLite makes its result throws where nothing catches: the process would abort.
 */
export function parkOnExit(worker: Worker): void {
  if (running.size === 0) process.on('exit', parkAll);
  running.add(worker);
  worker.once('exit', () => {
    running.delete(worker);
    if (running.size === 0) process.off('exit', parkAll);
  });
}

function parkAll(): void {
  const latest = performance.now() + maxWaitMs;
  const flags = [...running].map((worker) => {
    const request: ParkRequest = { park: new Int32Array(new SharedArrayBuffer(4)) };
    worker.postMessage(request);
    return request.park;
  });
  for (const flag of flags) Atomics.wait(flag, 0, 0, Math.max(0, latest - performance.now()));
}

/** Never returns. */
export function park({ park: flag }: ParkRequest): void {
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  Atomics.wait(flag, 0, 1);
}
