import type {
  DatabaseSyncInstance as DatabaseSync,
  StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { driverOver, type RepeatedQuery } from '../sql/driver.ts';
import { namedRows, ownName, storedName } from '../sql/names.ts';
import type { Tables } from '../sql/tables.ts';

const maxPreparedStatements = 500;

/** The queries of `storage/sql` over one open connection, on which the caller begins and ends transactions. */
export function kyselyOver(database: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: sqliteDialect(database) });
}

/** Kysely over one open connection. The caller begins and ends transactions on the connection itself. */
function sqliteDialect(database: DatabaseSync): Dialect {
  const connection = new Connection(database);
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driverOver(connection),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new Compiler(),
  };
}

class Compiler extends SqliteQueryCompiler {
  protected override sanitizeIdentifier(identifier: string): string {
    return super.sanitizeIdentifier(storedName(identifier));
  }
}

interface Prepared {
  readonly statement: StatementSync;
  /** Names of the columns of its rows; empty when it returns no rows. */
  readonly names: readonly string[];
}

class Connection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async executeQuery<Row>(query: CompiledQuery | RepeatedQuery): Promise<QueryResult<Row>> {
    const { statement, names } = this.#prepared(query.sql);
    if ('parameterLists' in query) {
      for (const list of query.parameterLists) statement.run(...(list as (string | number | null)[]));
      return { rows: [] };
    }
    // Kysely types parameters as unknown; every one of ours is a string, a number or null.
    const parameters = query.parameters as (string | number | null)[];
    if (names.length > 0) return { rows: namedRows(names, statement.all(...parameters) as unknown[][]) };
    const { changes } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing of ours streams.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('Streaming is not supported.');
  }

  #prepared(sql: string): Prepared {
    let prepared = this.#statements.get(sql);
    if (prepared === undefined) {
      if (this.#statements.size >= maxPreparedStatements) this.#statements.clear();
      prepared = prepare(this.#database, sql);
      this.#statements.set(sql, prepared);
    }
    return prepared;
  }
}

function prepare(database: DatabaseSync, sql: string): Prepared {
  const statement = database.prepare(sql);
  const names = statement.columns().map(({ name }) => ownName(name));
  // Building objects from lists takes half the time of the driver's own objects.
  if (names.length > 0) statement.setReturnArrays(true);
  return { statement, names };
}
