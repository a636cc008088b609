import type { CompiledQuery, Insertable } from 'kysely';
import type { Database, Tables } from './tables.ts';

const statements = new WeakMap<Database, Map<string, CompiledQuery>>();

/** Rows of a statement, the largest first: few sizes, so that few statements are compiled and prepared. */
const sizes = [64, 8, 1] as const;

/** Inserts one row. */
export async function insertRow<Table extends keyof Tables>(
  db: Database,
  table: Table,
  row: Insertable<Tables[Table]>,
): Promise<void> {
  await insertRows(db, table, [row]);
}

/** Inserts rows that have the same members in the same order. */
export async function insertRows<Table extends keyof Tables>(
  db: Database,
  table: Table,
  rows: readonly Insertable<Tables[Table]>[],
): Promise<void> {
  let start = 0;
  for (const size of sizes) {
    for (; rows.length - start >= size; start += size) {
      const chunk = rows.slice(start, start + size);
      const parameters = chunk.flatMap((row) => Object.values(row));
      await db.executeQuery({ ...statementOf(db, table, chunk), parameters });
    }
  }
}

/** Compiled once for each set of columns and number of rows: for a wide table, compiling costs more than executing. */
function statementOf<Table extends keyof Tables>(
  db: Database,
  table: Table,
  rows: readonly Insertable<Tables[Table]>[],
): CompiledQuery {
  let ofDatabase = statements.get(db);
  if (ofDatabase === undefined) {
    ofDatabase = new Map();
    statements.set(db, ofDatabase);
  }
  const name = `${table} ${rows.length} ${Object.keys(rows[0] ?? {})}`;
  let statement = ofDatabase.get(name);
  if (statement === undefined) {
    statement = db.insertInto(table).values(rows).compile();
    ofDatabase.set(name, statement);
  }
  return statement;
}
