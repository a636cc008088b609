import type { NamespaceWithOverrides } from '../../storage/port/records.ts';
import type { ReadContext } from '../context.ts';
import { type Refusal, refuseAbsent } from '../refusal.ts';

export interface LocatedNamespace {
  readonly scope: { readonly namespaceId: string };
  readonly namespace: NamespaceWithOverrides;
}

/** Finds a namespace by id or name for its overrides. A deleted one is not found, and none is created. */
export async function locateNamespace(
  { store, workspaceId }: Pick<ReadContext, 'store' | 'workspaceId'>,
  { namespace: reference }: { readonly namespace: string },
): Promise<LocatedNamespace | Refusal> {
  const namespace = await store.namespaces.find(workspaceId, reference);
  if (namespace === null || namespace.deletedAt !== null) {
    return refuseAbsent('unkey/data/ratelimit_namespace_not_found');
  }
  return { scope: { namespaceId: namespace.id }, namespace };
}
