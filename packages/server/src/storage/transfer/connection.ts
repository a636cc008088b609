export type Value = string | number | null;

/** A stored row: booleans are 0 or 1, JSON is text. */
export type Row = Readonly<Record<string, Value>>;

/** The transfer is impossible, or not possible yet. The message gives cause and remedy, without connection string. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** The target has a row with the same primary key or the same unique value. */
export class DuplicateRowError extends Error {
  override readonly name = 'DuplicateRowError';
}

/** One connection to one database. */
export interface TransferConnection {
  /** Parameters are written `$1`, `$2`. */
  query(statement: string, parameters?: readonly Value[]): Promise<readonly Row[]>;
  /** All rows have the same columns. Throws a `DuplicateRowError`. */
  insert(table: string, rows: readonly Row[]): Promise<void>;
  tableNames(): Promise<ReadonlySet<string>>;
}

/** The source: no other process writes to it until it is closed. */
export interface TransferSource {
  readonly connection: TransferConnection;
  close(): Promise<void>;
}

/** The target: this process has exclusive use of it until it is closed. */
export interface TransferTarget {
  readonly connection: TransferConnection;
  /** For messages: how to make it empty. */
  readonly howToEmpty: string;
  /** Creates the tables, or migrates them to this version. */
  migrate(): Promise<void>;
  /** Makes the data usable by a server. */
  finish(now: number): Promise<void>;
  close(): Promise<void>;
}

export async function inTransaction<Result>(
  connection: TransferConnection,
  work: () => Promise<Result>,
): Promise<Result> {
  await connection.query('BEGIN');
  try {
    const result = await work();
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    // The first error is the one to throw, also when the connection is lost.
    await connection.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
