import { type Config, ConfigError } from './config.ts';
import { createVault, openMasterKeys, type Vault } from './secrets/vault.ts';
import { masterKeyFileOf } from './storage/data-folder.ts';
import type { Storage } from './storage/port/storage.ts';
import { checkMasterKey } from './workspace/check-master-key.ts';

/** The vault, after a check that its master key decrypts the stored data keys. */
export async function openVault(
  config: Pick<Config, 'masterKey' | 'dataDir' | 'databaseUrl'>,
  storage: Storage,
): Promise<Vault> {
  if (config.databaseUrl !== undefined && config.masterKey === undefined)
    throw new ConfigError([oneMasterKey]);
  const workspaces = await storage.read((store) => store.workspaces.list());
  const hasSecrets = workspaces.some(({ wrappedDataKey }) => wrappedDataKey !== null);
  const masterKeys = openMasterKeys({
    configured: config.masterKey,
    keyFile: masterKeyFileOf(config.dataDir),
    mayCreate: !hasSecrets,
  });
  const vault = createVault(masterKeys);
  checkMasterKey(vault, workspaces);
  return vault;
}

const oneMasterKey =
  'UNKEY_MASTER_KEY must be set with DATABASE_URL: all processes need the same master key. Make one with ' +
  '`openssl rand -base64 32`, or set `off` to keep no recoverable keys.';
