import { parentPort, workerData } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import { eventLoopDelay, watchEventLoop } from '../base/event-loop.ts';
import { randomIds } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { type ParkRequest, park } from '../base/park-worker.ts';
import type { Counters } from '../counters/port.ts';
import { parseAllowList } from '../domain/network/ip-allow-list.ts';
import { discardEvents } from '../events/discard.ts';
import { type Jobs, noJobs, startJobs } from '../jobs/jobs.ts';
import { openVault } from '../open-vault.ts';
import { commandsOn } from '../operations/commands.ts';
import { createPipeline } from '../pipeline/pipeline.ts';
import { createRouter } from '../pipeline/router.ts';
import { damagedSecrets } from '../secrets/damaged-secrets.ts';
import type { Services } from '../services.ts';
import type { ChangeListener } from '../storage/changes.ts';
import { databaseFileOf } from '../storage/data-folder.ts';
import { lastUsedBuffer } from '../storage/last-used.ts';
import { createLookups, type Lookups } from '../storage/lookups.ts';
import type { Storage } from '../storage/port/storage.ts';
import { openSqliteStorage } from '../storage/sqlite/storage.ts';
import { createChannel, type Message } from './channel.ts';
import { localTime, type MainEnd, noStats, type StorageEnd, type ThreadOptions } from './protocol.ts';

/**
 * The storage thread: writes, syncs and checkpoints the database, runs the jobs, and performs the operations of mode
 * `read` and `write` with the same pipeline as a service in one thread.
 */

// `startStorageThread` starts this thread with this shape.
const options = workerData as ThreadOptions;
const { config } = options;

/** Only for operations that spend, which run on the main thread. */
const keyCacheSize = 1;
/** Commits of programs other than `unkey` are noticed after this time at the latest. */
const pollEveryMs = 250;
const statsEveryMs = 1000;

const log = createLog({
  level: options.logLevel,
  destination: { write: (line) => channel.tell('log', line) },
});
/** The main thread's clock, by the last request. Jobs have the system's. */
let now = Date.now();
const requestClock: Clock = { now: () => now };

let lookups: Lookups | null = null;
const onCommit: ChangeListener = (tags) => {
  if (tags?.size === 0) return;
  lookups?.onCommit(tags);
  channel.tell('changed', tags && [...tags]);
};
const storage = openSqliteStorage({
  file: databaseFileOf(config.dataDir),
  onCommit,
  lockWaitMs: options.lockWaitMs,
  announcesCommits: false,
});
const ids = randomIds();
const commands = commandsOn({ storage, ids });
const lastUsed = lastUsedBuffer(storage);

let jobs: Jobs = noJobs;
let handle: ReturnType<typeof createRouter>['handle'] | null = null;
const timers: NodeJS.Timeout[] = [];

const own: StorageEnd = {
  ...commands,
  async handle({ arrivedAt, now: at, ...request }) {
    if (handle === null) throw new Error('A request came before the storage thread had started.');
    now = at;
    return handle({ ...request, arrivedAt: localTime(arrivedAt) });
  },
  spendCredits: storage.spendCredits,
  markUsed(usedAt) {
    for (const [keyId, at] of usedAt) lastUsed.mark(keyId, at);
  },
  async close() {
    for (const timer of timers) clearInterval(timer);
    await jobs.stop();
    await lastUsed.flush();
    await storage.close();
  },
};
const channel = createChannel<StorageEnd, MainEnd>(own, {
  post: (messages) => parentPort?.postMessage(messages),
});

await start(storage);
// What was sent in the meantime has waited in the port.
parentPort?.on('message', (message: readonly Message[] | ParkRequest) =>
  'park' in message ? park(message) : channel.receive(message),
);
channel.tell('started');

async function start(storage: Storage): Promise<void> {
  lookups = createLookups(storage, { ...config, keyCacheSize });
  const services: Services = {
    storage,
    commands,
    lookups,
    counters: countersOfMainThread(),
    vault: await openVault(config, storage),
    damagedSecrets: damagedSecrets(log),
    events: discardEvents,
    lastUsed,
    ids,
    clock: requestClock,
  };
  const endpoints = createPipeline({
    services,
    log,
    metrics: { observe: (...request) => channel.tell('observe', ...request) },
    trustedProxies: parseAllowList(config.trustedProxies.join(',') || null),
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
  });
  ({ handle } = createRouter({ endpoints, ids }));
  if (options.hasJobs) {
    const archive = {
      deleteBefore: (at: number, limit: number) => channel.call('deleteEventsBefore', at, limit),
      countBefore: (at: number, limit: number) => channel.call('countEventsBefore', at, limit),
    };
    jobs = startJobs(
      { ...services, clock: { now: Date.now } },
      { ...config, archive, log, isDatabaseShared: false },
    );
  }
  watchEventLoop();
  every(statsEveryMs, () =>
    channel.tell('stats', {
      jobs: jobs.stats(),
      storage: storage.stats?.() ?? noStats,
      damagedSecrets: services.damagedSecrets.count(),
      lag: eventLoopDelay(),
    }),
  );
  every(pollEveryMs, () => void storage.pollChanges());
}

function every(milliseconds: number, run: () => void): void {
  timers.push(setInterval(run, milliseconds));
}

/** Limits are counted in one place. */
function countersOfMainThread(): Counters {
  const notHere = () => {
    throw new Error('An operation that spends was sent to the storage thread.');
  };
  return {
    consume: (...check) => channel.call('consume', ...check),
    claim: notHere,
    complete: notHere,
    release: notHere,
    close: async () => {},
  };
}
