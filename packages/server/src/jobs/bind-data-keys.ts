import type { Services } from '../services.ts';
import type { Store } from '../storage/port/store.ts';
import type { JobRun } from './slices.ts';

/**
 * Binds the data keys that an earlier release has stored to their workspaces; returns how many. Processes of that release
 * cannot use them any more.
 */
export async function bindDataKeys(
  { storage, vault }: Pick<Services, 'storage' | 'vault'>,
  { onRows }: JobRun = {},
): Promise<number> {
  if (!vault.isEnabled) return 0;
  const unbound = async (store: Store) => {
    const workspaces = await store.workspaces.list();
    return workspaces.flatMap(({ id, wrappedDataKey: wrapped }) => {
      const bound = wrapped === null ? null : vault.bind({ workspaceId: id, wrapped });
      return bound === wrapped || bound === null ? [] : [{ id, wrappedDataKey: bound }];
    });
  };
  // A write without a workspace waits for all others, and there is usually nothing to do.
  if ((await storage.read(unbound)).length === 0) return 0;
  return storage.write(async (store) => {
    const bound = await unbound(store);
    for (const { id, wrappedDataKey } of bound) await store.workspaces.update(id, { wrappedDataKey });
    onRows?.(bound.length);
    return bound.length;
  });
}
