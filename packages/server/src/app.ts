import { join } from 'node:path';
import { version } from '@unkey-ts/contract';
import { type Clock, systemClock } from './base/clock.ts';
import { type Closer, closeAll } from './base/closing.ts';
import type { AdmitBody, Endpoint, HttpHandler, ReportFailure } from './base/http-message.ts';
import { type Ids, randomIds } from './base/ids.ts';
import { createLog, type Log } from './base/log.ts';
import type { Config } from './config.ts';
import { withCircuitBreaker } from './counters/circuit-breaker.ts';
import { memoryCounters } from './counters/memory.ts';
import type { CounterMemoryStats, Counters, CountersStatus, RemoteCounters } from './counters/port.ts';
import { parseAllowList } from './domain/network/ip-allow-list.ts';
import { createEventBuffer } from './events/buffer.ts';
import { discardEvents } from './events/discard.ts';
import type { EventArchive } from './events/port.ts';
import { openSqliteEvents } from './events/sqlite.ts';
import { declareJobs, noJobs, startJobs } from './jobs/jobs.ts';
import { apiDocument } from './monitoring/api-document.ts';
import { changeLag } from './monitoring/change-lag.ts';
import { createEndpoints } from './monitoring/endpoints.ts';
import { createMetrics, type Metrics } from './monitoring/metrics.ts';
import { openVault } from './open-vault.ts';
import { commandsOn } from './operations/commands.ts';
import { guardEndpoint } from './pipeline/guard-endpoint.ts';
import { createPipeline, type PipelineOptions } from './pipeline/pipeline.ts';
import { createRouter, type Router } from './pipeline/router.ts';
import { createFailureReport } from './pipeline/transport-failure.ts';
import { damagedSecrets } from './secrets/damaged-secrets.ts';
import type { Services, SpendServices } from './services.ts';
import type { ChangeListener } from './storage/changes.ts';
import { databaseFileOf, openDataFolder } from './storage/data-folder.ts';
import { lastUsedBuffer } from './storage/last-used.ts';
import { createLookups, type Lookups } from './storage/lookups.ts';
import type { Storage } from './storage/port/storage.ts';
import type { PostgresOptions } from './storage/postgres/storage.ts';
import { openHotStorage } from './storage/sqlite/hot-storage.ts';
import { type DatabaseCopy, openMemoryStorage } from './storage/sqlite/memory-storage.ts';
import { openSqliteStorage, type SqliteOptions } from './storage/sqlite/storage.ts';
import { startStorageThread } from './threads/storage-thread.ts';
import { bun } from './transport/bun/bun-api.ts';
import type { Listener, ListenerOptions } from './transport/listener.ts';
import { createNodeListener, type NodeListenerOptions } from './transport/node/server.ts';
import { ensureWorkspace, type FirstStart } from './workspace/ensure-workspace.ts';

export interface App {
  /** Answers one request without a socket. */
  readonly handle: HttpHandler;
  readonly services: Services;
  /** What the first start has created; null if a workspace existed. */
  readonly firstStart: FirstStart | null;
  listen(): Promise<{ url: string; port: number }>;
  /** Completes the requests that have arrived, writes the buffers, and releases the data folder. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly clock?: Clock;
  readonly log?: Log;
  /** How long a request may take, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Served beside the operations, such as those of a dashboard. */
  readonly endpoints?: readonly Endpoint[];
  /** Whether jobs run by themselves. Default true; tests whose clock stands still call them. */
  readonly hasJobs?: boolean;
}

/** Without the services, which are divided between two threads. */
export type ThreadedApp = Omit<App, 'services'>;

/** Composes the service in one thread: the only place that creates adapters. */
export async function createApp(options: AppOptions): Promise<App> {
  return closedOnFailure(async (closers) => {
    const opened = await openServices(setUp(options), closers);
    return { ...(await compose(options, opened, closers)), services: opened.services };
  });
}

/**
 * Composes the service so that verifications and limits wait for no other work: on SQLite, a second thread writes, lists
 * and runs the jobs. On PostgreSQL, which does these itself, this is `createApp`. Jobs have the system's clock.
 */
export async function createThreadedApp(options: AppOptions): Promise<ThreadedApp> {
  if (options.config.databaseUrl !== undefined) return createApp(options);
  return closedOnFailure(async (closers) =>
    compose(options, await openThreadedServices(setUp(options), closers), closers),
  );
}

export interface MemoryAppOptions extends Omit<AppOptions, 'hasJobs'> {
  /** Default: random. */
  readonly ids?: Ids;
  /** What the database begins with. Default: nothing. */
  readonly copyOf?: DatabaseCopy;
}

/** Without a listener: `createListener` makes one. */
export interface MemoryApp extends Pick<App, 'services' | 'firstStart' | 'close'> {
  readonly handle: HttpHandler;
  readonly admitBody: AdmitBody;
  readonly failure: ReportFailure;
  /** All rows of the database. */
  copy(): Promise<DatabaseCopy>;
  /** Runs each background job once; they do not run by themselves. */
  runJobs(): Promise<void>;
}

/** Composes the service in one thread and in memory: nothing is read from disk or written to it, and no events are kept. */
export async function createMemoryApp(options: MemoryAppOptions): Promise<MemoryApp> {
  const { config, ids = randomIds(), copyOf } = options;
  const { clock, log, timeoutMs } = setUp(options);
  return closedOnFailure(async (closers) => {
    let lookups: Lookups | null = null;
    const storage = openMemoryStorage({
      onCommit: (tags) => lookups?.onCommit(tags),
      ...(copyOf !== undefined && { copyOf }),
    });
    closers.push(storage.close);
    lookups = createLookups(storage, config);
    const counters = memoryCounters();
    closers.push(counters.close);
    const services = await createServices(
      { storage, lookups, counters, events: discardEvents },
      { config, clock, log, ids },
    );
    const firstStart = await ensureWorkspace(services, { configuredRootKey: config.rootKey });
    const metrics = createMetrics({
      events: services.events.stats,
      keyCache: lookups.stats,
      counterMemory: counters.stats,
      counters: null,
      changes: null,
    });
    const opened = {
      services,
      metrics,
      countersStatus: null,
      firstStart,
      endpoints: options.endpoints ?? [],
    };
    const handler = createHandler({ config, clock, log, timeoutMs }, { ...opened, isDraining: () => false });
    const jobs = declareJobs(services, { ...config, archive: noEvents });
    return {
      ...handler,
      services,
      firstStart,
      copy: storage.copy,
      async runJobs() {
        for (const job of jobs) await job.run({});
      },
      close: () => closeAll(closers),
    };
  });
}

const noEvents = { deleteBefore: async () => 0, countBefore: async () => 0 };

/** `work` adds what closes each thing that it opens, so that a failed start closes them, too. */
async function closedOnFailure<Result>(work: (closers: Closer[]) => Promise<Result>): Promise<Result> {
  const closers: Closer[] = [];
  try {
    return await work(closers);
  } catch (error) {
    // The reason for the failed start matters, not a failure while closing.
    await closeAll(closers).catch(() => {});
    throw error;
  }
}

/** The options with their defaults. */
function setUp(options: AppOptions): SetUp {
  const { config, clock = systemClock, hasJobs = true, timeoutMs } = options;
  return { config, clock, hasJobs, timeoutMs, log: options.log ?? createLog({ level: config.logLevel }) };
}

interface SetUp {
  readonly config: Config;
  readonly clock: Clock;
  readonly hasJobs: boolean;
  readonly timeoutMs: number | undefined;
  readonly log: Log;
}

async function compose(options: AppOptions, opened: Opened, closers: Closer[]): Promise<ThreadedApp> {
  const { config } = options;
  const state = { isDraining: false };
  const { handle, admitBody, failure } = createHandler(setUp(options), {
    ...opened,
    endpoints: options.endpoints ?? [],
    isDraining: () => state.isDraining,
  });
  const listener = await createListener({
    handle,
    admitBody,
    failure,
    drainDelayMs: config.drainDelayMs,
    hasFastPath: config.hasFastPath,
  });
  closers.push(() => listener.drain());

  return {
    handle,
    firstStart: opened.firstStart,
    listen: () => listener.listen(config.host, config.port),
    async close() {
      state.isDraining = true;
      return closeAll(closers);
    },
  };
}

/** What both forms of the service consist of. */
interface Opened {
  readonly services: SpendServices;
  /** Performs the requests of operations that read or write, if it is not this thread. */
  readonly forward?: NonNullable<PipelineOptions['forward']>;
  readonly metrics: Metrics;
  readonly countersStatus: (() => CountersStatus) | null;
  readonly firstStart: FirstStart | null;
}

/** How long writes and spends wait while another process has locked the SQLite file, in milliseconds. */
const lockWaitMs = 2000;

async function openServices(
  { config, clock, hasJobs, log }: SetUp,
  closers: Closer[],
): Promise<Opened & { readonly services: Services }> {
  // A data folder belongs to one process; a database server may be shared.
  if (config.databaseUrl === undefined) lockDataFolder(config, log, closers);
  const lag = changeLag();
  const heard = { onLag: lag.observe, log, lockWaitMs };
  const { storage, lookups, openEvents, isChannelUp } = await openStorage(config, heard);
  closers.push(storage.close);
  const archive = await openEvents();
  closers.push(archive.close);
  const { counters, events, status, memory } = await openSinks({ config, log, clock }, archive, closers);
  const services = await createServices(
    { storage, lookups, counters, events },
    { config, clock, log, ids: randomIds() },
  );
  const firstStart = await ensureWorkspace(services, { configuredRootKey: config.rootKey });
  const jobs = hasJobs
    ? startJobs(services, { ...config, archive, log, isDatabaseShared: config.databaseUrl !== undefined })
    : noJobs;
  closers.push(services.lastUsed.flush, jobs.stop);
  const metrics = createMetrics({
    events: events.stats,
    keyCache: lookups.stats,
    jobs: jobs.stats,
    damagedSecrets: services.damagedSecrets.count,
    ...(storage.stats !== undefined && { storage: storage.stats }),
    counterMemory: memory,
    counters: status,
    changes: isChannelUp && { isChannelUp, lag },
  });
  return { services, metrics, countersStatus: status, firstStart };
}

async function createServices(
  adapters: Pick<Services, 'storage' | 'lookups' | 'counters' | 'events'>,
  { config, clock, log, ids }: Pick<SetUp, 'config' | 'clock' | 'log'> & Pick<Services, 'ids'>,
): Promise<Services> {
  const { storage } = adapters;
  return {
    ...adapters,
    commands: commandsOn({ storage, ids }),
    vault: await openVault(config, storage),
    damagedSecrets: damagedSecrets(log),
    lastUsed: lastUsedBuffer(storage),
    ids,
    clock,
  };
}

/** This thread answers verifications and limits; the storage thread does the rest. */
async function openThreadedServices(
  { config, clock, hasJobs, timeoutMs, log }: SetUp,
  closers: Closer[],
): Promise<Opened> {
  lockDataFolder(config, log, closers);
  const ids = randomIds();
  // The thread of the events starts while this one prepares the database.
  const opening = openSqliteEvents({ file: eventsFileOf(config.dataDir) });
  closers.push(async () => (await opening).close());
  const [firstStart, archive] = await Promise.all([prepareDatabase(config, { ids, clock }), opening]);
  const { counters, events, status, memory } = await openSinks({ config, log, clock }, archive, closers);
  let lookups: Lookups | null = null;
  const onCommit: ChangeListener = (tags) => lookups?.onCommit(tags);
  const metrics = createMetrics({
    events: events.stats,
    keyCache: () => keyCache.stats(),
    jobs: () => thread.stats().jobs,
    storage: () => thread.stats().storage,
    threadQueue: () => thread.queue(),
    damagedSecrets: () => thread.stats().damagedSecrets,
    counterMemory: memory,
    counters: status,
    changes: null,
  });
  const thread = startStorageThread({
    thread: { config, logLevel: config.logLevel, lockWaitMs, timeoutMs, hasJobs },
    log,
    counters,
    archive,
    onCommit,
    observe: metrics.observe,
  });
  closers.push(thread.close);
  const { spendCredits, check, commands, lastUsed, forward } = thread;
  const file = databaseFileOf(config.dataDir);
  const storage = openHotStorage({ file, onCommit, spendCredits, check });
  closers.push(storage.close);
  const keyCache = createLookups(storage, config);
  lookups = keyCache;
  const services = { storage, commands, lookups, counters, events, lastUsed, ids, clock };
  return { services, forward, metrics, countersStatus: status, firstStart };
}

/** What a start checks and creates, before there are two threads. */
async function prepareDatabase(
  config: Config,
  makers: Pick<Services, 'ids' | 'clock'>,
): Promise<FirstStart | null> {
  const { storage } = await openStorage(config, { lockWaitMs });
  try {
    await openVault(config, storage);
    return await ensureWorkspace({ ...makers, storage }, { configuredRootKey: config.rootKey });
  } finally {
    await storage.close();
  }
}

function lockDataFolder({ dataDir }: Config, log: Log, closers: Closer[]): void {
  const folder = openDataFolder(dataDir);
  closers.push(folder.release);
  if (!folder.isOpenToOthers) return;
  log.warn({ path: folder.path }, 'Other users can access the data folder: run chmod 700 on it.');
}

/** Events and counters. */
async function openSinks(
  { config, log, clock }: Pick<SetUp, 'config' | 'log' | 'clock'>,
  archive: EventArchive,
  closers: Closer[],
) {
  const events = config.isRecordingEvents ? createEventBuffer({ writer: archive, log }) : discardEvents;
  closers.push(events.close);
  const opened = await openCounters(config, { log, clock });
  closers.push(opened.counters.close);
  return { events, ...opened };
}

/** The pipeline's endpoints, those for operators, and any others, behind one router. */
function createHandler(
  { config, timeoutMs, log }: Omit<SetUp, 'hasJobs'>,
  opened: Opened & { readonly endpoints: readonly Endpoint[]; readonly isDraining: () => boolean },
): Pick<ListenerOptions, 'handle' | 'failure'> & Router {
  const { services, forward, metrics, countersStatus: counters, endpoints, isDraining } = opened;
  const { storage, lookups, ids } = services;
  const guard = { ids, log, metrics };
  const operations = createPipeline({
    services,
    log,
    metrics,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(forward !== undefined && { forward }),
    trustedProxies: parseAllowList(config.trustedProxies.join(',') || null),
  });
  const monitoring = createEndpoints({
    storage,
    lookups,
    counters,
    metrics,
    isDraining,
    document: apiDocument(version),
  });
  const guarded = [...monitoring, ...endpoints].map((endpoint) => guardEndpoint(endpoint, guard));
  const router = createRouter({ endpoints: [...operations, ...guarded], ids });
  return { ...router, failure: createFailureReport(guard) };
}

/** The listener for the runtime of this process. */
export async function createListener(options: NodeListenerOptions): Promise<Listener> {
  if (bun === null) return createNodeListener(options);
  const { createBunListener } = await import('./transport/bun/server.ts');
  return createBunListener(bun, options);
}

const eventsFileOf = (dataDir: string) => join(dataDir, 'events.sqlite');

export interface OpenedStorage {
  readonly storage: Storage;
  readonly lookups: Lookups;
  /** Where usage events are stored. */
  openEvents(): Promise<EventArchive>;
  /** Whether notifications about commits of other processes arrive; null: there are none. */
  readonly isChannelUp: (() => boolean) | null;
}

/** The database, and the cached lookups that its commits invalidate. */
export async function openStorage(
  config: Pick<Config, 'dataDir' | 'databaseUrl' | 'maxStalenessMs' | 'keyCacheSize'>,
  heard: Pick<PostgresOptions, 'onLag' | 'log'> & Pick<SqliteOptions, 'lockWaitMs'> = {},
): Promise<OpenedStorage> {
  const { dataDir, databaseUrl } = config;
  let lookups: Lookups | null = null;
  const onCommit: ChangeListener = (tags) => lookups?.onCommit(tags);
  if (databaseUrl === undefined) {
    const storage = openSqliteStorage({ file: databaseFileOf(dataDir), onCommit, ...heard });
    lookups = createLookups(storage, config);
    const openEvents = () => openSqliteEvents({ file: eventsFileOf(dataDir) });
    return { storage, lookups, openEvents, isChannelUp: null };
  }
  // The driver is loaded only if it is used.
  const { openPostgresStorage } = await import('./storage/postgres/storage.ts');
  const { storage, events, isChannelUp } = await openPostgresStorage({
    ...heard,
    url: databaseUrl,
    onCommit,
  });
  lookups = createLookups(storage, config);
  return { storage, lookups, openEvents: async () => events, isChannelUp };
}

/** In this process's memory, or shared between processes; only shared counters can be unavailable and have a status. */
async function openCounters(
  { redis, databaseUrl, limitsOnOutage }: Config,
  { log, clock }: { log: Log; clock: Clock },
): Promise<{
  counters: Counters;
  status: (() => CountersStatus) | null;
  memory: () => CounterMemoryStats;
}> {
  if (redis === undefined && databaseUrl === undefined) {
    const counters = memoryCounters();
    return { counters, status: null, memory: counters.stats };
  }
  const remote = await openRemoteCounters({ redis, databaseUrl }, log);
  return withCircuitBreaker({ remote, mode: limitsOnOutage, log, clock });
}

/** On Redis if it is configured, otherwise in PostgreSQL. The libraries are loaded only if they are used. */
async function openRemoteCounters(
  { redis, databaseUrl }: Pick<Config, 'redis' | 'databaseUrl'>,
  log: Log,
): Promise<RemoteCounters> {
  if (redis !== undefined) {
    const { openRedisCounters } = await import('./counters/redis/counters.ts');
    return openRedisCounters({ addresses: redis });
  }
  if (databaseUrl === undefined) throw new Error('Shared counters need REDIS_URL or DATABASE_URL.');
  const { openPostgresCounters } = await import('./counters/postgres/counters.ts');
  return openPostgresCounters({ url: databaseUrl, log });
}
