import {
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
import { namedRows, ownName, storedName } from '../sql/names.ts';
import type { Database, Tables } from '../sql/tables.ts';

const databases = new WeakMap<ClientBase, Database>();

/** Kysely over one connection. The caller begins and ends transactions on the connection itself. */
export function databaseOver(client: ClientBase): Database {
  let database = databases.get(client);
  if (database === undefined) {
    database = new Kysely<Tables>({ dialect: dialectOver(client) });
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
    createQueryCompiler: () => new Compiler(),
  };
}

class Compiler extends PostgresQueryCompiler {
  protected override sanitizeIdentifier(identifier: string): string {
    return super.sanitizeIdentifier(storedName(identifier));
  }
}

function connectionOver(client: ClientBase): DatabaseConnection {
  return {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const { command, rowCount, rows, fields } = await client.query<unknown[]>({
        text: query.sql,
        values: [...query.parameters],
        rowMode: 'array',
      });
      const names = fields.map(({ name }) => ownName(name));
      const result = { rows: namedRows<Row>(names, rows) };
      return command === 'SELECT' ? result : { ...result, numAffectedRows: BigInt(rowCount ?? 0) };
    },
    // biome-ignore lint/correctness/useYield: the interface requires a generator; we do not stream.
    async *streamQuery(): AsyncIterableIterator<never> {
      throw new Error('Streaming is not supported.');
    },
  };
}
