import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { HeaderName, HttpRequest, HttpResponse } from '../base/http-message.ts';
import { errorFields, type Log, writeLogLine } from '../base/log.ts';
import { parkOnExit } from '../base/park-worker.ts';
import type { Counters } from '../counters/port.ts';
import type { EventArchive } from '../events/port.ts';
import type { ObserveRequest } from '../monitoring/request-metrics.ts';
import type { ThreadQueue } from '../monitoring/thread-metrics.ts';
import type { ChangeListener } from '../storage/changes.ts';
import type { LastUsed } from '../storage/last-used.ts';
import type { Commands } from '../storage/port/commands.ts';
import { type HotStorage, StorageUnavailableError } from '../storage/port/storage.ts';
import { type Channel, createChannel } from './channel.ts';
import {
  type ForwardedRequest,
  type MainEnd,
  noLag,
  noStats,
  type StorageEnd,
  sharedTime,
  type ThreadOptions,
  type ThreadStats,
} from './protocol.ts';

interface RequestTimes {
  /** Unix milliseconds. */
  readonly now: number;
  /** When it arrived, by `performance.now()`. */
  readonly startedAt: number;
}

export interface StorageThread {
  readonly commands: Commands;
  readonly spendCredits: HotStorage['spendCredits'];
  readonly lastUsed: Pick<LastUsed, 'mark'>;
  /** Performs a request of an operation that reads or writes. */
  forward(request: HttpRequest, at: RequestTimes): Promise<HttpResponse>;
  stats(): ThreadStats;
  queue(): ThreadQueue;
  /** Throws while the thread is being started again. */
  check(): void;
  /** Ends the thread when its work is done and written. */
  close(): Promise<void>;
  /** The running thread, for tests that end it. */
  worker(): Worker | null;
}

export interface StorageThreadOptions {
  readonly thread: ThreadOptions;
  readonly log: Log;
  readonly counters: Pick<Counters, 'consume'>;
  readonly archive: Pick<EventArchive, 'deleteBefore' | 'countBefore'>;
  readonly onCommit: ChangeListener;
  readonly observe: ObserveRequest;
}

const restartDelayMs = 1000;
const markEveryMs = 1000;
const maxMarks = 10_000;

/** Complete by type. */
const allHeaders: Record<HeaderName, true> = {
  accept: true,
  authorization: true,
  'content-encoding': true,
  'content-type': true,
  'idempotency-key': true,
  'if-none-match': true,
  traceparent: true,
  'user-agent': true,
  'x-forwarded-for': true,
  'x-request-id': true,
  'x-unkey-metrics': true,
};
const headerNames = Object.keys(allHeaders) as HeaderName[];

/**
 * Starts the storage thread, which opens the database of `thread.config`. Calls wait until it has. A thread that dies is
 * started again.
 */
export function startStorageThread(options: StorageThreadOptions): StorageThread {
  let stats: ThreadStats = { jobs: [], storage: noStats, damagedSecrets: 0, lag: noLag };
  const onStats = (latest: ThreadStats) => {
    stats = latest;
  };
  const { current, worker, stop, waitingCalls, restarts } = supervise(options, (onDeath) =>
    startWorker(options, { onStats, onDeath }),
  );
  const marks = markBuffer((usedAt) => {
    // While no thread runs, times of use are lost, as they would be with the process.
    if (worker() !== null) current().tell('markUsed', usedAt);
  });
  return {
    commands: {
      refillKey: async (order) => current().call('refillKey', order),
      adoptMigratedKey: async (order) => current().call('adoptMigratedKey', order),
      createNamespaces: async (order) => current().call('createNamespaces', order),
    },
    spendCredits: async (...spend) => current().call('spendCredits', ...spend),
    lastUsed: { mark: marks.mark },
    async forward(request, at) {
      const channel = current();
      // The thread shows the last use of keys: it must know of all that were before this request.
      marks.flush();
      return channel.call('handle', forwarded(request, at));
    },
    stats: () => stats,
    queue: () => ({ waitingCalls: waitingCalls(), restarts: restarts(), lag: stats.lag }),
    check: () => void current(),
    async close() {
      marks.stop();
      await stop();
    },
    worker,
  };
}

interface Supervised {
  /** Throws after a death, until another thread has started. */
  current(): Channel<StorageEnd>;
  worker(): Worker | null;
  waitingCalls(): number;
  restarts(): number;
  stop(): Promise<void>;
}

/** Starts a thread, and another one when it dies. */
function supervise(
  { log, onCommit }: Pick<StorageThreadOptions, 'log' | 'onCommit'>,
  start: (onDeath: (error: Error) => void) => Running,
): Supervised {
  let isStopping = false;
  let restarts = 0;
  const onDeath = (error: Error) => {
    running = null;
    if (isStopping) return;
    log.error(errorFields(error), 'the storage thread has ended and is started again');
    // The tags of its last commits may be lost.
    onCommit(null);
    void restart();
  };
  const restart = async (): Promise<void> => {
    await pause(restartDelayMs, undefined, { ref: false });
    if (isStopping) return;
    const next = start(onDeath);
    // Its death is noticed by `onDeath`.
    await next.started.catch(() => {});
    if (next.isDead()) return;
    if (isStopping) await next.worker.terminate();
    else {
      running = next;
      restarts++;
    }
  };
  let running: Running | null = start(onDeath);
  return {
    current() {
      if (running === null) throw new StorageUnavailableError(restarting);
      return running.channel;
    },
    worker: () => running?.worker ?? null,
    waitingCalls: () => running?.channel.waiting() ?? 0,
    restarts: () => restarts,
    async stop() {
      isStopping = true;
      const last = running;
      if (last === null) return;
      await last.channel.call('close');
      await last.worker.terminate();
    },
  };
}

const restarting = 'The storage thread is being started again. Try again in a few seconds.';

interface Running {
  readonly worker: Worker;
  readonly channel: Channel<StorageEnd>;
  /** Rejects when the thread ends before it has started. */
  readonly started: Promise<void>;
  isDead(): boolean;
}

function startWorker(
  { log, counters, archive, onCommit, observe, thread }: StorageThreadOptions,
  { onStats, onDeath }: { onStats(stats: ThreadStats): void; onDeath(error: Error): void },
): Running {
  // Node options of the parent, such as `--input-type`, can make a worker fail.
  const worker = new Worker(workerUrl(), { workerData: thread, execArgv: [] });
  let onStarted = () => {};
  let hasStarted = false;
  let isDead = false;
  let cause: unknown;

  const own: MainEnd = {
    started: () => onStarted(),
    changed: (tags) => onCommit(tags && new Set(tags)),
    observe,
    log: (line) => writeLogLine(log, line),
    stats: onStats,
    consume: (...check) => counters.consume(...check),
    deleteEventsBefore: (at, limit) => archive.deleteBefore(at, limit),
    countEventsBefore: (at, limit) => archive.countBefore(at, limit),
  };
  const channel = createChannel<MainEnd, StorageEnd>(own, {
    post: (messages) => worker.postMessage(messages),
    // The thread keeps the process alive only while somebody waits for it.
    onWaiting: (isWaiting) => (isWaiting ? worker.ref() : worker.unref()),
  });
  const started = new Promise<void>((resolve, reject) => {
    onStarted = () => {
      hasStarted = true;
      parkOnExit(worker);
      resolve();
    };
    worker.once('exit', () => {
      isDead = true;
      const error = hasStarted
        ? new StorageUnavailableError(died, { cause, mayBeDone: true })
        : new StorageUnavailableError(restarting, { cause });
      reject(error);
      channel.end(error);
      onDeath(error);
    });
  });
  worker.on('message', channel.receive);
  worker.once('error', (error) => {
    cause = error;
  });
  void started.then(
    () => channel.waiting() > 0 || worker.unref(),
    () => {},
  );
  return { worker, channel, started, isDead: () => isDead };
}

const died = 'The storage thread has ended while it worked. Look at what was done before you try again.';

function forwarded(request: HttpRequest, { now, startedAt }: RequestTimes): ForwardedRequest {
  const { method, path, body, peer } = request;
  const read: Record<string, string> = {};
  for (const name of headerNames) {
    const value = request.headers[name];
    if (value !== undefined) read[name] = value;
  }
  return {
    method,
    path,
    headers: read,
    // A view would take the whole buffer that it shows a part of to the other thread.
    body: body.byteLength === body.buffer.byteLength ? body : new Uint8Array(body),
    peer,
    arrivedAt: sharedTime(startedAt),
    now,
  };
}

/** Times of use until they are sent: with the next request, or after a second. */
function markBuffer(send: (usedAt: ReadonlyMap<string, number>) => void) {
  let pending = new Map<string, number>();
  const flush = () => {
    if (pending.size === 0) return;
    send(pending);
    pending = new Map();
  };
  const timer = setInterval(flush, markEveryMs).unref();
  return {
    mark(keyId: string, at: number) {
      pending.set(keyId, at);
      if (pending.size >= maxMarks) flush();
    },
    flush,
    stop() {
      flush();
      clearInterval(timer);
    },
  };
}

// A worker runs compiled code only: from the sources it is the one that the build put into `dist`.
function workerUrl(): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? '../../dist/threads/storage-worker.js' : './storage-worker.js', import.meta.url);
}
