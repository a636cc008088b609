import type {
  DatabaseSyncInstance as DatabaseSync,
  StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import type { ChangeListener } from '../changes.ts';

/** Work inside a transaction; the tags that it adds reach the listener after the commit. */
export type Work<Result> = (changes: Set<string>) => Result | Promise<Result>;

interface Job {
  readonly run: (changes: Set<string>) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

const maxBatch = 512;
const maxTurns = 8;

/**
 * Group commit: all writes of one turn of the event loop share one transaction and one sync to disk, and are answered
 * after it. SQLite has one writer, so jobs run one after the other, each in a savepoint of its own.
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
    await this.#gather();
    await this.#commitBatch();
    this.#running = this.#queue.length > 0 ? this.#nextTurn() : null;
  }

  /** Whoever is alone goes after one turn; a turn that brings company may bring more in the next one. */
  async #gather(): Promise<void> {
    for (let turn = 0, size = 0; turn < maxTurns && size < this.#queue.length; turn++) {
      size = this.#queue.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #commitBatch(): Promise<void> {
    const jobs = this.#queue.splice(0, maxBatch);
    const changes = new Set<string>();
    const outcomes: Outcome[] = [];
    try {
      this.#begin.run();
      for (const job of jobs) outcomes.push(await this.#runInSavepoint(job, changes));
      this.#commit.run();
    } catch (error) {
      this.#abandon();
      for (const job of jobs) job.reject(error);
      return;
    }
    this.#onCommit(changes);
    // Failures too are told only now: they may rest on what another job of this batch wrote.
    for (const [index, outcome] of outcomes.entries()) settle(jobs[index], outcome);
  }

  #abandon(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } catch {
      // The database is gone, or in a state that the next BEGIN will report: the first failure is the one to tell.
    }
  }

  async #runInSavepoint(job: Job, changes: Set<string>): Promise<Outcome> {
    const added = new Set<string>();
    this.#savepoint.run();
    try {
      const result = await job.run(added);
      this.#release.run();
      for (const tag of added) changes.add(tag);
      return { result };
    } catch (error) {
      // Some failures (a full disk) end the whole transaction: then nobody's work may be acknowledged.
      if (!this.#database.isTransaction) throw error;
      this.#rollback.run();
      this.#release.run();
      return { error };
    }
  }
}

function settle(job: Job | undefined, outcome: Outcome): void {
  if ('error' in outcome) job?.reject(outcome.error);
  else job?.resolve(outcome.result as never);
}
