import type { PoolClient } from 'pg';
import { StorageUnavailableError } from '../port/storage.ts';
import type { Store } from '../port/store.ts';
import { sqlStore } from '../sql/store.ts';
import { type ConnectionPool, withClient } from './connections.ts';
import { beginSql } from './locks.ts';
import { type Pipeline, pipelineOver } from './pipeline.ts';
import { isRefused, isRetryable, unavailable } from './unavailable.ts';

interface Job {
  readonly work: (store: Store) => Promise<unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  /** By `performance.now()`: it does not begin after this. */
  readonly deadline: number;
  attempts: number;
  /** A statement of its group failed: this job may be the reason. */
  isAlone: boolean;
}

type Settled = { readonly job: Job } & ({ readonly result: unknown } | { readonly error: unknown });

/** A write that waits longer for its turn fails: otherwise the queue behind it would only grow. */
export const maxWaitMs = 10_000;
/** Attempts of a write before its error is thrown. */
export const maxAttempts = 4;
/** PostgreSQL looks up at most 64 savepoints of a transaction quickly. */
const maxMembers = 50;
/** With those of its last member, the tags of a group still fit in one notification. */
const maxTags = 50;

export function busyError(): StorageUnavailableError {
  return new StorageUnavailableError('Too many writes are waiting for the database. Try again.');
}

/** Ends the transaction of the client; announces the changes. */
export type Commit = (client: PoolClient, changes: ReadonlySet<string>) => Promise<void>;

/**
 * Group commit: the writes of a workspace that wait at the same moment share one transaction, which holds the lock of the
 * workspace. They run one after the other and settle after its commit. If a statement fails, nothing is committed, and
 * each of them runs again, alone.
 */
export function groupCommits(pool: ConnectionPool, commit: Commit) {
  const queues = new Map<string, Job[]>();

  const drain = async (workspaceId: string, queue: Job[]): Promise<void> => {
    while (queue.length > 0) await runGroup({ pool, commit, workspaceId, queue });
    queues.delete(workspaceId);
  };

  const run = <Result>(work: (store: Store) => Promise<Result>, workspaceId: string): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      const deadline = performance.now() + maxWaitMs;
      const job: Job = { work, resolve, reject, deadline, attempts: 0, isAlone: false };
      const queue = queues.get(workspaceId);
      if (queue !== undefined) queue.push(job);
      else {
        const started = [job];
        queues.set(workspaceId, started);
        void drain(workspaceId, started);
      }
    });

  return {
    run,
    /** Writes that wait for their turn. */
    waiting: () => [...queues.values()].reduce((sum, { length }) => sum + length, 0),
  };
}

interface Place {
  readonly pool: ConnectionPool;
  readonly commit: Commit;
  readonly workspaceId: string;
  readonly queue: Job[];
}

/** Never rejects. */
async function runGroup(place: Place): Promise<void> {
  const { pool, queue } = place;
  const taken: Job[] = [];
  try {
    const group = await withClient(pool, (client) => commitGroup(client, taken, place));
    // Refusals settle only now, too: they may depend on what another job of the group wrote.
    for (const settled of group) {
      if ('error' in settled) settled.job.reject(settled.error);
      else settled.job.resolve(settled.result as never);
    }
  } catch (error) {
    // Without a connection, no job of the queue can run.
    failed(taken.length === 0 ? queue.splice(0) : taken, queue, error);
  }
}

/** Adds each job that it runs to `taken`. */
async function commitGroup(
  client: PoolClient,
  taken: Job[],
  { commit, workspaceId, queue }: Place,
): Promise<Settled[]> {
  const group: Settled[] = [];
  const changes = new Set<string>();
  const pipeline = pipelineOver(client);
  pipeline.begin(beginSql({ workspaceId }));
  try {
    while (taken.length < maxMembers && changes.size < maxTags) {
      const job = nextOf(queue, taken);
      if (job === undefined) break;
      taken.push(job);
      group.push(await runMember(pipeline, job, changes));
    }
    pipeline.throwFailure();
    await commit(client, changes);
    // A transaction in which a statement has failed ends without an error.
    pipeline.throwFailure();
    return group;
  } catch (error) {
    await pipeline.rollBack(error);
    if (isRefused(error)) pipeline.throwFailure();
    throw error;
  }
}

/** The next job for this group. */
function nextOf(queue: Job[], taken: readonly Job[]): Job | undefined {
  if (taken[0]?.isAlone) return undefined;
  for (const now = performance.now(); ; ) {
    const [job] = queue;
    if (job === undefined || (job.isAlone && taken.length > 0)) return undefined;
    queue.shift();
    if (job.deadline >= now) return job;
    job.reject(busyError());
  }
}

async function runMember(pipeline: Pipeline, job: Job, changes: Set<string>): Promise<Settled> {
  const own = new Set<string>();
  pipeline.beginMember();
  try {
    const result = await job.work(sqlStore(pipeline.database, own, 'update'));
    for (const tag of own) changes.add(tag);
    return { job, result };
  } catch (error) {
    pipeline.throwFailure();
    pipeline.undoMember();
    return { job, error };
  }
}

/** Nothing was committed, unless the error says so. */
function failed(jobs: readonly Job[], queue: Job[], error: unknown): void {
  const again: Job[] = [];
  for (const job of jobs) {
    const isSuspect = jobs.length > 1 && isRefused(error);
    if (isSuspect || (isRetryable(error) && ++job.attempts < maxAttempts)) {
      job.isAlone ||= isSuspect;
      again.push(job);
    } else job.reject(unavailable(error));
  }
  queue.unshift(...again);
}
