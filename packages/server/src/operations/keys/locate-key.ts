import type { Key } from '../../storage/port/records.ts';
import type { ReadContext } from '../context.ts';
import { type Refusal, refuseAbsent } from '../refusal.ts';

export interface LocatedKey {
  readonly key: Key;
  readonly scope: { readonly apiId: string; readonly keyspaceId: string; readonly keyId: string };
}

/** Finds the live key of an operation; the permission concerns its API. */
export async function locateKey(
  { store, workspaceId }: Pick<ReadContext, 'store' | 'workspaceId'>,
  { keyId }: { readonly keyId: string },
): Promise<LocatedKey | Refusal> {
  const key = await store.keys.find(workspaceId, keyId);
  return key === null ? refuseAbsent('unkey/data/key_not_found') : locatedKey(key);
}

export function locatedKey(key: Key): LocatedKey {
  return { key, scope: { apiId: key.apiId, keyspaceId: key.keyspaceId, keyId: key.id } };
}
