import type { WriteContext } from '../context.ts';

/** Id of the live identity with this external id; creates one without meta and limits if there is none. Not audited. */
export async function ensureIdentity(
  { store, workspaceId, services, now }: WriteContext,
  externalId: string,
): Promise<string> {
  const existing = await store.identities.findByExternalId(workspaceId, externalId);
  if (existing !== null) return existing.id;
  const id = services.ids.id('id');
  await store.identities.create(workspaceId, { id, externalId, meta: null, createdAt: now });
  return id;
}
