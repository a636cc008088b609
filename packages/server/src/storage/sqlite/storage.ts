import { statSync } from 'node:fs';
import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import type { ChangeListener } from '../changes.ts';
import type { Storage } from '../port/storage.ts';
import type { Store } from '../port/store.ts';
import { sqlStore } from '../sql/store.ts';
import { announceCommit, onceATurn, otherCommits } from './commits.ts';
import { kyselyOver } from './dialect.ts';
import { hotReads } from './hot-path.ts';
import { migrate } from './migrations.ts';
import { checkDatabase, openDatabase } from './open.ts';
import { Spends } from './spends.ts';
import { withStorageErrors } from './unavailable.ts';
import { Writer } from './writer.ts';

export interface SqliteOptions {
  readonly file: string;
  readonly onCommit: ChangeListener;
  /** How long a write waits while another process writes, in milliseconds. Default 10,000. */
  readonly lockWaitMs?: number;
  /** Whether the hot storage of another thread or process is told of commits. Default true. */
  readonly announcesCommits?: boolean;
}

/**
 * Storage in one SQLite file, with three connections: one writes, one reads snapshots, and one serves the lookups of the
 * verify and limit paths, which must see the last commit even while a snapshot is open.
 */
export function openSqliteStorage(options: SqliteOptions): Storage {
  const { file, onCommit, lockWaitMs = 10_000, announcesCommits = true } = options;
  checkDatabase(file);
  const writing = withStorageErrors(() => openDatabase(file));
  withStorageErrors(() => migrate(writing));
  writing.exec('PRAGMA busy_timeout = 0');
  const reading = openDatabase(file);
  const hot = openDatabase(file);
  const beforeCommit = announcesCommits ? () => announceCommit(writing) : () => {};
  const writer = new Writer(writing, { onCommit, lockWaitMs, beforeCommit });
  const spends = new Spends(writing, writer);
  const reads = hotReads(hot);
  const snapshots = snapshotReader(reading);
  const pollChanges = onceATurn(otherCommits(writing), onCommit);
  const writingDb = kyselyOver(writing);

  return {
    read: (work) => withStorageErrors(() => snapshots(work)),
    write: (work) => withStorageErrors(() => writer.run((changes) => work(sqlStore(writingDb, changes)))),
    findCaller: (hash) => withStorageErrors(() => reads.findCaller(hash)),
    findVerifiableKey: (hash, workspaceId) =>
      withStorageErrors(() => reads.findVerifiableKey(hash, workspaceId)),
    findNamespace: (workspaceId, idOrName) =>
      withStorageErrors(() => reads.findNamespace(workspaceId, idOrName)),
    readCredits: (workspaceId, keyId) => withStorageErrors(() => reads.readCredits(workspaceId, keyId)),
    spendCredits: (workspaceId, keyId, order) => spends.spend(workspaceId, keyId, order),
    pollChanges,
    ping: () => void hot.prepare('SELECT 1 FROM workspaces LIMIT 1').get(),
    stats: () => ({
      waitingWrites: writer.waiting,
      databaseBytes: bytesOf(file),
      logBytes: bytesOf(`${file}-wal`),
      pools: [],
    }),
    async close() {
      await writer.idle();
      for (const database of [hot, reading, writing]) if (database.isOpen) database.close();
    },
  };
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** One snapshot at a time: reads await only the store, which leaves the turn of the event loop only during a search. */
function snapshotReader(database: DatabaseSync) {
  const store = sqlStore(kyselyOver(database), new Set());
  const begin = database.prepare('BEGIN');
  const end = database.prepare('COMMIT');
  let last: Promise<unknown> = Promise.resolve();

  const readAfter = async <Result>(
    before: Promise<unknown>,
    work: (store: Store) => Promise<Result>,
  ): Promise<Result> => {
    await before.catch(() => {});
    begin.run();
    try {
      return await work(store);
    } finally {
      end.run();
    }
  };

  return <Result>(work: (store: Store) => Promise<Result>): Promise<Result> => {
    const result = readAfter(last, work);
    last = result;
    return result;
  };
}
