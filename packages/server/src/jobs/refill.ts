import { type RefillServices, refillActor, refillIn } from '../operations/keys/apply-refill.ts';
import type { AuditRecord } from '../storage/port/records.ts';
import type { DueRefill } from '../storage/port/store.ts';
import { type JobRun, runSlices } from './slices.ts';

/** A slice is one transaction: verifications with credits wait for it. */
const sliceSize = 20;

/**
 * Refills every key whose refill is due; returns how many gained credits. No key is listed twice in a sweep. Several
 * processes may sweep at once: the first one to lock a key refills it. The sweep has time: a verification applies a due
 * refill by itself. A record for each key would be most of the audit log: a sweep adds one to each workspace.
 */
export async function refillDueKeys(
  services: RefillServices,
  now: number,
  run: JobRun = {},
): Promise<number> {
  const { storage } = services;
  let after: DueRefill | undefined;
  const refilled = new Map<string, number>();
  try {
    await runSlices(run, async () => {
      const due = await storage.read((store) => store.keys.listDueRefills(now, sliceSize, after));
      if (due.length === 0) return null;
      after = due.at(-1);
      for (const [workspaceId, keyIds] of keyIdsByWorkspace(due)) {
        const order = { workspaceId, keyIds, now };
        const { length } = await storage.write((store) => refillIn(store, order), { workspaceId });
        if (length > 0) refilled.set(workspaceId, (refilled.get(workspaceId) ?? 0) + length);
      }
      return due.length;
    });
  } finally {
    await recordSweep(services, now, refilled);
  }
  return [...refilled.values()].reduce((sum, count) => sum + count, 0);
}

async function recordSweep(
  { storage, ids }: RefillServices,
  now: number,
  refilled: ReadonlyMap<string, number>,
): Promise<void> {
  if (refilled.size === 0) return;
  const records = [...refilled].map(
    ([workspaceId, count]): AuditRecord => ({
      id: ids.id('log'),
      workspaceId,
      event: 'key.update',
      at: now,
      actor: refillActor,
      display: `Refilled ${count} ${count === 1 ? 'key' : 'keys'} whose refill was due`,
      remoteIp: null,
      userAgent: null,
      resources: [{ type: 'workspace', id: workspaceId, meta: { refilled_keys: count } }],
      correlationId: null,
    }),
  );
  await storage.write((store) => store.audit.append(records), 'unordered');
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
