import { join } from 'node:path';
import { version } from '@unkey-ts/contract';
import { type Clock, systemClock } from './base/clock.ts';
import { type Closer, closeAll } from './base/closing.ts';
import type { Endpoint, HttpHandler } from './base/http-message.ts';
import { randomIds } from './base/ids.ts';
import { createLog, type Log } from './base/log.ts';
import { type Config, ConfigError } from './config.ts';
import { withCircuitBreaker } from './counters/circuit-breaker.ts';
import { memoryCounters } from './counters/memory.ts';
import type { CounterMemoryStats, Counters, CountersStatus, RemoteCounters } from './counters/port.ts';
import { parseAllowList } from './domain/network/ip-allow-list.ts';
import { createEventBuffer } from './events/buffer.ts';
import { discardEvents } from './events/discard.ts';
import type { EventArchive } from './events/port.ts';
import { openSqliteEvents } from './events/sqlite.ts';
import { type Jobs, noJobs, startJobs } from './jobs/jobs.ts';
import { apiDocument } from './monitoring/api-document.ts';
import { type ChangeLag, changeLag } from './monitoring/change-lag.ts';
import { createEndpoints } from './monitoring/endpoints.ts';
import { createMetrics } from './monitoring/metrics.ts';
import { commandsOn } from './operations/commands.ts';
import { guardEndpoint } from './pipeline/guard-endpoint.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import { createRouter, type Router } from './pipeline/router.ts';
import { createFailureReport } from './pipeline/transport-failure.ts';
import { createVault, openMasterKeys, type Vault } from './secrets/vault.ts';
import type { Services } from './services.ts';
import type { ChangeListener } from './storage/changes.ts';
import { databaseFileOf, masterKeyFileOf, openDataFolder } from './storage/data-folder.ts';
import { lastUsedBuffer } from './storage/last-used.ts';
import { createLookups, type Lookups } from './storage/lookups.ts';
import type { Storage } from './storage/port/storage.ts';
import type { PostgresOptions } from './storage/postgres/storage.ts';
import { openSqliteStorage, type SqliteOptions } from './storage/sqlite/storage.ts';
import { bun } from './transport/bun/bun-api.ts';
import type { Listener, ListenerOptions } from './transport/listener.ts';
import { createNodeListener, type NodeListenerOptions } from './transport/node/server.ts';
import { checkMasterKey } from './workspace/check-master-key.ts';
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

/** Composes the service: the only place that creates adapters. */
export async function createApp(options: AppOptions): Promise<App> {
  const closers: Closer[] = [];
  try {
    return await compose(options, closers);
  } catch (error) {
    // The reason for the failed start matters, not a failure while closing.
    await closeAll(closers).catch(() => {});
    throw error;
  }
}

/** Adds to `closers` what closes each thing that is opened, so that a failed start closes them, too. */
async function compose(options: AppOptions, closers: Closer[]): Promise<App> {
  const { config, clock = systemClock, hasJobs = true } = options;
  const log = options.log ?? createLog({ level: config.logLevel });
  const opened = await openServices({ config, clock, log }, closers);
  const { services, archive } = opened;
  const firstStart = await ensureWorkspace(services, { configuredRootKey: config.rootKey });
  const state = { isDraining: false };
  const jobs = hasJobs ? startJobs(services, { ...config, archive, log }) : noJobs;
  closers.push(services.lastUsed.flush, jobs.stop);
  const { handle, admitBody, failure } = createHandler(options, {
    ...opened,
    log,
    jobs,
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
    services,
    firstStart,
    listen: () => listener.listen(config.host, config.port),
    async close() {
      state.isDraining = true;
      return closeAll(closers);
    },
  };
}

interface OpenedServices {
  readonly services: Services;
  readonly archive: EventArchive;
  readonly countersStatus: (() => CountersStatus) | null;
  readonly counterMemory: () => CounterMemoryStats;
  /** Null: there are no other processes to be notified by. */
  readonly changes: { readonly isChannelUp: () => boolean; readonly lag: ChangeLag } | null;
}

/** How long writes and spends wait while another process has locked the SQLite file, in milliseconds. */
const lockWaitMs = 2000;

async function openServices(
  { config, clock, log }: { readonly config: Config; readonly clock: Clock; readonly log: Log },
  closers: Closer[],
): Promise<OpenedServices> {
  // A data folder belongs to one process; a database server may be shared.
  if (config.databaseUrl === undefined) {
    const folder = openDataFolder(config.dataDir);
    closers.push(folder.release);
    if (folder.isOpenToOthers) {
      log.warn({ path: folder.path }, 'Other users can access the data folder: run chmod 700 on it.');
    }
  }
  const lag = changeLag();
  const { storage, lookups, openEvents, isChannelUp } = await openStorage(config, {
    onLag: lag.observe,
    log,
    lockWaitMs,
  });
  closers.push(storage.close);
  const archive = await openEvents();
  closers.push(archive.close);
  const events = config.isRecordingEvents ? createEventBuffer({ writer: archive, log }) : discardEvents;
  closers.push(events.close);
  const { counters, status, memory } = await openCounters(config, { log, clock });
  closers.push(counters.close);
  const ids = randomIds();
  const services: Services = {
    storage,
    commands: commandsOn({ storage, ids }),
    lookups,
    counters,
    vault: await openVault(config, storage),
    events,
    lastUsed: lastUsedBuffer(storage),
    ids,
    clock,
  };
  return {
    services,
    archive,
    countersStatus: status,
    counterMemory: memory,
    changes: isChannelUp && { isChannelUp, lag },
  };
}

/** The pipeline's endpoints, those for operators, and any others, behind one router. */
function createHandler(
  { config, timeoutMs, endpoints = [] }: AppOptions,
  opened: OpenedServices & {
    readonly log: Log;
    readonly jobs: Jobs;
    readonly isDraining: () => boolean;
  },
): Pick<ListenerOptions, 'handle' | 'failure'> & Router {
  const { services, countersStatus: counters, counterMemory, changes, log, jobs, isDraining } = opened;
  const { storage, lookups, events, ids } = services;
  const metrics = createMetrics({
    events: () => events.stats(),
    keyCache: () => lookups.stats(),
    jobs: () => jobs.stats(),
    ...(storage.stats !== undefined && { storage: storage.stats }),
    counterMemory,
    counters,
    changes,
  });
  const guard = { ids, log, metrics };
  const operations = createPipeline({
    services,
    log,
    metrics,
    ...(timeoutMs !== undefined && { timeoutMs }),
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
async function createListener(options: NodeListenerOptions): Promise<Listener> {
  if (bun === null) return createNodeListener(options);
  const { createBunListener } = await import('./transport/bun/server.ts');
  return createBunListener(bun, options);
}

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
    const openEvents = () => openSqliteEvents({ file: join(dataDir, 'events.sqlite') });
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

/** The vault, after a check that its master key decrypts the stored data keys. */
export async function openVault(
  config: Pick<Config, 'masterKey' | 'dataDir' | 'databaseUrl'>,
  storage: Storage,
): Promise<Vault> {
  if (config.databaseUrl !== undefined && config.masterKey === undefined)
    throw new ConfigError([oneMasterKey]);
  const workspaces = await storage.read((store) => store.workspaces.list());
  const hasSecrets = workspaces.some(({ wrappedDataKey }) => wrappedDataKey !== null);
  const masterKeys = openMasterKeys({
    configured: config.masterKey,
    keyFile: masterKeyFileOf(config.dataDir),
    mayCreate: !hasSecrets,
  });
  const vault = createVault(masterKeys);
  checkMasterKey(vault, workspaces);
  return vault;
}

const oneMasterKey =
  'UNKEY_MASTER_KEY must be set with DATABASE_URL: all processes need the same master key. Make one with ' +
  '`openssl rand -base64 32`, or set `off` to keep no recoverable keys.';
