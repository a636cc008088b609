import { type Expression, type SqlBool, sql } from 'kysely';

/**
 * Case-insensitive literal text in one of the columns; null when there is nothing to search for. `fold_case` is what
 * each database is given by us: what they have themselves folds ASCII only, or as the database's locale says.
 */
export function contains(columns: readonly string[], search: string | undefined): Expression<SqlBool> | null {
  const text = search?.trim().toLowerCase() ?? '';
  if (text === '') return null;
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  const tests = columns.map(
    (column) => sql`fold_case(coalesce(${sql.ref(column)}, '')) like ${pattern} escape '\\'`,
  );
  return sql<SqlBool>`(${sql.join(tests, sql` or `)})`;
}
