import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { version } from '@unkey-ts/contract';
import { type Clock, systemClock } from './base/clock.ts';
import { type Closer, closeAll } from './base/closing.ts';
import type { HttpHandler } from './base/http-message.ts';
import { randomIds } from './base/ids.ts';
import { createLog, type Log } from './base/log.ts';
import { type Config, ConfigError } from './config.ts';
import { withCircuitBreaker } from './counters/circuit-breaker.ts';
import { memoryCounters } from './counters/memory.ts';
import type { Counters, CountersStatus, RemoteCounters } from './counters/port.ts';
import { parseAllowList } from './domain/network/ip-allow-list.ts';
import { createEventBuffer } from './events/buffer.ts';
import { discardEvents } from './events/discard.ts';
import type { EventArchive } from './events/port.ts';
import { openSqliteEvents } from './events/sqlite.ts';
import { noJobs, startJobs } from './jobs/jobs.ts';
import { apiDocument } from './monitoring/api-document.ts';
import { changeLag } from './monitoring/change-lag.ts';
import { createPages } from './monitoring/endpoints.ts';
import { createMetrics } from './monitoring/metrics.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import { transportFailure } from './pipeline/transport-failure.ts';
import { createVault, openMasterKeys, type Vault } from './secrets/vault.ts';
import type { Services } from './services.ts';
import type { ChangeListener } from './storage/changes.ts';
import { databaseFileOf, masterKeyFileOf, openDataFolder } from './storage/data-folder.ts';
import { lastUsedBuffer } from './storage/last-used.ts';
import { createLookups, type Lookups } from './storage/lookups.ts';
import type { Storage } from './storage/port/storage.ts';
import type { PostgresOptions } from './storage/postgres/storage.ts';
import { openSqliteStorage } from './storage/sqlite/storage.ts';
import { bun } from './transport/bun/bun-api.ts';
import type { Listener, ListenerOptions } from './transport/listener.ts';
import { createNodeListener } from './transport/node/server.ts';
import { checkMasterKey } from './workspace/check-master-key.ts';
import { ensureWorkspace, type FirstStart } from './workspace/ensure-workspace.ts';

export interface App {
  /** Answers one request without a socket. */
  readonly handle: HttpHandler;
  readonly services: Services;
  /** What a first start has made; null when there was a workspace already. */
  readonly firstStart: FirstStart | null;
  listen(): Promise<{ url: string; port: number }>;
  /** Answers what has arrived, writes what is buffered, and lets go of the data folder. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly clock?: Clock;
  readonly log?: Log;
  /** How long a request may take, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** How long `close` leaves connections open on which nothing arrives, in milliseconds. Default 2000. */
  readonly idleGraceMs?: number;
  /** False where time is the caller's: nothing happens unless it is asked for. Default true. */
  readonly hasJobs?: boolean;
}

/** The service, put together: the only place that builds adapters. */
export async function createApp(options: AppOptions): Promise<App> {
  const closers: Closer[] = [];
  try {
    return await compose(options, closers);
  } catch (error) {
    // Why it does not start is what there is to tell, whatever happens while giving up.
    await closeAll(closers).catch(() => {});
    throw error;
  }
}

/** `closers` gets what ends each thing that was opened, also if a later one fails to open. */
async function compose(options: AppOptions, closers: Closer[]): Promise<App> {
  const { config, clock = systemClock, timeoutMs, idleGraceMs, hasJobs = true } = options;
  const log = options.log ?? createLog({ level: config.logLevel });
  // A database in the network has other processes beside this one; a folder has not.
  if (config.databaseUrl === undefined) closers.push(openDataFolder(config.dataDir).release);
  const lag = changeLag();
  const { storage, lookups, openEvents, isChannelUp } = await openStorage(config, {
    onLag: lag.observe,
    log,
  });
  closers.push(storage.close);
  const ids = randomIds();
  const archive = await openEvents();
  closers.push(archive.close);
  const events = config.isRecordingEvents ? createEventBuffer({ writer: archive, log }) : discardEvents;
  closers.push(events.close);
  const { counters, status: countersStatus } = await openCounters(config, { log, clock });
  closers.push(counters.close);
  const services: Services = {
    storage,
    lookups,
    counters,
    vault: await openVault(config, storage),
    events,
    lastUsed: lastUsedBuffer(storage),
    ids,
    clock,
  };
  const firstStart = await ensureWorkspace(services, { configuredRootKey: config.rootKey });
  const metrics = createMetrics({
    events: () => events.stats(),
    keyCache: () => lookups.stats(),
    counters: countersStatus,
    changes: isChannelUp && { isChannelUp, lag },
  });
  const state = { isListening: false, isDraining: false };
  const handle = createPipeline({
    services,
    log,
    metrics,
    ...(timeoutMs !== undefined && { timeoutMs }),
    trustedProxies: parseAllowList(config.trustedProxies.join(',') || null),
    pages: createPages({
      storage,
      lookups,
      counters: countersStatus,
      metrics,
      isDraining: () => state.isDraining,
      document: apiDocument(version),
    }),
  });
  const listener = await createListener({
    handle,
    failure: (kind, accept) => transportFailure(kind, ids.id('req'), accept),
    ...(idleGraceMs !== undefined && { idleGraceMs }),
  });
  const jobs = hasJobs ? startJobs(services, { ...config, archive, log }) : noJobs;
  closers.push(services.lastUsed.flush, jobs.stop, () => listener.drain());

  return {
    handle,
    services,
    firstStart,
    async listen() {
      const at = await listener.listen(config.host, config.port);
      state.isListening = true;
      return at;
    },
    async close() {
      state.isDraining = true;
      // Balancers learn that it is not ready before the first connection is turned away.
      if (state.isListening && config.drainDelayMs > 0) await pause(config.drainDelayMs);
      return closeAll(closers);
    },
  };
}

/** The listener for the runtime of this process. */
async function createListener(options: ListenerOptions): Promise<Listener> {
  if (bun === null) return createNodeListener(options);
  const { createBunListener } = await import('./transport/bun/server.ts');
  return createBunListener(bun, options);
}

export interface OpenedStorage {
  readonly storage: Storage;
  readonly lookups: Lookups;
  /** Where usage events are stored. */
  openEvents(): Promise<EventArchive>;
  /** Whether this process hears what others commit; null: it needs not to. */
  readonly isChannelUp: (() => boolean) | null;
}

/** The database, with what is remembered of it kept in step with what is committed. */
export async function openStorage(
  config: Pick<Config, 'dataDir' | 'databaseUrl' | 'maxStalenessMs' | 'keyCacheSize'>,
  heard: Pick<PostgresOptions, 'onLag' | 'log'> = {},
): Promise<OpenedStorage> {
  const { dataDir, databaseUrl } = config;
  let lookups: Lookups | null = null;
  const onCommit: ChangeListener = (tags) => lookups?.onCommit(tags);
  if (databaseUrl === undefined) {
    const storage = openSqliteStorage({ file: databaseFileOf(dataDir), onCommit });
    lookups = createLookups(storage, config);
    const openEvents = () => openSqliteEvents({ file: join(dataDir, 'events.sqlite') });
    return { storage, lookups, openEvents, isChannelUp: null };
  }
  // Its driver is loaded only by who uses it.
  const { openPostgresStorage } = await import('./storage/postgres/storage.ts');
  const { storage, events, isChannelUp } = await openPostgresStorage({
    ...heard,
    url: databaseUrl,
    onCommit,
  });
  lookups = createLookups(storage, config);
  return { storage, lookups, openEvents: async () => events, isChannelUp };
}

/** In this process's memory, or shared with others; only those can be away and have a status. */
async function openCounters(
  { redis, databaseUrl, limitsOnOutage }: Config,
  { log, clock }: { log: Log; clock: Clock },
): Promise<{ counters: Counters; status: (() => CountersStatus) | null }> {
  if (redis === undefined && databaseUrl === undefined) return { counters: memoryCounters(), status: null };
  const remote = await openRemoteCounters({ redis, databaseUrl });
  return withCircuitBreaker({ remote, mode: limitsOnOutage, log, clock });
}

/** Redis where there is one. The libraries are loaded by those who use them. */
async function openRemoteCounters({
  redis,
  databaseUrl,
}: Pick<Config, 'redis' | 'databaseUrl'>): Promise<RemoteCounters> {
  if (redis !== undefined) {
    const { openRedisCounters } = await import('./counters/redis/counters.ts');
    return openRedisCounters({ addresses: redis });
  }
  if (databaseUrl === undefined) throw new Error('There is no place to share counters in.');
  const { openPostgresCounters } = await import('./counters/postgres/counters.ts');
  return openPostgresCounters({ url: databaseUrl });
}

/** The vault, once it is sure that it can open what is stored. */
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
