import { type CompiledQuery, type Insertable, SqliteAdapter } from 'kysely';
import type { RepeatedQuery } from './driver.ts';
import { performCompiled } from './perform.ts';
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
  const [first] = rows;
  if (first === undefined) return;
  if (repeatsStatements(db)) {
    const parameterLists = rows.map((row) => Object.values(row));
    const query: RepeatedQuery = { ...statementOf(db, table, [first]), parameterLists };
    await db.executeQuery(query);
    return;
  }
  let start = 0;
  for (const size of sizes) {
    for (; rows.length - start >= size; start += size) {
      const chunk = rows.slice(start, start + size);
      const parameters = chunk.flatMap((row) => Object.values(row));
      await performCompiled(db, { ...statementOf(db, table, chunk), parameters });
    }
  }
}

/**
 * In SQLite, a statement of several rows is a savepoint. The end of each walks what the transaction has saved for its own
 * savepoint so far, which takes most of the time of a large one. A call costs no round trip there.
 */
function repeatsStatements(db: Database): boolean {
  return db.getExecutor().adapter instanceof SqliteAdapter;
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
