import type { ClientBase } from 'pg';
import { errorCode } from '../../base/error-code.ts';
import type { Log } from '../../base/log.ts';
import { isReadOnlyError, ReplacedServerError, readOnlyServer } from './unavailable.ts';

/** Which server a connection leads to. Null: the server does not say. */
interface ServerIdentity {
  readonly systemId: string | null;
  readonly timeline: number | null;
}

interface ServerState extends ServerIdentity {
  readonly isStandby: boolean;
  /** A primary that accepts no writes: it has been fenced, or its disk is full. It may be read. */
  readonly isReadOnly: boolean;
}

const isReadOnlySql = `pg_is_in_recovery() AS "isStandby",
  current_setting('transaction_read_only') = 'on' AND NOT pg_is_in_recovery() AS "isReadOnly"`;

const stateSql = `SELECT ${isReadOnlySql}, (SELECT system_identifier::text FROM pg_control_system()) AS "systemId",
  CASE WHEN NOT pg_is_in_recovery()
    THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline`;

/** For servers without these functions, or that do not permit them. */
const reducedStateSql = `SELECT ${isReadOnlySql}, NULL AS "systemId", NULL AS timeline`;

/**
 * Makes sure that all connections of a process lead to the same server, and that it is the primary. What one connection
 * learns holds for all: when the server has become read-only or another server has taken its place, the generation
 * changes, and connections of older generations must not be used any more.
 */
export class Primary {
  readonly #log: Pick<Log, 'warn'>;
  readonly #generations = new WeakMap<ClientBase, number>();
  readonly #listeners: (() => void)[] = [];
  #generation = 0;
  #identity: ServerIdentity | null = null;
  #isReadOnly = false;
  #stateSql = stateSql;

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log;
  }

  /** `listener` is called when all connections have to be made anew. */
  onReplaced(listener: () => void): void {
    this.#listeners.push(listener);
  }

  isCurrent(client: ClientBase): boolean {
    return this.#generations.get(client) === this.#generation;
  }

  /** Whether the primary accepts no writes, as far as is known. */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Admits a new connection. Throws if its server is a standby, or was the primary before the current one. */
  async admit(client: ClientBase): Promise<void> {
    const state = await this.#readState(client);
    if (state.isStandby) throw readOnlyServer();
    this.#compare(state);
    if (state.isReadOnly) this.#becomeReadOnly();
    else if (this.#isReadOnly) {
      this.#isReadOnly = false;
      this.#replace('the database accepts writes again');
    }
    this.#generations.set(client, this.#generation);
  }

  /** Checks the server of an admitted connection again; throws if the connection must not be used any more. */
  async recheck(client: ClientBase): Promise<void> {
    const state = await this.#readState(client);
    if (state.isStandby) throw readOnlyServer();
    this.#compare(state);
    if (state.isReadOnly) this.#becomeReadOnly();
    else this.#isReadOnly = false;
    if (!this.isCurrent(client)) throw new ReplacedServerError();
  }

  /** Replaces all connections if `error`, of a query on `client`, says that its server has become read-only. */
  report(client: ClientBase, error: unknown): void {
    if (isReadOnlyError(error) && this.isCurrent(client)) this.#becomeReadOnly();
  }

  #becomeReadOnly(): void {
    if (this.#isReadOnly) return;
    this.#isReadOnly = true;
    this.#replace('the database has become read-only');
  }

  #compare({ systemId, timeline }: ServerIdentity): void {
    const known = this.#identity;
    const isSameSystem = known === null || known.systemId === systemId;
    if (isSameSystem && (timeline ?? 0) < (known?.timeline ?? 0)) throw new ReplacedServerError();
    this.#identity = { systemId, timeline };
    if (known === null || (isSameSystem && known.timeline === timeline)) return;
    this.#isReadOnly = false;
    this.#replace('another database server is the primary now');
  }

  #replace(reason: string): void {
    this.#generation += 1;
    this.#log.warn({ reason }, 'all connections to the database are made anew');
    for (const listener of this.#listeners) listener();
  }

  async #readState(client: ClientBase): Promise<ServerState> {
    try {
      return await queryState(client, this.#stateSql);
    } catch (error) {
      if (this.#stateSql === reducedStateSql || !unsupportedCodes.has(errorCode(error) ?? '')) throw error;
      this.#stateSql = reducedStateSql;
      return queryState(client, reducedStateSql);
    }
  }
}

/** Feature not supported, insufficient privilege, undefined function, object not in prerequisite state. */
const unsupportedCodes = new Set(['0A000', '42501', '42883', '55000']);

async function queryState(client: ClientBase, sql: string): Promise<ServerState> {
  const { rows } = await client.query<ServerState>(sql);
  const [state] = rows;
  if (state === undefined) throw new Error('The database returned no row.');
  return state;
}
