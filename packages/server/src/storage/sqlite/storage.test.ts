import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { at, createKey } from '../conformance/samples.ts';
import { storageConformance } from '../conformance/storage-conformance.ts';
import { openDatabase } from './open.ts';
import { openSqliteStorage } from './storage.ts';

storageConformance('storage in a SQLite file', async (onCommit) => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-storage-'));
  const file = join(folder, 'unkey.sqlite');
  const opened = [openSqliteStorage({ file, onCommit })];
  const [storage] = opened;
  if (storage === undefined) throw new Error('Nothing was opened.');
  return {
    storage,
    async openAnother() {
      const another = openSqliteStorage({ file, onCommit: () => {} });
      opened.push(another);
      return another;
    },
    async close() {
      for (const one of opened) await one.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

test('a database of the first schema keeps what is in it, and gets what was added since', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-storage-'));
  const file = join(folder, 'unkey.sqlite');
  const open = () => openSqliteStorage({ file, onCommit: () => {} });
  const before = open();
  await before.write((store) => createKey(store));
  await before.close();
  const database = openDatabase(file);
  database.exec(`DROP TABLE kept_answers; DROP TABLE retired_hashes; DROP INDEX keys_deleted; DROP INDEX identities_deleted;
    PRAGMA user_version = 1`);
  database.close();

  for (const storage of [open(), open()]) {
    expect(await storage.findVerifiableKey('hash-of-key_1')).not.toBeNull();
    expect(await storage.write((store) => store.idempotency.deleteExpired(at, 1))).toBe(0);
    await storage.close();
  }
  await rm(folder, { recursive: true, force: true });
});

test('a write to a closed database fails, and so does the next one: neither hangs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-storage-'));
  const storage = openSqliteStorage({ file: join(folder, 'unkey.sqlite'), onCommit: () => {} });
  await storage.close();
  const write = () => storage.write((store) => store.workspaces.list());
  await expect(write()).rejects.toThrow();
  await expect(write()).rejects.toThrow();
  await rm(folder, { recursive: true, force: true });
});
