import type { Pool, PoolClient } from 'pg';
import type { ChangeListener } from '../changes.ts';
import { StorageUnavailableError, type WriteScope } from '../port/storage.ts';
import type { Store } from '../port/store.ts';
import { sqlStore } from '../sql/store.ts';
import { using } from './connections.ts';
import { databaseOver } from './dialect.ts';
import { beginOf } from './locks.ts';
import { isConflict, isLost, isRefused, isSpoilt, unavailable } from './unavailable.ts';

type Work<Result> = (store: Store) => Promise<Result>;

/** How often a transaction is tried before its failure is told. */
const maxAttempts = 4;
/** A write that has not begun by then is given up: what comes behind it would only wait longer. */
const maxWaitMs = 10_000;

const busy = 'Too many writes wait for each other. Try again.';
const unknownOutcome =
  'The connection to the database was lost while the change was committed: it may have been made or not. ' +
  'Look before you repeat it.';

/** What all readings of `work` see is of one moment. */
export function snapshotReader(pool: Pool) {
  const attempt = <Result>(work: Work<Result>): Promise<Result> =>
    using(pool, async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const result = await endingWell(client, () => work(sqlStore(databaseOver(client), new Set())));
      await client.query('COMMIT');
      return result;
    });
  return <Result>(work: Work<Result>): Promise<Result> => repeating(() => attempt(work));
}

/** Writes, those of one scope one after the other: first in this process, then by a lock among all processes. */
export function transactionWriter(parts: {
  readonly pool: Pool;
  readonly onCommit: ChangeListener;
  /** The statement that tells other processes of the changes. */
  readonly announcementOf: (changes: ReadonlySet<string>) => string;
}) {
  const { pool, onCommit, announcementOf } = parts;
  // Waiting in here holds no connection.
  const inTurn = turns();

  const commit = async (client: PoolClient, changes: ReadonlySet<string>): Promise<void> => {
    try {
      await client.query(changes.size === 0 ? 'COMMIT' : `${announcementOf(changes)}; COMMIT`);
    } catch (error) {
      if (isRefused(error)) throw error;
      onCommit(changes);
      throw new StorageUnavailableError(unknownOutcome, { cause: error, mayBeDone: true });
    }
    onCommit(changes);
  };

  const attempt = <Result>(work: Work<Result>, scope: WriteScope): Promise<Result> =>
    using(pool, async (client) => {
      const changes = new Set<string>();
      return endingWell(client, async () => {
        await client.query(beginOf(scope));
        const result = await work(sqlStore(databaseOver(client), changes, 'update'));
        await commit(client, changes);
        return result;
      });
    });

  return <Result>(work: Work<Result>, scope: WriteScope): Promise<Result> => {
    if (scope === 'unordered') return repeating(() => attempt(work, scope));
    const givenUpAt = performance.now() + maxWaitMs;
    return inTurn(scope === 'alone' ? scope : `of ${scope.workspaceId}`, () => {
      if (performance.now() > givenUpAt) throw new StorageUnavailableError(busy);
      return repeating(() => attempt(work, scope));
    });
  };
}

/** Takes back what `work` has done when it throws; whether that arrives does not matter, the error of `work` does. */
async function endingWell<Result>(client: PoolClient, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isSpoilt(error)) await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Again from the start while the failure is one that may pass at once. */
async function repeating<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      if (number >= maxAttempts || !(isConflict(error) || isLost(error))) throw unavailable(error);
    }
  }
}

/** One after the other under each name. */
function turns() {
  const last = new Map<string, Promise<unknown>>();
  return <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const result = (last.get(name) ?? Promise.resolve()).then(work);
    const ended = result
      .catch(() => {})
      .then(() => {
        if (last.get(name) === ended) last.delete(name);
      });
    last.set(name, ended);
    return result;
  };
}
