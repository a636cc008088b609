import { existsSync, readdirSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { filledFolder, newFolder } from '../conformance/every-table.ts';
import { transferConforms } from '../conformance/transfer-conforms.ts';
import { DataFolderError, databaseFileOf, openDataFolder } from '../data-folder.ts';
import { openSqliteStorage } from '../sqlite/storage.ts';
import { TransferError } from './connection.ts';
import { migrateData } from './migrate-data.ts';

transferConforms(async () => {
  const { place } = newFolder();
  const whole = databaseFileOf(place.dataDir);
  const open = () => {
    if (!existsSync(place.dataDir)) openDataFolder(place.dataDir).release();
    return new DatabaseSync(existsSync(whole) ? whole : `${whole}.part`);
  };
  return {
    place,
    async execute(statement) {
      const database = open();
      database.exec(statement);
      database.close();
    },
    async tables() {
      const database = open();
      const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      database.close();
      return rows.map((row) => String(Object(row).name));
    },
  };
});

const move = (from: string, to: string, onStep = () => {}) =>
  migrateData({ from: { dataDir: from }, to: { dataDir: to }, now: () => 0, onStep });

test('a folder in use is neither a source nor a target', async () => {
  const source = filledFolder().place.dataDir;
  const target = newFolder().place.dataDir;
  const server = openDataFolder(source);
  await expect(move(source, target)).rejects.toThrow(DataFolderError);
  server.release();
  const other = openDataFolder(target);
  await expect(move(source, target)).rejects.toThrow(DataFolderError);
  other.release();
  await move(source, target);
});

test('a command cannot write to the source during a move', async () => {
  const source = filledFolder().place.dataDir;
  const command = new DatabaseSync(databaseFileOf(source), { timeout: 0 });
  const writing = () => command.exec('UPDATE keys SET is_enabled = 0');
  await move(source, newFolder().place.dataDir, () => expect(writing).toThrow('locked'));
  writing();
  command.close();
});

test('a missing source is named, and not created', async () => {
  const source = newFolder().place.dataDir;
  const target = newFolder().place.dataDir;
  await expect(move(source, target)).rejects.toThrow(TransferError);
  await expect(move(source, target)).rejects.toThrow(source);
  expect([existsSync(source), existsSync(target)]).toEqual([false, false]);
});

test('a target folder with a database is refused', async () => {
  const other = filledFolder('other');
  const before = other.contents();
  await expect(move(filledFolder().place.dataDir, other.place.dataDir)).rejects.toThrow(/database in/);
  expect(other.contents()).toEqual(before);
});

test('a target gets the name of a database only when it is complete, and is then one file', async () => {
  const target = newFolder().place.dataDir;
  const files = () => readdirSync(target).filter((name) => name.startsWith('unkey.sqlite'));
  await move(filledFolder().place.dataDir, target, () => expect(files()).not.toContain('unkey.sqlite'));
  expect(files()).toEqual(['unkey.sqlite']);
  await openSqliteStorage({ file: databaseFileOf(target), onCommit: () => {} }).close();
});
