import { type Expression, type SqlBool, sql } from 'kysely';

/**
 * Searches for literal text in any of the columns without regard to case; null when the text is blank. `fold_case` is
 * our own function in both databases: their own folds ASCII only, or depends on the database's locale.
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
