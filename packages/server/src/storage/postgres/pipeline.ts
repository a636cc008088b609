import type { CompiledQuery } from 'kysely';
import type { PoolClient, QueryArrayConfig } from 'pg';
import type { Database } from '../sql/tables.ts';
import { databaseWith } from './dialect.ts';
import { mustDiscard } from './unavailable.ts';

const pipelines = new WeakMap<PoolClient, Pipeline>();

export function pipelineOver(client: PoolClient): Pipeline {
  let pipeline = pipelines.get(client);
  if (pipeline === undefined) {
    pipeline = new Pipeline(client);
    pipelines.set(client, pipeline);
  }
  return pipeline;
}

/**
 * The statements of a transaction that several writes share. Statements are sent without waiting for those before them,
 * and an insert is not waited for at all: its failure becomes that of the transaction.
 */
export class Pipeline {
  readonly database: Database;
  readonly #client: PoolClient;
  #failure: { readonly error: unknown } | null = null;
  #hasSavepoint = false;
  #hasWritten = false;

  constructor(client: PoolClient) {
    this.#client = client;
    this.database = databaseWith((statement, query) => this.#execute(statement, query));
  }

  /** The client must have no transaction. */
  begin(sql: string): void {
    this.#failure = null;
    this.#hasSavepoint = false;
    this.#send(sql);
  }

  beginMember(): void {
    this.#hasWritten = false;
  }

  /** Undoes what the member has written. */
  undoMember(): void {
    if (this.#hasWritten) this.#send('ROLLBACK TO SAVEPOINT member');
  }

  /** Throws the first failure of a statement: all later statements fail, too. */
  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** A failed ROLLBACK is ignored: the error before it is what matters. */
  async rollBack(error: unknown): Promise<void> {
    if (!mustDiscard(error)) await this.#client.query('ROLLBACK').catch(() => {});
  }

  async #execute(statement: QueryArrayConfig, { query }: CompiledQuery) {
    if (query.kind !== 'SelectQueryNode') this.#beforeChange();
    if (query.kind === 'InsertQueryNode' && query.returning === undefined) {
      this.#send(statement);
      return { command: 'INSERT', rowCount: null, rows: [], fields: [] };
    }
    try {
      return await this.#client.query<unknown[]>(statement);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #beforeChange(): void {
    if (this.#hasWritten) return;
    this.#hasWritten = true;
    this.#send(this.#hasSavepoint ? 'RELEASE SAVEPOINT member; SAVEPOINT member' : 'SAVEPOINT member');
    this.#hasSavepoint = true;
  }

  #send(statement: string | QueryArrayConfig): void {
    // The driver's types have no name for both.
    const sent = this.#client.query(statement as string) as Promise<unknown>;
    sent.catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }
}
