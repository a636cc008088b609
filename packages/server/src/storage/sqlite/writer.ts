import { setTimeout as sleep } from 'node:timers/promises';
import type {
  DatabaseSyncInstance as DatabaseSync,
  StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import type { ChangeListener } from '../changes.ts';
import { isLocked } from './unavailable.ts';

/** Work inside a transaction. The listener receives the tags that it adds, after the commit. */
export type Work<Result> = (changes: Set<string>) => Result | Promise<Result>;

interface Job {
  readonly run: (changes: Set<string>) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  /** By `performance.now()`. */
  readonly queuedAt: number;
}

export interface WriterOptions {
  readonly onCommit: ChangeListener;
  /** How long a job waits for the transaction of another process, in milliseconds. */
  readonly lockWaitMs: number;
  /** Runs inside each transaction that has changed something, before its commit. */
  readonly beforeCommit: () => void;
}

type Settled = { readonly result: unknown } | { readonly error: unknown };

const maxBatch = 512;
const maxTurns = 8;
const maxRetryDelayMs = 20;

/**
 * Group commit: all writes of one turn of the event loop share one transaction and one sync to disk, and settle after it.
 * SQLite has one writer, so jobs run one after the other, each in a savepoint of its own.
 */
export class Writer {
  readonly #database: DatabaseSync;
  readonly #options: WriterOptions;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #rollback: StatementSync;
  #queue: Job[] = [];
  #running: Promise<void> | null = null;

  /** `database` must have no busy timeout: the writer waits for locks without blocking its thread. */
  constructor(database: DatabaseSync, options: WriterOptions) {
    this.#database = database;
    this.#options = options;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#savepoint = database.prepare('SAVEPOINT job');
    this.#release = database.prepare('RELEASE job');
    this.#rollback = database.prepare('ROLLBACK TO job');
  }

  run<Result>(work: Work<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ run: work, resolve, reject, queuedAt: performance.now() });
      this.#running ??= this.#nextTurn();
    });
  }

  /** Jobs that wait for their turn. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Whether nothing is queued or running. */
  get isIdle(): boolean {
    return this.#running === null;
  }

  /** Resolves when nothing is queued or running. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #nextTurn(): Promise<void> {
    await this.#collect();
    if (await this.#beginTransaction()) await this.#commitBatch();
    this.#running = this.#queue.length > 0 ? this.#nextTurn() : null;
  }

  /** A lone job waits one turn; while each turn adds jobs, waits for more, at most `maxTurns`. */
  async #collect(): Promise<void> {
    for (let turn = 0, size = 0; turn < maxTurns && size < this.#queue.length; turn++) {
      size = this.#queue.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Tries again while another process writes; false: no job is left that has not waited too long. */
  async #beginTransaction(): Promise<boolean> {
    for (let delay = 1; this.#queue.length > 0; delay = Math.min(delay * 2, maxRetryDelayMs)) {
      try {
        this.#begin.run();
        return true;
      } catch (error) {
        const patience = isLocked(error) ? this.#options.lockWaitMs : 0;
        const latest = performance.now() - patience;
        // They are in the order of arrival.
        while ((this.#queue[0]?.queuedAt ?? Number.POSITIVE_INFINITY) <= latest) {
          this.#queue.shift()?.reject(error);
        }
      }
      if (this.#queue.length > 0) await sleep(delay);
    }
    return false;
  }

  async #commitBatch(): Promise<void> {
    const jobs = this.#queue.splice(0, maxBatch);
    const changes = new Set<string>();
    const settled: Settled[] = [];
    try {
      for (const job of jobs) settled.push(await this.#runInSavepoint(job, changes));
      if (changes.size > 0) this.#options.beforeCommit();
      this.#commit.run();
    } catch (error) {
      this.#abandon();
      for (const job of jobs) job.reject(error);
      return;
    }
    this.#options.onCommit(changes);
    // Failures settle only now, too: they may depend on what another job of this batch wrote.
    for (const [index, one] of settled.entries()) settle(jobs[index], one);
  }

  #abandon(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } catch {
      // The next BEGIN reports what is wrong with the connection; the first failure is the one to throw.
    }
  }

  async #runInSavepoint(job: Job, changes: Set<string>): Promise<Settled> {
    const added = new Set<string>();
    this.#savepoint.run();
    try {
      const result = await job.run(added);
      this.#release.run();
      for (const tag of added) changes.add(tag);
      return { result };
    } catch (error) {
      // Some failures (a full disk) roll the whole transaction back: then no job of the batch may be acknowledged.
      if (!this.#database.isTransaction) throw error;
      this.#rollback.run();
      this.#release.run();
      return { error };
    }
  }
}

function settle(job: Job | undefined, settled: Settled): void {
  if ('error' in settled) job?.reject(settled.error);
  else job?.resolve(settled.result as never);
}
