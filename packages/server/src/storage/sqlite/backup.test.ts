import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backupDatabase } from './backup.ts';
import { openDatabase } from './open.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unkey-backup-'));
  file = join(folder, 'unkey.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Without the log and the shared memory of a database. */
const files = () => readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name));

function createDatabase(): void {
  const database = openDatabase(file);
  database.exec('CREATE TABLE rows (name TEXT)');
  database.close();
}

test('a backup that fails leaves no file behind, and another try succeeds', () => {
  const target = join(folder, 'copy.sqlite');
  writeFileSync(file, 'This is not a database, and longer than the header of one. '.repeat(20));
  expect(() => backupDatabase({ file, target })).toThrow('not a database');
  expect(files()).toEqual(['unkey.sqlite']);
  rmSync(file);
  createDatabase();
  backupDatabase({ file, target });
  expect(files()).toEqual(['copy.sqlite', 'unkey.sqlite']);
});

test('a name may be as long as the file system allows, and a longer one leaves nothing', () => {
  createDatabase();
  const longest = `${'c'.repeat(248)}.sqlite`;
  expect(() => backupDatabase({ file, target: join(folder, `c${longest}`) })).toThrow(
    'Nothing can be written',
  );
  expect(files()).toEqual(['unkey.sqlite']);
  backupDatabase({ file, target: join(folder, longest) });
  expect(files()).toEqual([longest, 'unkey.sqlite']);
});
