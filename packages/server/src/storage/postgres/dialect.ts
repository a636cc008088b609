import {
  CamelCasePlugin,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { ClientBase } from 'pg';
import { driverOver } from '../sql/driver.ts';
import type { Database, Tables } from '../sql/tables.ts';

const databases = new WeakMap<ClientBase, Database>();

/** Kysely over one connection. Transactions are the caller's: they are begun and ended on the connection itself. */
export function databaseOver(client: ClientBase): Database {
  let database = databases.get(client);
  if (database === undefined) {
    database = new Kysely<Tables>({ dialect: dialectOver(client), plugins: [new CamelCasePlugin()] });
    databases.set(client, database);
  }
  return database;
}

function dialectOver(client: ClientBase): Dialect {
  const connection = connectionOver(client);
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driverOver(connection),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

function connectionOver(client: ClientBase): DatabaseConnection {
  return {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const { command, rowCount, rows } = await client.query(query.sql, [...query.parameters]);
      // Only the query itself knows the type of its rows.
      const result = { rows: rows as Row[] };
      return command === 'SELECT' ? result : { ...result, numAffectedRows: BigInt(rowCount ?? 0) };
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing of ours streams.
    async *streamQuery(): AsyncIterableIterator<never> {
      throw new Error('Streaming is not supported.');
    },
  };
}
