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

/** The same for several external ids; the ids by external id. */
export async function ensureIdentities(
  { store, workspaceId, services, now }: WriteContext,
  externalIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(externalIds)];
  const ids = await store.identities.findIds(workspaceId, wanted);
  const newIds = services.ids.batch();
  const missing = wanted
    .filter((externalId) => !ids.has(externalId))
    .map((externalId) => ({ id: newIds.id('id'), externalId, meta: null, createdAt: now }));
  await store.identities.createMany(workspaceId, missing);
  for (const { id, externalId } of missing) ids.set(externalId, id);
  return ids;
}
