import { expect, test } from 'vitest';
import { TransferError } from '../transfer/connection.ts';
import { migrateData, type TransferPlace } from '../transfer/migrate-data.ts';
import { transferTables } from '../transfer/tables.ts';
import type { TransferReport, TransferStep } from '../transfer/transfer.ts';
import { filledFolder, newFolder, rowlessFolder, rowsPerTable } from './every-table.ts';

/** An empty place for data, with direct access to it. */
export interface TestTarget {
  readonly place: TransferPlace;
  execute(statement: string): Promise<void>;
  /** Names of all tables. */
  tables(): Promise<readonly string[]>;
}

const now = () => 1_795_000_000_000;
const totalRows = transferTables.length * rowsPerTable;

/** The behaviour of every kind of target. */
export function transferConforms(newTarget: () => Promise<TestTarget>): void {
  test('every row of every table is copied unchanged, and back again', async () => {
    const source = filledFolder();
    const target = await newTarget();
    const report = await move(source, target);
    expect(report).toMatchObject({ rows: totalRows, resumedRows: 0 });
    expect(Object.keys(report.tables).sort()).toEqual(Object.keys(source.contents()).sort());

    const back = newFolder();
    expect((await move(target, back)).tables).toEqual(report.tables);
    expect(back.contents()).toEqual(source.contents());
  });

  test('progress only grows, ends with all rows, and names each phase', async () => {
    const steps: TransferStep[] = [];
    await move(filledFolder(), await newTarget(), (step) => steps.push(step));
    for (const phase of ['copy', 'compare'] as const) {
      const own = steps.filter((step) => step.phase === phase);
      const done = own.map((step) => step.done);
      expect(done).toEqual(done.toSorted((a, b) => a - b));
      expect(own.at(-1)).toMatchObject({ done: totalRows, total: totalRows });
    }
  });

  test('interrupted after any page, the next run resumes there and copies everything', async () => {
    const source = filledFolder();
    const target = await newTarget();
    let copied = 0;
    for (const pages of [1, 5, 12, 20]) {
      await expect(move(source, target, stopAfter(pages))).rejects.toThrow('interrupted');
      const seen = await firstStepOf(source, target);
      expect(seen.done).toBeGreaterThan(copied);
      copied = seen.done;
    }
    await expect(move(source, target, stopAfterComparing('apis'))).rejects.toThrow('interrupted');
    expect(await move(source, target)).toMatchObject({ rows: totalRows, resumedRows: totalRows });
    const back = newFolder();
    await move(target, back);
    expect(back.contents()).toEqual(source.contents());
  });

  test.each([
    ['a value', "UPDATE apis SET name = name || '!' WHERE id = (SELECT max(id) FROM apis)"],
    ['null instead of nothing', "UPDATE apis SET default_prefix = '' WHERE default_prefix IS NULL"],
    [
      'a row too many',
      "INSERT INTO apis SELECT id || '+', workspace_id, name, keyspace_id || '+', allowed_ips, is_protected, default_prefix, default_byte_length, created_at, deleted_at FROM apis",
    ],
    ['a row that is gone', 'DELETE FROM apis WHERE id = (SELECT min(id) FROM apis)'],
  ])('a difference is found, and repaired by another run: %s', async (_, statement) => {
    const source = filledFolder();
    const target = await newTarget();
    await expect(move(source, target, stopAfterTable('identities'))).rejects.toThrow('interrupted');
    await target.execute(statement);
    await expect(move(source, target)).rejects.toThrow(/not everything .* source: apis\./i);
    expect(await move(source, target)).toMatchObject({
      rows: totalRows,
      resumedRows: totalRows - rowsPerTable,
    });
  });

  test('a transfer that an older version began resumes with renamed tables', async () => {
    const source = filledFolder();
    const target = await newTarget();
    const cutOff = move(source, target, stopAfterComparing('workspaces'));
    await expect(cutOff).rejects.toThrow('interrupted');
    await target.execute(
      "UPDATE data_transfer SET progress = replace(progress, 'idempotency_records', 'kept_answers')",
    );
    expect(await move(source, target)).toMatchObject({ rows: totalRows, resumedRows: totalRows });
  });

  test('conflicting rows are removed, and copied by another run', async () => {
    const source = filledFolder();
    const target = await newTarget();
    await expect(move(source, target, stopAfterTable('identities'))).rejects.toThrow('interrupted');
    await target.execute("UPDATE data_transfer SET progress = '{}'");
    await expect(move(source, target)).rejects.toThrow(/Everything was taken out/);
    expect(await move(source, target)).toMatchObject({ rows: totalRows, resumedRows: 0 });
  });

  test('data that has been moved is not moved again', async () => {
    const source = filledFolder();
    const target = await newTarget();
    await move(source, target);
    await expect(move(source, target)).rejects.toThrow(TransferError);
  });

  test('a target with other data is refused, and keeps it', async () => {
    const target = await newTarget();
    await move(filledFolder('other'), target);
    await target.execute('DROP TABLE IF EXISTS data_transfer');
    await expect(move(filledFolder(), target)).rejects.toThrow(TransferError);
    const back = newFolder();
    expect(await move(target, back)).toMatchObject({ rows: totalRows });
  });

  test('a target with part of other data is refused', async () => {
    const target = await newTarget();
    await expect(move(filledFolder('other'), target, stopAfter(3))).rejects.toThrow('interrupted');
    await expect(move(filledFolder(), target)).rejects.toThrow(/part of other data/);
  });

  test('a target with tables of another program is refused, and gets none of ours', async () => {
    const target = await newTarget();
    await target.execute('CREATE TABLE permissions (id integer)');
    await expect(move(filledFolder(), target)).rejects.toThrow(/tables of another program/);
    expect(await target.tables()).toEqual(['permissions']);
  });

  test('an empty source is refused', async () => {
    const source = rowlessFolder();
    const target = await newTarget();
    await expect(move(source, target)).rejects.toThrow(/nothing to move/);
    expect(await target.tables()).toEqual([]);
  });
}

type Place = Pick<TestTarget, 'place'>;

async function move(
  from: Place,
  to: Place,
  onStep: (step: TransferStep) => void = () => {},
): Promise<TransferReport> {
  return migrateData({ from: from.place, to: to.place, now, onStep });
}

function stopAfter(pages: number): (step: TransferStep) => void {
  let seen = 0;
  return () => {
    seen++;
    if (seen === pages) throw new Error('interrupted');
  };
}

function stopAfterTable(name: string): (step: TransferStep) => void {
  return ({ table }) => {
    if (table === name) throw new Error('interrupted');
  };
}

function stopAfterComparing(name: string): (step: TransferStep) => void {
  return ({ phase, table }) => {
    if (phase === 'compare' && table === name) throw new Error('interrupted');
  };
}

/** The progress of the next run after its first page. */
async function firstStepOf(from: Place, to: Place): Promise<TransferStep> {
  const steps: TransferStep[] = [];
  const stop = (step: TransferStep) => {
    steps.push(step);
    throw new Error('interrupted');
  };
  await expect(move(from, to, stop)).rejects.toThrow('interrupted');
  const [first] = steps;
  if (first === undefined) throw new Error('There was no step.');
  return first;
}
