import type { SelectQueryBuilder } from 'kysely';
import type { Database, Tables } from './tables.ts';

/** Counts the rows of a query; the number of rows that it reads is bounded. */
export async function countRows<Table extends keyof Tables, Row>(
  db: Database,
  query: SelectQueryBuilder<Tables, Table, Row>,
  limit: number,
): Promise<number> {
  const { count } = await db
    .selectFrom(query.limit(limit).as('due'))
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
