import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

test('a backup that fails leaves no file behind, and another try succeeds', async () => {
  const target = join(folder, 'copy.sqlite');
  writeFileSync(file, 'This is not a database, and longer than the header of one. '.repeat(20));
  await expect(backupDatabase({ file, target })).rejects.toThrow('not a database');
  expect(files()).toEqual(['unkey.sqlite']);
  rmSync(file);
  createDatabase();
  await backupDatabase({ file, target });
  expect(files()).toEqual(['copy.sqlite', 'unkey.sqlite']);
});

test('a name may be as long as the file system allows, and a longer one leaves nothing', async () => {
  createDatabase();
  const longest = `${'c'.repeat(248)}.sqlite`;
  await expect(backupDatabase({ file, target: join(folder, `c${longest}`) })).rejects.toThrow(
    'Nothing can be written',
  );
  expect(files()).toEqual(['unkey.sqlite']);
  await backupDatabase({ file, target: join(folder, longest) });
  expect(files()).toEqual([longest, 'unkey.sqlite']);
});

test('a backup that is stopped leaves no file', async () => {
  createDatabase();
  const database = openDatabase(file);
  // Large enough that the copy takes a while.
  database.exec(`
    INSERT INTO rows WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
    SELECT hex(randomblob(500)) FROM numbers`);
  database.close();
  const module = new URL('../../../dist/storage/sqlite/backup.js', import.meta.url);
  const paths = JSON.stringify({ file, target: join(folder, 'copy.sqlite') });
  const program = `import { backupDatabase } from '${module}'; await backupDatabase(${paths});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  const isCopying = () =>
    files().some((name) => name.endsWith('.tmp') && statSync(join(folder, name)).size > 0);
  await expect.poll(() => child.exitCode !== null || isCopying(), { interval: 1 }).toBe(true);
  child.kill('SIGTERM');
  const [status] = await ended;
  // It may have been done already.
  expect([0, 143]).toContain(status);
  expect(files()).toEqual(status === 0 ? ['copy.sqlite', 'unkey.sqlite'] : ['unkey.sqlite']);
});
