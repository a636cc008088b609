import { firstTables } from '../sql/tables.ts';
import {
  inTransaction,
  type TransferConnection,
  TransferError,
  type TransferTarget,
  type Value,
} from './connection.ts';
import type { TransferTable } from './tables.ts';

/** The progress of each table, by name; stored in the target, beside the rows. */
export type Progress = Readonly<Record<string, TableProgress>>;

export interface TableProgress {
  /** Of the last row that was copied. */
  readonly after: readonly Value[];
  readonly rows: number;
}

/** Has one row: a database is the target of at most one transfer. */
export const progressTable = 'data_transfer';

/**
 * Returns the progress of an earlier run in the target; creates the tables in an empty one. Refuses a target with any
 * other data, and changes nothing in it.
 */
export async function beginOrResume(target: TransferTarget, origin: string): Promise<Progress> {
  const { connection, howToEmpty } = target;
  const tables = await connection.tableNames();
  if (tables.has(progressTable)) {
    const progress = await progressOf(target, origin);
    await target.migrate();
    return progress;
  }
  if (tables.size > 0 && !firstTables.every((name) => tables.has(name))) {
    throw new TransferError(`The target has tables of another program. ${howToEmpty}`);
  }
  if (tables.size > 0 && (await originOf(connection)) !== null) {
    throw new TransferError(
      `The target holds data already, which was not moved there from this source. ${howToEmpty}`,
    );
  }
  await target.migrate();
  await inTransaction(connection, async () => {
    await connection.query(`CREATE TABLE ${progressTable} (origin text, progress text, finished_at bigint)`);
    await connection.query(`INSERT INTO ${progressTable} VALUES ($1, $2, NULL)`, [origin, '{}']);
  });
  return {};
}

async function progressOf({ connection, howToEmpty }: TransferTarget, origin: string): Promise<Progress> {
  const [found] = await connection.query(`SELECT origin, progress, finished_at FROM ${progressTable}`);
  if (found?.finished_at != null) {
    const at = new Date(Number(found.finished_at)).toISOString();
    throw new TransferError(
      `Data was moved to this target on ${at}, and servers may have used it since. ${howToEmpty}`,
    );
  }
  if (found?.origin !== origin) {
    throw new TransferError(`The target has part of other data from an unfinished move. ${howToEmpty}`);
  }
  // Only `saveProgress` writes it.
  const progress = JSON.parse(String(found.progress)) as Progress;
  return Object.fromEntries(
    Object.entries(progress).map(([name, table]) => [renamed.get(name) ?? name, table]),
  );
}

/** Tables by the names that they had in older versions, one of which may have begun the transfer. */
const renamed = new Map([['kept_answers', 'idempotency_records']]);

/** To be called in the transaction that changes the rows. */
export async function saveProgress(connection: TransferConnection, progress: Progress): Promise<void> {
  await connection.query(`UPDATE ${progressTable} SET progress = $1`, [JSON.stringify(progress)]);
}

/** Deletes all rows of these tables from the target: the next run copies them again. */
export async function forget(
  connection: TransferConnection,
  tables: readonly TransferTable[],
  progress: Progress,
): Promise<void> {
  const names = new Set(tables.map(({ name }) => name));
  const kept = Object.entries(progress).filter(([name]) => !names.has(name));
  await inTransaction(connection, async () => {
    for (const name of names) await connection.query(`DELETE FROM ${name}`);
    await saveProgress(connection, Object.fromEntries(kept));
  });
}

/** Identifies a data set: the id of its first workspace. Null: there are no data. */
export async function originOf(connection: TransferConnection): Promise<string | null> {
  const [first] = await connection.query('SELECT id FROM workspaces ORDER BY created_at, id LIMIT 1');
  return first === undefined ? null : String(first.id);
}
