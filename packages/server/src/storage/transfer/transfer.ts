import { createHash } from 'node:crypto';
import {
  DuplicateRowError,
  inTransaction,
  type Row,
  type TransferConnection,
  TransferError,
  type TransferSource,
  type TransferTarget,
  type Value,
} from './connection.ts';
import {
  beginOrResume,
  forget,
  originOf,
  type Progress,
  saveProgress,
  type TableProgress,
} from './progress.ts';
import { type TransferTable, transferTables } from './tables.ts';

export interface TransferStep {
  readonly phase: 'copy' | 'compare';
  readonly table: string;
  /** Rows of all tables so far; it only grows within a phase. */
  readonly done: number;
  readonly total: number;
}

export interface TransferReport {
  readonly tables: Readonly<Record<string, TableDigest>>;
  /** Rows that an earlier run had copied. */
  readonly resumedRows: number;
  readonly rows: number;
}

/** Two tables with the same digest hold the same rows. */
export interface TableDigest {
  readonly rows: number;
  /** SHA-256 in hex, over the rows in the order of their keys. */
  readonly checksum: string;
}

/** Bounds memory: a row may have a megabyte of metadata. */
const pageSize = 100;

/**
 * Copies every row, compares both sides, and finishes the target. If it is interrupted at any point, the next call with
 * the same source resumes after the last page.
 */
export async function transfer(
  { connection: from }: TransferSource,
  target: TransferTarget,
  { now, onStep }: { readonly now: () => number; readonly onStep: (step: TransferStep) => void },
): Promise<TransferReport> {
  const origin = await originOf(from);
  if (origin === null) throw new TransferError('The source holds no data: there is nothing to move.');
  const resumed = await beginOrResume(target, origin);
  const total = await countAll(from);
  const resumedRows = rowsIn(resumed);
  const counting = (phase: TransferStep['phase'], start: number) => {
    let done = start;
    return (table: TransferTable, rows: number) => {
      done += rows;
      onStep({ phase, table: table.name, done, total });
    };
  };

  const options = { resumed, onRows: counting('copy', resumedRows) };
  const progress = await copyAll(from, target.connection, options).catch(async (error: unknown) => {
    if (!(error instanceof DuplicateRowError)) throw error;
    await forget(target.connection, transferTables, {});
    throw new TransferError(
      'The target has rows that are not in the source, or no longer. Everything was taken out of it: ' +
        'make sure that nothing else uses the two, and run this again.',
    );
  });
  const digests = await digestAll(from, target.connection, counting('compare', 0));
  const different = digests.filter(({ isSame }) => !isSame).map(({ table }) => table);
  if (different.length > 0) {
    await forget(target.connection, different, progress);
    throw new TransferError(
      `Not everything in the target was as in the source: ${different.map(({ name }) => name).join(', ')}. ` +
        'Something else has written to one of them. What differed was taken out of the target: ' +
        'make sure that nothing else uses the two, and run this again.',
    );
  }
  await target.finish(now());
  return {
    tables: Object.fromEntries(digests.map(({ table, digest }) => [table.name, digest])),
    resumedRows,
    rows: digests.reduce((sum, { digest }) => sum + digest.rows, 0),
  };
}

async function copyAll(
  from: TransferConnection,
  to: TransferConnection,
  options: {
    readonly resumed: Progress;
    readonly onRows: (table: TransferTable, rows: number) => void;
  },
): Promise<Progress> {
  let progress = options.resumed;
  for (const table of transferTables) {
    let copied: TableProgress = progress[table.name] ?? { after: [], rows: 0 };
    for await (const page of pagesOf(from, table, copied.after)) {
      copied = { after: keyOf(table, page.at(-1)), rows: copied.rows + page.length };
      progress = { ...progress, [table.name]: copied };
      await inTransaction(to, async () => {
        await to.insert(table.name, page);
        await saveProgress(to, progress);
      });
      options.onRows(table, page.length);
    }
  }
  return progress;
}

async function digestAll(
  from: TransferConnection,
  to: TransferConnection,
  onRows: (table: TransferTable, rows: number) => void,
): Promise<{ table: TransferTable; digest: TableDigest; isSame: boolean }[]> {
  const digests = [];
  for (const table of transferTables) {
    const digest = await digestOf(from, table, (rows) => onRows(table, rows));
    const copy = await digestOf(to, table);
    digests.push({ table, digest, isSame: digest.rows === copy.rows && digest.checksum === copy.checksum });
  }
  return digests;
}

/** Digest of the stored values, byte by byte, whatever the order of the columns. */
async function digestOf(
  connection: TransferConnection,
  table: TransferTable,
  onRows: (rows: number) => void = () => {},
): Promise<TableDigest> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const page of pagesOf(connection, table, [])) {
    const columns = Object.keys(page[0] ?? {}).sort();
    for (const row of page) hash.update(`${JSON.stringify(columns.map((name) => [name, row[name]]))}\n`);
    rows += page.length;
    onRows(page.length);
  }
  return { rows, checksum: hash.digest('hex') };
}

/** The rows after a key in the order of keys, which is the same in both databases: by bytes and by numbers. */
async function* pagesOf(
  connection: TransferConnection,
  table: TransferTable,
  after: readonly Value[],
): AsyncGenerator<readonly Row[]> {
  const key = table.key.join(', ');
  const places = table.key.map((_, index) => `$${index + 1}`).join(', ');
  const end = `ORDER BY ${key} LIMIT ${pageSize}`;
  for (let last = after; ; ) {
    const where = last.length === 0 ? '' : `WHERE (${key}) > (${places})`;
    const page = await connection.query(`SELECT * FROM ${table.name} ${where} ${end}`, last);
    if (page.length === 0) return;
    yield page;
    last = keyOf(table, page.at(-1));
  }
}

function keyOf(table: TransferTable, row: Row | undefined): readonly Value[] {
  return table.key.map((name) => row?.[name] ?? null);
}

async function countAll(connection: TransferConnection): Promise<number> {
  let total = 0;
  for (const { name } of transferTables) {
    const [count] = await connection.query(`SELECT count(*) AS rows FROM ${name}`);
    total += Number(count?.rows);
  }
  return total;
}

function rowsIn(progress: Progress): number {
  return Object.values(progress).reduce((sum, { rows }) => sum + rows, 0);
}
