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
import type { ClientBase, QueryArrayConfig, QueryArrayResult } from 'pg';
import { driverOver } from '../sql/driver.ts';
import { namedRows, ownName, storedName } from '../sql/names.ts';
import type { Database, Tables } from '../sql/tables.ts';

const databases = new WeakMap<ClientBase, Database>();

/** Executes a statement; the result of a change may be empty if nobody needs it. */
export type Execute = (
  statement: QueryArrayConfig,
  query: CompiledQuery,
) => Promise<Pick<QueryArrayResult<unknown[]>, 'command' | 'rowCount' | 'rows' | 'fields'>>;

/** Kysely over one connection. The caller begins and ends transactions on the connection itself. */
export function databaseOver(client: ClientBase): Database {
  let database = databases.get(client);
  if (database === undefined) {
    database = databaseWith((statement) => client.query<unknown[]>(statement));
    databases.set(client, database);
  }
  return database;
}

export function databaseWith(execute: Execute): Database {
  return new Kysely<Tables>({ dialect: dialectWith(execute) });
}

function dialectWith(execute: Execute): Dialect {
  const connection = connectionWith(execute);
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

function connectionWith(execute: Execute): DatabaseConnection {
  return {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const statement: QueryArrayConfig = {
        text: query.sql,
        values: query.parameters as unknown[],
        rowMode: 'array',
      };
      const { command, rowCount, rows, fields } = await execute(statement, query);
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
