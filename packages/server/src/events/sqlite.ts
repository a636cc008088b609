import { Worker } from 'node:worker_threads';
import { parkOnExit } from '../base/park-worker.ts';
import type { EventArchive, EventBatch } from './port.ts';

/** Message to the worker. The reply to `open` comes when the file is open and migrated. */
export type WorkerRequest = WorkerTask | { type: 'close' };
export type WorkerTask =
  | { type: 'open' }
  | { type: 'write'; batch: EventBatch }
  | { type: 'delete' | 'count'; before: number; limit: number };
/** Message from the worker, one for each task, in order. `count`: events written, deleted or due. */
export type WorkerReply =
  | { type: 'done'; count: number }
  | { type: 'failed'; message: string; code: string | undefined };

interface PendingTask {
  resolve(count: number): void;
  reject(error: Error): void;
}

interface WriterThread {
  run(task: WorkerTask): Promise<number>;
  close(): Promise<void>;
}

/** Stores events in a SQLite file of their own, written by a worker thread. Rejects when the file cannot be opened. */
export async function openSqliteEvents(options: { file: string }): Promise<EventArchive> {
  let thread: WriterThread | undefined;
  const current = () => {
    thread ??= startThread(options.file, () => {
      thread = undefined;
    });
    return thread;
  };
  await current().run({ type: 'open' });
  return {
    async write(batch) {
      await current().run({ type: 'write', batch });
    },
    deleteBefore: (before, limit) => current().run({ type: 'delete', before, limit }),
    countBefore: (before, limit) => current().run({ type: 'count', before, limit }),
    close: async () => thread?.close(),
  };
}

function startThread(file: string, onEnd: () => void): WriterThread {
  // Node options of the parent, such as `--input-type`, can make a worker fail.
  const worker = new Worker(workerUrl(), { workerData: { file }, execArgv: [] });
  parkOnExit(worker);
  const pending: PendingTask[] = [];
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });

  // The thread keeps the process alive only while a task is pending.
  worker.unref();

  function settle(reply: WorkerReply): void {
    const first = pending.shift();
    if (pending.length === 0) worker.unref();
    if (reply.type === 'done') first?.resolve(reply.count);
    else first?.reject(Object.assign(new Error(reply.message), { code: reply.code }));
  }

  // A crash emits 'error' and then 'exit'; by then a new thread may have replaced this one.
  let isEnded = false;
  function end(error: Error): void {
    if (isEnded) return;
    isEnded = true;
    onEnd();
    for (const { reject } of pending.splice(0)) reject(error);
  }

  worker.on('message', settle);
  worker.once('error', (cause) => end(new Error('The event writer stopped.', { cause })));
  worker.once('exit', () => end(new Error('The event writer has ended.')));

  const post = (request: WorkerRequest) => worker.postMessage(request);
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        pending.push({ resolve, reject });
        worker.ref();
        post(task);
      }),
    async close() {
      worker.ref();
      post({ type: 'close' });
      await ended;
    },
  };
}

// A worker runs compiled code only: from the sources it is the one that the build put into `dist`.
function workerUrl(): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? '../../dist/events/sqlite-worker.js' : './sqlite-worker.js', import.meta.url);
}
