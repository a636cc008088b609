import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApp } from '../app.ts';
import { loadConfig } from '../config.ts';
import { DataFolderError, databaseFileOf, openDataFolder } from './data-folder.ts';
import { backupDatabase } from './sqlite/backup.ts';
import { restoreDatabase } from './sqlite/restore.ts';

let parent: string;
let path: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'unkey-folder-'));
  path = join(parent, 'deep', 'data');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test('a missing folder is created for its owner only', () => {
  const folder = openDataFolder(path);
  expect(folder.path).toBe(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(path, 'server.pid'), 'utf8')).toBe(`${process.pid}\n`);
  folder.release();
});

test.skipIf(process.platform === 'win32')(
  'everything that the service creates is for its owner only, whatever the umask',
  async () => {
    const umask = process.umask(0);
    try {
      const config = loadConfig({ flags: { 'data-dir': path }, env: { LOG_LEVEL: 'silent' }, cwd: parent });
      const app = await createApp({ config, hasJobs: false });
      await app.services.storage.write((store) => store.workspaces.list());
      const backup = join(path, 'backup.sqlite');
      await backupDatabase({ file: databaseFileOf(path), target: backup });
      const modes = readdirSync(path).map((name) => [name, statSync(join(path, name)).mode & 0o777]);
      expect(Object.fromEntries(modes)).toEqual(Object.fromEntries(modes.map(([name]) => [name, 0o600])));
      expect(modes.map(([name]) => name)).toEqual(
        expect.arrayContaining(['unkey.sqlite', 'unkey.sqlite-wal', 'unkey.sqlite-shm', 'events.sqlite']),
      );
      expect(statSync(path).mode & 0o777).toBe(0o700);
      await app.close();
      chmodSync(backup, 0o644);
      const restored = join(parent, 'restored');
      await restoreDatabase({ backup, dataDir: restored });
      expect(statSync(databaseFileOf(restored)).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(umask);
    }
  },
);

test.skipIf(process.platform === 'win32')('a folder that others can enter is reported', () => {
  openDataFolder(path).release();
  const one = openDataFolder(path);
  expect(one.isOpenToOthers).toBe(false);
  one.release();
  chmodSync(path, 0o750);
  const other = openDataFolder(path);
  expect(other.isOpenToOthers).toBe(true);
  other.release();
});

test('a folder in use names its process, and is free after its release', () => {
  const first = openDataFolder(path);
  expect(() => openDataFolder(path)).toThrow(DataFolderError);
  expect(() => openDataFolder(path)).toThrow(`already in use by process ${process.pid}`);
  first.release();
  first.release();
  expect(existsSync(join(path, 'server.pid'))).toBe(false);
  openDataFolder(path).release();
});

test('a lock dies with its process', async () => {
  openDataFolder(path).release();
  const script = `
    import { DatabaseSync } from '@photostructure/sqlite';
    const lock = new DatabaseSync(${JSON.stringify(join(path, 'server.lock'))});
    lock.exec('BEGIN EXCLUSIVE');
    process.stdout.write('held');
    setInterval(() => lock.isOpen, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname });
  await once(child.stdout, 'data');
  writeFileSync(join(path, 'server.pid'), `${child.pid}\n`);
  expect(() => openDataFolder(path)).toThrow(`in use by process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  openDataFolder(path).release();
});

test('a file in the place of the folder is refused', () => {
  const file = join(parent, 'file');
  writeFileSync(file, '');
  expect(() => openDataFolder(file)).toThrow(/is not a directory.*UNKEY_DATA_DIR/);
  expect(() => openDataFolder(join(file, 'data'))).toThrow(/is not a directory/);
});

test.skipIf(process.getuid?.() === 0)('a read-only folder is refused', () => {
  openDataFolder(path).release();
  chmodSync(path, 0o500);
  expect(() => openDataFolder(path)).toThrow(/is not writable \(EACCES\)/);
  chmodSync(path, 0o700);
});

test('a lock file that cannot be opened is refused as not writable', () => {
  openDataFolder(path).release();
  rmSync(join(path, 'server.lock'));
  // A directory in its place cannot be opened by anyone, the administrator included.
  openDataFolder(join(path, 'server.lock')).release();
  expect(() => openDataFolder(path)).toThrow(/is not writable/);
});

test.skipIf(process.platform !== 'linux')('a folder that cannot be made is refused', () => {
  expect(() => openDataFolder('/proc/unkey/data')).toThrow(/cannot be made \(ENOENT\).*UNKEY_DATA_DIR/);
});
