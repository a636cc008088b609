import { type RefillServices, refillIn } from '../operations/keys/apply-refill.ts';
import type { DueRefill } from '../storage/port/store.ts';
import { type JobRun, runSlices } from './slices.ts';

/** A slice is one transaction: verifications with credits wait for it. */
const sliceSize = 20;

/**
 * Refills every key whose refill is due; returns how many it refilled. No key is listed twice in a sweep. Several
 * processes may sweep at once: the first one to lock a key refills it. The sweep has time: a verification applies a due
 * refill by itself.
 */
export async function refillDueKeys(
  { storage, ids }: RefillServices,
  now: number,
  run: JobRun = {},
): Promise<number> {
  let after: DueRefill | undefined;
  let refilled = 0;
  await runSlices(run, async () => {
    const due = await storage.read((store) => store.keys.listDueRefills(now, sliceSize, after));
    if (due.length === 0) return null;
    after = due.at(-1);
    for (const [workspaceId, keyIds] of keyIdsByWorkspace(due)) {
      refilled += await storage.write((store) => refillIn(store, ids, { workspaceId, keyIds, now }), {
        workspaceId,
      });
    }
    return due.length;
  });
  return refilled;
}

function keyIdsByWorkspace(keys: readonly DueRefill[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, workspaceId } of keys) {
    const group = groups.get(workspaceId);
    if (group) group.push(id);
    else groups.set(workspaceId, [id]);
  }
  return groups;
}
