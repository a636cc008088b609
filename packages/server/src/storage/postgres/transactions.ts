import type { PoolClient } from 'pg';
import type { ChangeListener } from '../changes.ts';
import { StorageUnavailableError, type WriteScope } from '../port/storage.ts';
import type { Store } from '../port/store.ts';
import { sqlStore } from '../sql/store.ts';
import { type ConnectionPool, withClient } from './connections.ts';
import { databaseOver } from './dialect.ts';
import { busyError, groupCommits, maxAttempts, maxWaitMs } from './group-commit.ts';
import { beginSql } from './locks.ts';
import { isRefused, isRetryable, mustDiscard, ReplacedServerError, unavailable } from './unavailable.ts';

type Work<Result> = (store: Store) => Promise<Result>;

const unknownOutcome =
  'The connection to the database was lost during the commit: the change may have been made or not. ' +
  'Check before you repeat it.';

/** Runs `work` in a read-only transaction: all its reads see one snapshot. */
export function snapshotReader(pool: ConnectionPool) {
  const attempt = <Result>(work: Work<Result>): Promise<Result> =>
    withClient(pool, async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const result = await rollbackOnError(client, () => work(sqlStore(databaseOver(client), new Set())));
      await client.query('COMMIT');
      return result;
    });
  return <Result>(work: Work<Result>): Promise<Result> => withRetries(() => attempt(work));
}

/**
 * Runs writes: those of a workspace in groups, `alone` ones one after the other, by a mutex in this process and then by a
 * lock among all processes.
 */
export function transactionWriter(parts: {
  readonly pool: ConnectionPool;
  readonly onCommit: ChangeListener;
  /** The SQL statement that notifies other processes of the changes. */
  readonly announcementOf: (changes: ReadonlySet<string>) => string;
}) {
  const { pool, onCommit, announcementOf } = parts;

  const commit = async (client: PoolClient, changes: ReadonlySet<string>): Promise<void> => {
    // The old primary may still accept the commit, and lose it.
    if (!pool.primary.isCurrent(client)) throw new ReplacedServerError();
    try {
      await client.query(changes.size === 0 ? 'COMMIT' : `${announcementOf(changes)}; COMMIT`);
    } catch (error) {
      if (isRefused(error)) throw error;
      onCommit(changes);
      throw new StorageUnavailableError(unknownOutcome, { cause: error, mayBeDone: true });
    }
    onCommit(changes);
  };

  const attempt = <Result>(work: Work<Result>, scope: 'alone' | 'unordered'): Promise<Result> =>
    withClient(pool, async (client) => {
      const changes = new Set<string>();
      return rollbackOnError(client, async () => {
        await client.query(beginSql(scope));
        const result = await work(sqlStore(databaseOver(client), changes, 'update'));
        await commit(client, changes);
        return result;
      });
    });

  // A write that waits for the mutex holds no connection.
  const inTurn = mutex();
  const groups = groupCommits(pool, commit);

  return {
    waiting: groups.waiting,
    write<Result>(work: Work<Result>, scope: WriteScope): Promise<Result> {
      if (scope === 'unordered') return withRetries(() => attempt(work, scope));
      if (scope !== 'alone') return groups.run(work, scope.workspaceId);
      const deadline = performance.now() + maxWaitMs;
      return inTurn(() => {
        if (performance.now() > deadline) throw busyError();
        return withRetries(() => attempt(work, scope));
      });
    },
  };
}

/** Rolls the transaction back if `work` throws. A failed ROLLBACK is ignored: the error of `work` is what matters. */
async function rollbackOnError<Result>(client: PoolClient, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!mustDiscard(error)) await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Retries after errors that mean that nothing was committed and that may not come again. */
async function withRetries<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      if (number >= maxAttempts || !isRetryable(error)) throw unavailable(error);
    }
  }
}

/** Runs work serially, in the order of the calls. */
function mutex() {
  let tail: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = tail.then(work);
    tail = result.catch(() => {});
    return result;
  };
}
