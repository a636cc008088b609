import { setTimeout as sleep } from 'node:timers/promises';
import { Coalescer } from '../../base/coalesce.ts';
import type { Log } from '../../base/log.ts';
import { translateErrors } from '../../base/translate-errors.ts';
import type { EventArchive } from '../../events/port.ts';
import type { ChangeListener } from '../changes.ts';
import type { Storage } from '../port/storage.ts';
import { openChangeChannel } from './change-channel.ts';
import { starvedPools } from './connection-shares.ts';
import { type Connections, openConnections, withClient } from './connections.ts';
import { postgresEvents } from './events.ts';
import { hotReads } from './hot-path.ts';
import { migrate } from './migrations.ts';
import { creditSpender } from './spends.ts';
import { storageStats } from './stats.ts';
import { withSuitableClient } from './suitable-client.ts';
import { snapshotReader, transactionWriter } from './transactions.ts';
import { unavailable } from './unavailable.ts';
import { refuseUnfinishedTransfer } from './unfinished-transfer.ts';

export interface PostgresOptions {
  /** Contains the password: must not be logged. */
  readonly url: string;
  readonly onCommit: ChangeListener;
  /** Called with the seconds between a commit of another process and its notification. */
  readonly onLag?: (seconds: number) => void;
  /** Default: no log. */
  readonly log?: Pick<Log, 'warn' | 'info'>;
}

const noLog = { warn: () => {}, info: () => {} };

export interface OpenedPostgres {
  readonly storage: Storage;
  readonly events: EventArchive;
  /** Whether notifications of other processes arrive. */
  isChannelUp(): boolean;
}

/** Lookups of a stale process wait for this response. */
const reachableMs = 1000;

/** Storage in a PostgreSQL database, 13 or newer, shared by any number of processes. */
export async function openPostgresStorage(options: PostgresOptions): Promise<OpenedPostgres> {
  const { url, onCommit, onLag = () => {}, log = noLog } = options;
  await withStorageErrors(prepareDatabase(url));
  const connections = openConnections(url, log);
  const ping = () => withClient(connections.lookups, async (client) => void (await client.query('SELECT 1')));
  const channel = openChangeChannel({
    createClient: connections.createListener,
    connect: connections.connectListener,
    recheck: (client) => connections.primary.recheck(client),
    isAnswering: () => succeedsSoon(ping()),
    onCommit,
    onLag,
    log,
  });
  connections.primary.onReplaced(channel.reconnect);
  await channel.started;
  const writer = transactionWriter({
    pool: connections.writes,
    onCommit,
    announcementOf: channel.announcementOf,
  });
  const storage: Storage = {
    read: snapshotReader(connections.reads),
    write: (work, scope = 'alone') => writer.write(work, scope),
    ...hotPath(connections),
    pollChanges: () => channel.freshness,
    isReadOnly: () => connections.primary.isReadOnly,
    stats: storageStats(connections, writer.waiting),
    ping: () => withStorageErrors(pingPools(connections)),
    async close() {
      await channel.close();
      await connections.close();
    },
  };
  return { storage, events: postgresEvents(connections.events), isChannelUp: channel.isUp };
}

/** Pings over the pool of the lookups, and over each pool that has no connection left. */
async function pingPools({ lookups, spends, reads, writes }: Connections): Promise<void> {
  for (const pool of new Set([lookups, ...starvedPools([spends, reads, writes])])) {
    await withClient(pool, (client) => client.query('SELECT 1'));
  }
}

function prepareDatabase(url: string): Promise<void> {
  return withSuitableClient(url, async (client) => {
    await refuseUnfinishedTransfer(client);
    await migrate(client);
  });
}

type HotPath = Pick<
  Storage,
  'findCaller' | 'findVerifiableKey' | 'findNamespace' | 'readCredits' | 'spendCredits'
>;

function hotPath(connections: Connections): HotPath {
  const reads = hotReads(connections.lookups);
  const creditReads = new Coalescer(async (batch: readonly { workspaceId: string; keyId: string }[]) => {
    const [{ workspaceId, keyId } = { workspaceId: '', keyId: '' }] = batch;
    const credits = await reads.readCredits(workspaceId, keyId);
    return batch.map(() => credits);
  });
  const readCredits = (workspaceId: string, keyId: string) =>
    withStorageErrors(creditReads.run(`${workspaceId}\n${keyId}`, { workspaceId, keyId }));
  const spend = creditSpender(connections.spends, readCredits);
  return {
    findCaller: (hash) => withStorageErrors(reads.findCaller(hash)),
    findVerifiableKey: (hash, workspaceId) => withStorageErrors(reads.findVerifiableKey(hash, workspaceId)),
    findNamespace: (workspaceId, idOrName) => withStorageErrors(reads.findNamespace(workspaceId, idOrName)),
    readCredits,
    spendCredits: (workspaceId, keyId, order) => spend({ workspaceId, keyId, ...order }),
  };
}

function succeedsSoon(work: Promise<void>): Promise<boolean> {
  const timeout = sleep(reachableMs, false, { ref: false });
  return Promise.race([work.then(() => true).catch(() => false), timeout]);
}

function withStorageErrors<Result>(work: Promise<Result>): Promise<Result> {
  return translateErrors(work, unavailable);
}
