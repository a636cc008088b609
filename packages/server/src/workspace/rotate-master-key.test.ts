import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStorage } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { randomIds } from '../base/ids.ts';
import { openVault } from '../open-vault.ts';
import { masterKeyFileOf } from '../storage/data-folder.ts';
import type { Workspace } from '../storage/port/records.ts';
import type { Storage } from '../storage/port/storage.ts';
import { createWorkspace } from './ensure-workspace.ts';
import { rotateMasterKey } from './rotate-master-key.ts';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'unkey-rotate-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const place = () => ({ dataDir, databaseUrl: undefined, maxStalenessMs: 0, keyCacheSize: 1000 });
const vaultOf = (storage: Storage) => openVault({ ...place(), masterKey: undefined }, storage);

const dataKeyOf = (workspace: Workspace | undefined) => ({
  workspaceId: workspace?.id ?? '',
  wrapped: workspace?.wrappedDataKey ?? '',
});

async function storeSecret(storage: Storage): Promise<string> {
  const vault = await vaultOf(storage);
  return storage.write(async (store) => {
    const makers = { ids: randomIds(), clock: systemClock };
    const { id } = await createWorkspace(store, makers, 'With secrets');
    const wrappedDataKey = vault.newDataKey(id);
    await store.workspaces.update(id, { wrappedDataKey });
    return vault.encrypt({ workspaceId: id, wrapped: wrappedDataKey }, 'the secret', 'key_1');
  });
}

test('rotations at once end with one master key that opens every secret', async () => {
  const one = (await openStorage(place())).storage;
  const other = (await openStorage(place())).storage;
  const ciphertext = await storeSecret(one);
  const keyFile = masterKeyFileOf(dataDir);
  const former = readFileSync(keyFile, 'utf8');

  const vaults = [await vaultOf(one), await vaultOf(other)] as const;
  await Promise.all([
    rotateMasterKey({ storage: one, vault: vaults[0], keyFile }),
    rotateMasterKey({ storage: other, vault: vaults[1], keyFile }),
  ]);

  const keys = readFileSync(keyFile, 'utf8').trim().split('\n');
  expect(keys).toHaveLength(1);
  expect(keys).not.toContain(former.trim());
  const [workspace] = await one.read((store) => store.workspaces.list());
  const vault = await vaultOf(one);
  expect(vault.decrypt(dataKeyOf(workspace), ciphertext, 'key_1')).toBe('the secret');
  await Promise.all([one.close(), other.close()]);
});

test('a rotation that fails leaves the secrets readable', async () => {
  const { storage } = await openStorage(place());
  const ciphertext = await storeSecret(storage);
  const keyFile = masterKeyFileOf(dataDir);
  const vault = await vaultOf(storage);
  const failing = {
    ...vault,
    rewrap: () => {
      throw new Error('cut off');
    },
  };
  await expect(rotateMasterKey({ storage, vault: failing, keyFile })).rejects.toThrow('cut off');

  const [workspace] = await storage.read((store) => store.workspaces.list());
  const after = await vaultOf(storage);
  expect(after.decrypt(dataKeyOf(workspace), ciphertext, 'key_1')).toBe('the secret');
  expect(await rotateMasterKey({ storage, vault: after, keyFile })).toBe(1);
  expect(readFileSync(keyFile, 'utf8').trim().split('\n')).toHaveLength(1);
  await storage.close();
});
