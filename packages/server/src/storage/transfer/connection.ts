export type Value = string | number | null;

/** As it is stored: booleans are 0 or 1, JSON is text. */
export type Row = Readonly<Record<string, Value>>;

/** The data cannot be moved, or not yet. The message says why and what to do; no connection string is in it. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** A row is in the way: there is one with the same key, or the same of what must be unique. */
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

/** Where data comes from: nobody else writes there until it is closed. */
export interface TransferSource {
  readonly connection: TransferConnection;
  close(): Promise<void>;
}

/** Where data goes: for this process alone until it is closed. */
export interface TransferTarget {
  readonly connection: TransferConnection;
  /** For messages: how to make it empty. */
  readonly howToEmpty: string;
  /** Makes the tables, or brings them to this version. */
  migrate(): Promise<void>;
  /** Hands the data over to the server. */
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
    // What went wrong is what there is to tell, also when the connection is gone.
    await connection.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
