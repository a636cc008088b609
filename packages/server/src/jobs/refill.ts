import { type RefillServices, refillIn } from '../operations/keys/apply-refill.ts';
import type { Key } from '../storage/port/records.ts';

const batchSize = 200;

/**
 * Refills every key that is due, in batches, so that other writes get their turn. Answers how many it refilled: several
 * processes may sweep at once, and each key is refilled by the one that comes to it first.
 */
export async function refillDueKeys({ storage, ids }: RefillServices, now: number): Promise<number> {
  let count = 0;
  for (let listed = batchSize; listed === batchSize; ) {
    const due = await storage.read((store) => store.keys.listDueRefills(now, batchSize));
    listed = due.length;
    const refills = [...keyIdsByWorkspace(due)].map(([workspaceId, keyIds]) =>
      storage.write((store) => refillIn(store, ids, { workspaceId, keyIds, now }), { workspaceId }),
    );
    count += (await Promise.all(refills)).reduce((sum, refilledKeys) => sum + refilledKeys, 0);
  }
  return count;
}

function keyIdsByWorkspace(keys: readonly Key[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, workspaceId } of keys) {
    const group = groups.get(workspaceId);
    if (group) group.push(id);
    else groups.set(workspaceId, [id]);
  }
  return groups;
}
