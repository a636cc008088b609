import type { NewKey, Permission, Ratelimit, Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { changeLinks } from './key-links.ts';

export interface NewKeyWithRelations extends NewKey {
  readonly ratelimits: readonly Ratelimit[];
  readonly permissions: readonly Permission[];
  readonly roles: readonly Role[];
  readonly isLinkAudited: boolean;
}

/** Stores a new key with its limits, permissions and roles. */
export async function saveKey(
  context: WriteContext,
  { ratelimits, permissions, roles, isLinkAudited, ...key }: NewKeyWithRelations,
): Promise<void> {
  const { store, workspaceId } = context;
  await store.keys.create(workspaceId, key);
  // A new key has no limits to remove.
  if (ratelimits.length > 0) await store.keys.saveRatelimits(workspaceId, key.id, ratelimits);
  const links = isLinkAudited ? context : { ...context, audit: () => {} };
  await changeLinks(links, 'attachPermissions', { keyId: key.id, linked: permissions });
  await changeLinks(links, 'attachRoles', { keyId: key.id, linked: roles });
}
