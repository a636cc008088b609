import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { manyKeys } from './many-keys.ts';
import { runUnkey } from './run-unkey.ts';

afterEach(removeDataDirs);

async function folderOf(keys: number): Promise<string> {
  const folder = await newDataDir();
  manyKeys(folder, keys);
  return folder;
}

test('a folder moves to another one, with progress on standard error and the next step', async () => {
  const [from, to] = [await folderOf(1000), await newDataDir()];
  const moved = await runUnkey(['migrate-data', '--from', from, '--to', to]);
  expect(moved.status).toBe(0);
  expect(moved.stdout).toMatch(/Moved and compared: 1002 rows in \d+ tables\./);
  expect(moved.stdout).toContain(`start the server with --data-dir ${to} and the same UNKEY_MASTER_KEY`);
  expect(moved.stderr).toContain('copying:  50% (502 of 1002 rows)\n');
  expect(moved.stderr).toMatch(/comparing: 100% \(1002 of 1002 rows\)\n$/);
});

test('--json prints one object and nothing else', async () => {
  const [from, to] = [await folderOf(10), await newDataDir()];
  const moved = await runUnkey(['migrate-data', '--from', from, '--to', to, '--json']);
  expect(moved).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(moved.stdout)).toMatchObject({
    rows: 12,
    resumedRows: 0,
    tables: { keys: { rows: 10, checksum: expect.stringMatching(/^[0-9a-f]{64}$/) } },
  });
});

test('a flag that is missing or no place is not understood', async () => {
  const from = await folderOf(1);
  for (const words of [
    [],
    ['--from', from],
    ['--from', from, '--to', from],
    ['--from', 'mysql://h/d', '--to', 'x'],
  ]) {
    const refused = await runUnkey(['migrate-data', ...words]);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('migrate-data --help');
  }
});

test('a source without a database is reported, and no folder is created', async () => {
  const [from, to] = [await newDataDir(), await newDataDir()];
  const refused = await runUnkey(['migrate-data', '--from', from, '--to', to]);
  expect(refused).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `unkey: There is no database in ${from}.\n`,
  });
  expect([existsSync(from), existsSync(to)]).toEqual([false, false]);
});
