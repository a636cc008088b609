import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { afterEach } from 'vitest';
import { databaseFileOf } from '../data-folder.ts';
import { migrate } from '../sqlite/migrations.ts';
import { openDatabase } from '../sqlite/open.ts';
import { mostInteger } from './samples.ts';

/** More than two pages. */
export const rowsPerTable = 230;

const texts = [
  'plain',
  '',
  'caf\u00e9 cafe\u0301',
  '😀𝔘🏳️‍🌈 שלום \u200f',
  ' a\tb\r\n\u0001\u2028\uffff ',
  `'";--\\%_$1?`,
  '{ "spaces" :  [1.0, 1e3, "\\u0000\\u00e9"],"a":1,"a":2 }',
  'Z',
  'a',
  'ä',
];
const numbers = [0, 1, mostInteger, 31, 1_795_000_000_000, mostInteger - 1];

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A data folder whose database has rows in every table, with every kind of value in every column. */
export function filledFolder(seed = 'row') {
  const folder = newFolder();
  mkdirSync(folder.place.dataDir);
  fill(databaseFileOf(folder.place.dataDir), seed);
  return folder;
}

/** A data folder whose database has tables and no rows. */
export function rowlessFolder() {
  const folder = newFolder();
  mkdirSync(folder.place.dataDir);
  const database = openDatabase(databaseFileOf(folder.place.dataDir));
  migrate(database);
  database.close();
  return folder;
}

/** A data folder that is not there yet. */
export function newFolder() {
  const parent = mkdtempSync(join(tmpdir(), 'unkey-transfer-'));
  folders.push(parent);
  const dataDir = join(parent, 'data');
  return { place: { dataDir }, contents: () => contentsOf(databaseFileOf(dataDir)) };
}

function fill(file: string, seed: string): void {
  const database = openDatabase(file);
  migrate(database);
  database.exec('BEGIN');
  for (const table of tablesOf(database)) {
    const columns = database.prepare(`PRAGMA table_info(${table})`).all() as unknown as Column[];
    const names = columns.map(({ name }) => `"${name}"`).join(', ');
    const insert = database.prepare(
      `INSERT INTO ${table} (${names}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for (let row = 0; row < rowsPerTable; row++) {
      insert.run(...columns.map((column, index) => storedValue(column, row * 7 + index, `${seed} ${row}`)));
    }
  }
  database.exec('COMMIT');
  database.close();
}

/** Different in each row where it must be, and otherwise each of the values in turn. */
function storedValue(column: Column, turn: number, unique: string): string | number | null {
  if (column.notnull === 0 && column.pk === 0 && turn % 3 === 0) return null;
  if (column.name.startsWith('is_')) return turn % 2;
  if (column.type === 'INTEGER') return column.pk > 0 ? turn + 1000 : (numbers[turn % numbers.length] ?? 0);
  const text = texts[turn % texts.length] ?? '';
  return column.notnull === 1 || column.pk > 0 ? `${text} ${unique}` : text;
}

function tablesOf(database: DatabaseSyncInstance): string[] {
  const rows = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all() as { name: string }[];
  return rows.map(({ name }) => name);
}

/** All rows of all tables, as they are stored. */
function contentsOf(file: string): Readonly<Record<string, unknown[]>> {
  const database = new DatabaseSync(file);
  try {
    return Object.fromEntries(
      tablesOf(database).map((table) => [
        table,
        database
          .prepare(`SELECT * FROM ${table}`)
          .all()
          .map((row) => JSON.stringify(row))
          .sort(),
      ]),
    );
  } finally {
    database.close();
  }
}
