import type { CompiledQuery, Insertable } from 'kysely';
import type { Database, Tables } from './tables.ts';

const statements = new WeakMap<Database, Map<string, CompiledQuery>>();

/**
 * Inserts one row. The statement is compiled once for each set of columns: for a wide table, compiling costs more than
 * executing.
 */
export async function insertRow<Table extends keyof Tables>(
  db: Database,
  table: Table,
  row: Insertable<Tables[Table]>,
): Promise<void> {
  let ofDatabase = statements.get(db);
  if (ofDatabase === undefined) {
    ofDatabase = new Map();
    statements.set(db, ofDatabase);
  }
  const name = `${table} ${Object.keys(row)}`;
  let statement = ofDatabase.get(name);
  if (statement === undefined) {
    statement = db.insertInto(table).values(row).compile();
    ofDatabase.set(name, statement);
  }
  await db.executeQuery({ ...statement, parameters: Object.values(row) });
}
