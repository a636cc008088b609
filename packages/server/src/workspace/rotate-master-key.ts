import { addMasterKey, dropFormerMasterKeys } from '../secrets/master-keys.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Storage } from '../storage/port/storage.ts';
import type { Store } from '../storage/port/store.ts';

/**
 * Rewraps every workspace's data key and returns their number: with a new key of the key file or, without a file, with
 * the current configured key. Concurrent rotations and interrupted ones leave every secret readable: former keys are
 * removed only when no stored data key needs them.
 */
export async function rotateMasterKey(parts: {
  readonly storage: Storage;
  readonly vault: Vault;
  readonly keyFile: string | null;
}): Promise<number> {
  const { storage, vault, keyFile } = parts;
  const rewrapped = await storage.write((store) => {
    // Inside the transaction, so that no other rotation runs between the new key and its use.
    if (keyFile !== null) addMasterKey(keyFile);
    return rewrapAll(store, vault);
  });
  if (keyFile !== null) {
    await storage.write(async (store) => {
      if (await isEveryDataKeyCurrent(store, vault)) dropFormerMasterKeys(keyFile);
    });
  }
  return rewrapped;
}

async function rewrapAll(store: Store, vault: Vault): Promise<number> {
  let rewrapped = 0;
  for (const { id, wrappedDataKey } of await store.workspaces.list()) {
    if (wrappedDataKey === null) continue;
    const rewrappedKey = vault.rewrap({ workspaceId: id, wrapped: wrappedDataKey });
    await store.workspaces.update(id, { wrappedDataKey: rewrappedKey });
    rewrapped++;
  }
  return rewrapped;
}

async function isEveryDataKeyCurrent(store: Store, vault: Vault): Promise<boolean> {
  const workspaces = await store.workspaces.list();
  return workspaces.every(
    ({ id, wrappedDataKey: wrapped }) =>
      wrapped === null || vault.rewrap({ workspaceId: id, wrapped }) === wrapped,
  );
}
