import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import type { ClientBase } from 'pg';
import { storedName } from '../sql/names.ts';
import { tables } from '../sql/tables.ts';

/** The part of a schema that both databases have in common. */
export interface Schema {
  /** `text`, `integer?` (may be null), by table and column. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Unique or not, table, columns, condition; sorted, each once. */
  readonly indexes: readonly string[];
}

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly isNullable: boolean;
}

const typeClasses: Readonly<Record<string, string>> = {
  TEXT: 'text',
  INTEGER: 'integer',
  text: 'text',
  bigint: 'integer',
  smallint: 'integer',
};

/** The tables that the queries are written for. */
export function declaredTables(): Schema['tables'] {
  return tablesOf(
    Object.entries(tables).flatMap(([table, columns]) =>
      Object.entries(columns).map(([column, { type, isNullable }]) => ({
        table: storedName(table),
        column: storedName(column),
        type: type === 'integer' || type === 'flag' ? 'INTEGER' : 'TEXT',
        isNullable,
      })),
    ),
  );
}

export function sqliteSchema(database: DatabaseSync): Schema {
  const columns = database
    .prepare(
      `SELECT t.name AS "table", c.name AS "column", c.type, c."notnull" = 0 AND c.pk = 0 AS isNullable
       FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
    )
    .all() as unknown as (Omit<ColumnRow, 'isNullable'> & { isNullable: number })[];
  const indexes = database
    .prepare(
      `SELECT t.name AS "table", i."unique" AS isUnique, s.sql,
         (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) AS columns
       FROM sqlite_schema t, pragma_index_list(t.name) i LEFT JOIN sqlite_schema s ON s.name = i.name
       WHERE t.type = 'table'`,
    )
    .all() as unknown as { table: string; isUnique: number; sql: string | null; columns: string }[];
  return {
    tables: tablesOf(columns.map((column) => ({ ...column, isNullable: column.isNullable === 1 }))),
    indexes: indexesOf(
      indexes.map(({ table, isUnique, sql, columns: names }) => ({
        table,
        isUnique: isUnique === 1,
        columns: names,
        condition: sql?.split(' WHERE ')[1] ?? null,
      })),
    ),
  };
}

export async function postgresSchema(client: ClientBase): Promise<Schema> {
  const columns = await client.query<ColumnRow>(`
    SELECT c.table_name AS table, c.column_name AS column, c.data_type AS type, c.is_nullable = 'YES' AS "isNullable"
    FROM information_schema.columns c JOIN pg_tables t ON t.tablename = c.table_name AND t.schemaname = c.table_schema
    WHERE c.table_schema = current_schema()
      AND c.table_name NOT IN ('schema_version', 'verification_events', 'ratelimit_events')`);
  const indexes = await client.query<IndexRow>(`
    SELECT t.relname AS table, i.indisunique AS "isUnique", pg_get_expr(i.indpred, i.indrelid) AS condition,
      (SELECT string_agg(pg_get_indexdef(i.indexrelid, number, true), ', ' ORDER BY number)
        FROM generate_series(1, i.indnkeyatts) number) AS columns
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = current_schema()::regnamespace`);
  return {
    tables: tablesOf(columns.rows),
    indexes: indexesOf(indexes.rows.filter(({ table }) => columns.rows.some((row) => row.table === table))),
  };
}

interface IndexRow {
  readonly table: string;
  readonly isUnique: boolean;
  readonly columns: string;
  readonly condition: string | null;
}

function tablesOf(rows: readonly ColumnRow[]): Schema['tables'] {
  const found: Record<string, Record<string, string>> = {};
  for (const { table, column, type, isNullable } of rows) {
    found[table] ??= {};
    found[table][column] = `${typeClasses[type] ?? type}${isNullable ? '?' : ''}`;
  }
  return found;
}

function indexesOf(rows: readonly IndexRow[]): string[] {
  const described = rows.map(({ table, isUnique, columns, condition }) => {
    const where = condition === null ? '' : ` WHERE ${condition.replaceAll(/[()]/g, '').trim()}`;
    return `${isUnique ? 'unique ' : ''}${table} (${columns.replaceAll('"', '')})${where}`;
  });
  return [...new Set(described)].sort();
}
