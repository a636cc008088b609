import { Worker } from 'node:worker_threads';
import type { EventArchive, EventBatch } from './port.ts';

/** To the worker. `open` is answered once the file is open and its tables are there. */
export type WorkerRequest = WorkerTask | { type: 'close' };
export type WorkerTask =
  | { type: 'open' }
  | { type: 'write'; batch: EventBatch }
  | { type: 'delete'; before: number; limit: number };
/** From the worker, one for each task, in order; `count` is of the events that were written or deleted. */
export type WorkerReply =
  | { type: 'done'; count: number }
  | { type: 'failed'; message: string; code: string | undefined };

interface Outstanding {
  resolve(count: number): void;
  reject(error: Error): void;
}

interface WriterThread {
  run(task: WorkerTask): Promise<number>;
  close(): Promise<void>;
}

/** Keeps events in a database file of their own, in a thread of its own. Rejects when the file cannot be opened. */
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
    close: async () => thread?.close(),
  };
}

function startThread(file: string, onEnd: () => void): WriterThread {
  // Options of the parent, such as `--input-type`, can make a worker fail.
  const worker = new Worker(workerUrl(), { workerData: { file }, execArgv: [] });
  const outstanding: Outstanding[] = [];
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });

  // The thread holds the process only while it owes an answer.
  worker.unref();

  function settle(reply: WorkerReply): void {
    const first = outstanding.shift();
    if (outstanding.length === 0) worker.unref();
    if (reply.type === 'done') first?.resolve(reply.count);
    else first?.reject(Object.assign(new Error(reply.message), { code: reply.code }));
  }

  // A crash ends the thread twice, first with 'error', then with 'exit': by then another one may have its place.
  let isEnded = false;
  function end(error: Error): void {
    if (isEnded) return;
    isEnded = true;
    onEnd();
    for (const { reject } of outstanding.splice(0)) reject(error);
  }

  worker.on('message', settle);
  worker.once('error', (cause) => end(new Error('The event writer stopped.', { cause })));
  worker.once('exit', () => end(new Error('The event writer has ended.')));

  const post = (request: WorkerRequest) => worker.postMessage(request);
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        outstanding.push({ resolve, reject });
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
