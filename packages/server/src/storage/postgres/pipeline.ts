import type { CompiledQuery } from 'kysely';
import type { PoolClient, QueryArrayConfig } from 'pg';
import { isPerformed } from '../sql/perform.ts';
import type { Database } from '../sql/tables.ts';
import { databaseWith } from './dialect.ts';
import { mustDiscard } from './unavailable.ts';

const nothing = { command: 'NONE', rowCount: null, rows: [], fields: [] };

/** Statements that nobody waits for; then one is waited for, so that a long write does not fill the memory. */
const maxInFlight = 64;

/** Each connection keeps its prepared statements: those with long lists are too many. */
const maxPreparedLength = 3000;
const maxPrepared = 300;
const names = new Map<string, string>();

/** The name under which a statement is prepared; empty: it is prepared anew each time. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (text.length > maxPreparedLength || names.size >= maxPrepared) return '';
  const name = `write_${names.size}`;
  names.set(text, name);
  return name;
}

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
 * and one without a result is not waited for at all: its failure becomes that of the transaction.
 */
export class Pipeline {
  readonly database: Database;
  readonly #client: PoolClient;
  #failure: { readonly error: unknown } | null = null;
  #inFlight = 0;
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

  async #execute(statement: QueryArrayConfig, query: CompiledQuery) {
    const prepared = { ...statement, name: nameOf(statement.text) };
    if (query.query.kind !== 'SelectQueryNode') this.#beforeChange();
    if (isPerformed(query) && this.#inFlight < maxInFlight) {
      this.#send(prepared);
      return nothing;
    }
    try {
      return await this.#client.query<unknown[]>(prepared);
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
    this.#inFlight++;
    sent
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#inFlight--;
      });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }
}
