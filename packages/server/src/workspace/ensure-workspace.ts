import { allRootKeyPermissions } from '@unkey-ts/contract';
import { ConfigError } from '../config.ts';
import { formatKey, hashKey } from '../domain/keys/key-material.ts';
import type { Services } from '../services.ts';
import type { RootKey, Workspace } from '../storage/port/records.ts';
import type { Store } from '../storage/port/store.ts';

export interface FirstStart {
  readonly workspaceId: string;
  readonly rootKeyId: string;
  /** The root key in plaintext, to be shown once. Null when it came from the configuration. */
  readonly rootKey: string | null;
}

type Makers = Pick<Services, 'ids' | 'clock'>;

const deletedRootKey = 'UNKEY_ROOT_KEY is a root key that was deleted here: choose another, or leave it out.';

/** Creates a workspace, with a root key that has every permission, if there is none. */
export async function ensureWorkspace(
  services: Makers & Pick<Services, 'storage'>,
  { configuredRootKey }: { configuredRootKey: string | undefined },
): Promise<FirstStart | null> {
  return services.storage.write(async (store) => {
    const [first] = await store.workspaces.list();
    const workspace = first ?? (await createWorkspace(store, services, 'Default'));
    if (configuredRootKey !== undefined) {
      const hash = hashKey(configuredRootKey);
      if ((await store.rootKeys.findByHash(hash)) !== null) return null;
      if (await store.rootKeys.isHashTaken(hash)) throw new ConfigError([deletedRootKey]);
      const { rootKeyId } = await createRootKey(store, services, {
        workspaceId: workspace.id,
        name: 'UNKEY_ROOT_KEY',
        key: configuredRootKey,
      });
      return first ? null : { workspaceId: workspace.id, rootKeyId, rootKey: null };
    }
    if (first) return null;
    const made = await createRootKey(store, services, {
      workspaceId: workspace.id,
      name: 'First root key',
    });
    return { workspaceId: workspace.id, rootKeyId: made.rootKeyId, rootKey: made.key };
  });
}

export async function createWorkspace(
  store: Store,
  { ids, clock }: Makers,
  name: string,
): Promise<Workspace> {
  const workspace: Workspace = {
    id: ids.id('ws'),
    name,
    isEnabled: true,
    requestsPerMinute: null,
    wrappedDataKey: null,
    createdAt: clock.now(),
  };
  await store.workspaces.create(workspace);
  return workspace;
}

/** Creates a root key, by default with every permission. Only the result has its secret. */
export async function createRootKey(
  store: Store,
  { ids, clock }: Makers,
  order: {
    readonly workspaceId: string;
    readonly name: string | null;
    readonly permissions?: readonly string[];
    readonly expiresAt?: number | null;
    /** Default: random. */
    readonly key?: string;
  },
): Promise<{ rootKeyId: string; key: string }> {
  const made = formatKey({ prefix: 'unkey', bytes: ids.bytes(24) });
  const key = order.key ?? made.key;
  const rootKey: RootKey = {
    id: ids.id('key'),
    workspaceId: order.workspaceId,
    start: order.key === undefined ? made.start : order.key.slice(0, 4),
    name: order.name,
    isEnabled: true,
    expiresAt: order.expiresAt ?? null,
    createdAt: clock.now(),
    permissions: [...new Set(order.permissions ?? allRootKeyPermissions)],
  };
  await store.rootKeys.create({ ...rootKey, hash: hashKey(key) });
  return { rootKeyId: rootKey.id, key };
}
