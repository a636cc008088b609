import { MasterKeyError, type Vault } from '../secrets/vault.ts';
import type { Workspace } from '../storage/port/records.ts';

/** Throws at start if the master key does not open the stored data keys; without one, recoverable keys return 412. */
export function checkMasterKey(vault: Vault, workspaces: readonly Workspace[]): void {
  if (!vault.isEnabled) return;
  for (const { id, wrappedDataKey } of workspaces) {
    if (wrappedDataKey === null) continue;
    try {
      vault.rewrap({ workspaceId: id, wrapped: wrappedDataKey });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new MasterKeyError(`The recoverable keys of workspace ${id} cannot be opened: ${reason}`, {
        cause: error,
      });
    }
  }
}
