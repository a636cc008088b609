import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { EventArchive } from '../../events/port.ts';
import type { Log } from '../../log.ts';
import type { ChangeListener } from '../changes.ts';
import { type Spent, type Storage, StorageUnavailableError } from '../port/storage.ts';
import { openChangeChannel } from './change-channel.ts';
import { openConnections, using, usingOwn } from './connections.ts';
import { postgresEvents } from './events.ts';
import { Gathering } from './gathering.ts';
import { hotReads } from './hot-path.ts';
import { migrate } from './migrations.ts';
import { checkServer } from './server-check.ts';
import { snapshotReader, transactionWriter } from './transactions.ts';
import { isRefused, unavailable } from './unavailable.ts';
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

interface Spend {
  readonly workspaceId: string;
  readonly keyId: string;
  readonly cost: number;
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
  const spends = new Gathering((batch: readonly Spend[]) => spend(connections.spends, batch));
  const creditReads = new Gathering(async (batch: readonly Omit<Spend, 'cost'>[]) => {
    const [{ workspaceId, keyId } = { workspaceId: '', keyId: '' }] = batch;
    const credits = await reads.readCredits(workspaceId, keyId);
    return batch.map(() => credits);
  });

  const storage: Storage = {
    read: snapshots,
    write: (work, scope = 'alone') => write(work, scope),
    findCaller: (hash) => telling(reads.findCaller(hash)),
    findVerifiableKey: (hash) => telling(reads.findVerifiableKey(hash)),
    findNamespace: (workspaceId, idOrName) => telling(reads.findNamespace(workspaceId, idOrName)),
    readCredits: (workspaceId, keyId) =>
      telling(creditReads.add(`${workspaceId}\n${keyId}`, { workspaceId, keyId })),
    spendCredits: (workspaceId, keyId, cost) =>
      spends.add(`${workspaceId}\n${keyId}`, { workspaceId, keyId, cost }),
    catchUp: () => channel.freshness,
    ping: () => telling(ping()),
    async close() {
      await channel.close();
      await connections.close();
    },
  };
  return { storage, events: postgresEvents(connections.events), isChannelUp: channel.isUp };
}

/** All spends of a batch are of one key. They are one statement, and so one transaction. */
async function spend(pool: Pool, batch: readonly Spend[]): Promise<Spent[]> {
  const [first] = batch;
  if (first === undefined) return [];
  try {
    return await using(pool, async (client) => {
      const { rows } = await client.query<{ is_spent: boolean; remaining: number | null }>({
        name: 'spend',
        text: 'SELECT is_spent, remaining FROM spend_credits($1, $2, $3)',
        values: [first.workspaceId, first.keyId, batch.map(({ cost }) => cost)],
      });
      return rows.map((row) => ({ isSpent: row.is_spent, remaining: row.remaining }));
    });
  } catch (error) {
    if (error instanceof StorageUnavailableError) throw error;
    throw unavailable(error, { mayBeDone: !isRefused(error) });
  }
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
