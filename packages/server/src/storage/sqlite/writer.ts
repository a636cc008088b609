import type {
  DatabaseSyncInstance as DatabaseSync,
  StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import type { ChangeListener } from '../changes.ts';

/** Work inside a transaction. The listener receives the tags that it adds, after the commit. */
export type Work<Result> = (changes: Set<string>) => Result | Promise<Result>;

interface Job {
  readonly run: (changes: Set<string>) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

type Settled = { readonly result: unknown } | { readonly error: unknown };

const maxBatch = 512;
const maxTurns = 8;

/**
 * Group commit: all writes of one turn of the event loop share one transaction and one sync to disk, and settle after it.
 * SQLite has one writer, so jobs run one after the other, each in a savepoint of its own.
 */
export class Writer {
  readonly #database: DatabaseSync;
  readonly #onCommit: ChangeListener;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #rollback: StatementSync;
  #queue: Job[] = [];
  #running: Promise<void> | null = null;

  constructor(database: DatabaseSync, onCommit: ChangeListener) {
    this.#database = database;
    this.#onCommit = onCommit;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#savepoint = database.prepare('SAVEPOINT job');
    this.#release = database.prepare('RELEASE job');
    this.#rollback = database.prepare('ROLLBACK TO job');
  }

  run<Result>(work: Work<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ run: work, resolve, reject });
      this.#running ??= this.#nextTurn();
    });
  }

  /** Resolves when nothing is queued or running. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #nextTurn(): Promise<void> {
    await this.#collect();
    await this.#commitBatch();
    this.#running = this.#queue.length > 0 ? this.#nextTurn() : null;
  }

  /** A lone job waits one turn; while each turn adds jobs, waits for more, at most `maxTurns`. */
  async #collect(): Promise<void> {
    for (let turn = 0, size = 0; turn < maxTurns && size < this.#queue.length; turn++) {
      size = this.#queue.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #commitBatch(): Promise<void> {
    const jobs = this.#queue.splice(0, maxBatch);
    const changes = new Set<string>();
    const settled: Settled[] = [];
    try {
      this.#begin.run();
      for (const job of jobs) settled.push(await this.#runInSavepoint(job, changes));
      this.#commit.run();
    } catch (error) {
      this.#abandon();
      for (const job of jobs) job.reject(error);
      return;
    }
    this.#onCommit(changes);
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
