import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allRootKeyPermissions } from '@unkey-ts/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomIds } from '../base/ids.ts';
import { hashKey } from '../domain/keys/key-material.ts';
import type { Storage } from '../storage/port/storage.ts';
import { openSqliteStorage } from '../storage/sqlite/storage.ts';
import { ensureWorkspace } from './ensure-workspace.ts';

let folder: string;
let storage: Storage;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-ts-workspace-'));
  storage = openSqliteStorage({ file: join(folder, 'unkey.sqlite'), onCommit: () => {} });
});
afterEach(async () => {
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const start = (configuredRootKey?: string) =>
  ensureWorkspace({ storage, ids: randomIds(), clock: { now: () => 1000 } }, { configuredRootKey });
const rootKeyOf = (key: string) => storage.read((store) => store.rootKeys.findByHash(hashKey(key)));

test('the first start creates a workspace and a root key with all permissions; the next creates nothing', async () => {
  const made = await start();
  expect(await rootKeyOf(made?.rootKey ?? '')).toMatchObject({
    id: made?.rootKeyId,
    workspaceId: made?.workspaceId,
    permissions: [...allRootKeyPermissions].sort(),
  });
  expect(await start()).toBeNull();
});

test('a configured root key exists from the start, is not shown, and is created once', async () => {
  expect(await start('configured')).toMatchObject({ rootKey: null });
  expect(await start('configured')).toBeNull();
  expect(await rootKeyOf('configured')).toMatchObject({ name: 'UNKEY_ROOT_KEY' });
});

test('a configured root key that was deleted is refused, and the message does not hold it', async () => {
  await start('configured');
  const rootKey = await rootKeyOf('configured');
  await storage.write((store) => store.rootKeys.delete(rootKey?.id ?? '', 2000));
  const again = start('configured');
  await expect(again).rejects.toThrow(/UNKEY_ROOT_KEY is a root key that was deleted/);
  await expect(again).rejects.not.toThrow(/configured\b/);
});
