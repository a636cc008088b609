import { setTimeout as sleep } from 'node:timers/promises';
import { Gathering } from '../../base/coalesce.ts';
import type { Log } from '../../base/log.ts';
import type { EventArchive } from '../../events/port.ts';
import type { ChangeListener } from '../changes.ts';
import type { Storage } from '../port/storage.ts';
import { openChangeChannel } from './change-channel.ts';
import { openConnections, using, usingOwn } from './connections.ts';
import { postgresEvents } from './events.ts';
import { hotReads } from './hot-path.ts';
import { migrate } from './migrations.ts';
import { checkServer } from './server-check.ts';
import { creditSpender } from './spends.ts';
import { snapshotReader, transactionWriter } from './transactions.ts';
import { unavailable } from './unavailable.ts';
import { refuseUnfinishedTransfer } from './unfinished-transfer.ts';

export interface PostgresOptions {
  /** With the password in it: not for logs. */
  readonly url: string;
  readonly onCommit: ChangeListener;
  /** Called with the seconds that another process's change took to arrive. */
  readonly onLag?: (seconds: number) => void;
  /** Default: says nothing. */
  readonly log?: Pick<Log, 'warn' | 'info'>;
}

const silence = { warn: () => {}, info: () => {} };

export interface OpenedPostgres {
  readonly storage: Storage;
  readonly events: EventArchive;
  /** Whether this process hears what others commit. */
  isChannelUp(): boolean;
}

const soonMs = 1000;

/** Storage in a PostgreSQL database, 13 or newer, which other processes may use at the same time. */
export async function openPostgresStorage(options: PostgresOptions): Promise<OpenedPostgres> {
  const { url, onCommit, onLag = () => {}, log = silence } = options;
  await telling(
    usingOwn(url, async (client) => {
      await checkServer(client);
      await refuseUnfinishedTransfer(client);
      await migrate(client);
    }),
  );
  const connections = openConnections(url);
  const ping = () => using(connections.lookups, async (client) => void (await client.query('SELECT 1')));
  const channel = openChangeChannel({
    single: connections.listener,
    isAnswering: () => isDoneSoon(ping()),
    onCommit,
    onLag,
    log,
  });
  await channel.started;
  const reads = hotReads(connections.lookups);
  const snapshots = snapshotReader(connections.reads);
  const write = transactionWriter({
    pool: connections.writes,
    onCommit,
    announcementOf: channel.announcementOf,
  });
  const creditReads = new Gathering(async (batch: readonly { workspaceId: string; keyId: string }[]) => {
    const [{ workspaceId, keyId } = { workspaceId: '', keyId: '' }] = batch;
    const credits = await reads.readCredits(workspaceId, keyId);
    return batch.map(() => credits);
  });
  const readCredits = (workspaceId: string, keyId: string) =>
    telling(creditReads.add(`${workspaceId}\n${keyId}`, { workspaceId, keyId }));
  const spend = creditSpender(connections.spends, readCredits);

  const storage: Storage = {
    read: snapshots,
    write: (work, scope = 'alone') => write(work, scope),
    findCaller: (hash) => telling(reads.findCaller(hash)),
    findVerifiableKey: (hash) => telling(reads.findVerifiableKey(hash)),
    findNamespace: (workspaceId, idOrName) => telling(reads.findNamespace(workspaceId, idOrName)),
    readCredits,
    spendCredits: (workspaceId, keyId, order) => spend({ workspaceId, keyId, ...order }),
    catchUp: () => channel.freshness,
    ping: () => telling(ping()),
    async close() {
      await channel.close();
      await connections.close();
    },
  };
  return { storage, events: postgresEvents(connections.events), isChannelUp: channel.isUp };
}

/** Whether it ends well, and before those who ask for what is remembered would have to wait. */
function isDoneSoon(work: Promise<void>): Promise<boolean> {
  const late = sleep(soonMs, false, { ref: false });
  return Promise.race([work.then(() => true).catch(() => false), late]);
}

async function telling<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw unavailable(error);
  }
}
