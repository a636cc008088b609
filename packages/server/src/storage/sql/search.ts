import { type Expression, type SqlBool, sql } from 'kysely';
import { foldSearch } from '../../domain/fold-case.ts';

/**
 * Searches for literal text in any of the columns, regardless of case and accents; null when the text is blank.
 * `contains_folded` is our own function in both databases: their own functions fold ASCII only, or depend on the
 * locale, and LIKE takes seconds for a search that many names almost match.
 */
export function contains(columns: readonly string[], search: string | undefined): Expression<SqlBool> | null {
  const text = foldSearch(search?.trim() ?? '');
  if (text === '') return null;
  const tests = columns.map((column) => sql`contains_folded(coalesce(${sql.ref(column)}, ''), ${text})`);
  return sql<SqlBool>`(${sql.join(tests, sql` or `)})`;
}
