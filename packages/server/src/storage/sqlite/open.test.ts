import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkDatabase, openDatabase } from './open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unkey-open-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('every connection syncs each commit to disk, and bounds its log', () => {
  for (let connection = 1; connection <= 2; connection++) {
    const database = openDatabase(join(folder, 'unkey.sqlite'));
    const setting = (name: string) => Object.values(Object(database.prepare(`PRAGMA ${name}`).get()))[0];
    // 2 is FULL: with NORMAL a power cut can undo acknowledged commits.
    expect(setting('synchronous')).toBe(2);
    expect(setting('journal_mode')).toBe('wal');
    expect(setting('journal_size_limit')).toBe(64 * 1024 * 1024);
    database.close();
  }
});

test('a log that a long read has made large is truncated once the read has ended', () => {
  const file = join(folder, 'unkey.sqlite');
  const [writer, reader] = [openDatabase(file), openDatabase(file)];
  const logBytes = () => statSync(`${file}-wal`).size;
  writer.exec('CREATE TABLE blobs (value BLOB)');
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM blobs').get();
  for (let count = 0; count < 35; count++)
    writer.exec('INSERT INTO blobs VALUES (zeroblob(2 * 1024 * 1024))');
  expect(logBytes()).toBeGreaterThan(64 * 1024 * 1024);
  reader.exec('COMMIT');
  // The first commit checkpoints the whole log; the next one starts it anew, and truncates it.
  for (let count = 0; count < 3; count++) writer.exec('INSERT INTO blobs VALUES (zeroblob(8 * 1024 * 1024))');
  expect(logBytes()).toBeLessThanOrEqual(64 * 1024 * 1024);
  reader.close();
  writer.close();
});

test('a damaged file is refused before it is used; an absent or an empty one becomes a database', () => {
  const file = join(folder, 'unkey.sqlite');
  expect(() => checkDatabase(file)).not.toThrow();
  writeFileSync(file, '');
  expect(() => checkDatabase(file)).not.toThrow();
  const database = openDatabase(file);
  database.exec('CREATE TABLE rows (name TEXT)');
  database.close();
  expect(() => checkDatabase(file)).not.toThrow();
  writeFileSync(file, 'x', { flag: 'r+' });
  expect(() => checkDatabase(file)).toThrow('is damaged or not a database');
});
