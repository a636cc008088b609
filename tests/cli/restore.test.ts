import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { type Ran, runUnkey } from './run-unkey.ts';
import { endServers, type ServerProcess, startServer } from './server-process.ts';

let server: ServerProcess;
let dataDir: string;
let backup: string;
let key: { keyId: string; key: string };

beforeAll(async () => {
  dataDir = await newDataDir();
  server = await startServer({ dataDir });
  await server.said('What next');
  const { apiId } = (await server.call('apis.createApi', { name: 'kept' })).body.data;
  key = (await server.call('keys.createKey', { apiId, recoverable: true, credits: { remaining: 5 } })).body
    .data;
  backup = join(await newFolder(), 'backup.sqlite');
  expect(await runUnkey(['backup', backup, '--data-dir', dataDir])).toMatchObject({ status: 0 });
});

afterAll(async () => {
  await endServers();
  await removeDataDirs();
});

async function newFolder(): Promise<string> {
  const folder = await newDataDir();
  mkdirSync(folder);
  return folder;
}

function restore(file: string, folder: string, env: Record<string, string> = {}): Promise<Ran> {
  return runUnkey(['restore', file, '--data-dir', folder], { env });
}

test('a backup becomes the database of a new folder, and a server works with it', async () => {
  const folder = await newDataDir();
  const restored = await restore(backup, folder);
  expect(restored).toMatchObject({ status: 0, stderr: '' });
  expect(restored.stdout).toContain(join(folder, 'master.key'));
  expect(statSync(join(folder, 'unkey.sqlite')).mode & 0o077).toBe(0);
  expect(readdirSync(folder).filter((name) => name.startsWith('unkey.sqlite'))).toEqual(['unkey.sqlite']);

  copyFileSync(join(dataDir, 'master.key'), join(folder, 'master.key'));
  const again = await startServer({ dataDir: folder, rootKey: server.rootKey() });
  const read = await again.call('keys.getKey', { keyId: key.keyId, decrypt: true });
  expect(read.body.data).toMatchObject({ plaintext: key.key, credits: { remaining: 5 } });
});

test('whether the master key is missing is said, and the key is not', async () => {
  const masterKey = readFileSync(join(dataDir, 'master.key'), 'utf8').trim();
  const missing = await runUnkey(['restore', backup, '--json', '--data-dir', await newDataDir()]);
  expect(JSON.parse(missing.stdout)).toMatchObject({ masterKeyMissing: true });

  const beside = await newFolder();
  copyFileSync(join(dataDir, 'master.key'), join(beside, 'master.key'));
  const there = await runUnkey(['restore', backup, '--json', '--data-dir', beside]);
  expect(JSON.parse(there.stdout)).toMatchObject({
    file: join(beside, 'unkey.sqlite'),
    bytes: statSync(backup).size,
    masterKeyMissing: false,
  });
  expect(`${missing.stdout}${there.stdout}`).not.toContain(masterKey);
  const configured = await restore(backup, await newDataDir(), { UNKEY_MASTER_KEY: masterKey });
  expect(configured.stdout).toMatch(/Start the server/);
});

test('data that is there is never replaced, nor a folder in use', async () => {
  const busy = await restore(backup, dataDir);
  expect(busy).toMatchObject({ status: 1, stdout: '' });
  expect(busy.stderr).toContain(`in use by process ${server.pid}`);

  for (const name of ['unkey.sqlite', 'unkey.sqlite-wal']) {
    const folder = await newFolder();
    writeFileSync(join(folder, name), 'mine');
    const refused = await restore(backup, folder);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain(`${join(folder, name)} is there already`);
    expect(readFileSync(join(folder, name), 'utf8')).toBe('mine');
  }
});

const damaged = (file: string) => {
  const bytes = readFileSync(backup);
  // A page in the middle: the header still says that it is a database.
  bytes.fill(0xff, 8192, 12_288);
  writeFileSync(file, bytes);
};
const ofAnotherProgram = (file: string) => {
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE keys (id TEXT)');
  database.close();
};
const newer = (file: string) => {
  copyFileSync(backup, file);
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 1000');
  database.close();
};

test.each([
  ['is not there', () => {}, /no file/],
  ['is no database', (file: string) => writeFileSync(file, 'hello'.repeat(1000)), /not a database/],
  ['is cut off', (file: string) => writeFileSync(file, readFileSync(backup).subarray(0, 10_000)), /damaged/],
  ['is damaged within', damaged, /damaged/],
  ['is empty', (file: string) => writeFileSync(file, ''), /not one of unkey-ts/],
  ['belongs to another program', ofAnotherProgram, /not one of unkey-ts/],
  ['was written by a newer version', newer, /newer unkey-ts/],
  [
    'is in use, with changes outside of it',
    (file: string) => {
      copyFileSync(backup, file);
      writeFileSync(`${file}-wal`, 'changes');
    },
    /database in use/,
  ],
])('a file that %s is refused, and leaves no database', async (_, make, reason) => {
  const file = join(await newFolder(), 'file');
  make(file);
  const folder = await newDataDir();
  const refused = await restore(file, folder);
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toMatch(reason);
  expect(refused.stderr).not.toContain('unexpected');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  expect(names.filter((name) => name.startsWith('unkey.sqlite'))).toEqual([]);
});

test('with DATABASE_URL the tools of PostgreSQL are named, and the URL is not', async () => {
  const refused = await restore(backup, await newDataDir(), { DATABASE_URL: 'postgres://u:secret@h/d' });
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toContain('pg_restore');
  expect(refused.stderr).not.toContain('secret');
});
