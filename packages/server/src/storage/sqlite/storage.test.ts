import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { storageConformance } from '../conformance/storage-conformance.ts';
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

test('a write to a closed database fails, and so does the next one: neither hangs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-storage-'));
  const storage = openSqliteStorage({ file: join(folder, 'unkey.sqlite'), onCommit: () => {} });
  await storage.close();
  const write = () => storage.write((store) => store.workspaces.list());
  await expect(write()).rejects.toThrow();
  await expect(write()).rejects.toThrow();
  await rm(folder, { recursive: true, force: true });
});
