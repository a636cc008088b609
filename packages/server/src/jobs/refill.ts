import { type Credits, refilled } from '../domain/keys/refill.ts';
import type { Services } from '../services.ts';
import type { Key } from '../storage/port/records.ts';
import type { Store } from '../storage/port/store.ts';

type RefillServices = Pick<Services, 'storage' | 'ids'>;

const batchSize = 200;

/** Refills one key if that is due. */
export async function refillKey(
  { storage, ids }: RefillServices,
  { workspaceId, keyId, now }: { workspaceId: string; keyId: string; now: number },
): Promise<void> {
  const order = { workspaceId, keyIds: [keyId], now };
  await storage.write((store) => refillIn(store, ids, order), { workspaceId });
}

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

/** Asks of each key again whether it is due, now that nobody else can refill it. Answers how many were. */
async function refillIn(
  store: Store,
  ids: Services['ids'],
  { workspaceId, keyIds, now }: { workspaceId: string; keyIds: readonly string[]; now: number },
): Promise<number> {
  let count = 0;
  for (const keyId of keyIds) {
    const key = await store.keys.find(workspaceId, keyId);
    const credits = key && refilled(key.credits, now);
    if (key === null || credits === null || credits === key.credits) continue;
    await saveRefill(store, key, { credits, now, logId: ids.id('log') });
    count++;
  }
  return count;
}

async function saveRefill(
  store: Store,
  key: Key,
  { credits, now, logId }: { credits: Credits; now: number; logId: string },
): Promise<void> {
  const hasGrown = credits.remaining !== key.credits.remaining;
  await store.keys.update(key.workspaceId, key.id, { credits, ...(hasGrown && { updatedAt: now }) });
  if (!hasGrown) return;
  await store.audit.append([
    {
      id: logId,
      workspaceId: key.workspaceId,
      event: 'key.update',
      at: now,
      actor: { type: 'system', id: 'keyrefill', name: 'Key Refill Service' },
      display: `Refilled key ${key.name || key.id}`,
      remoteIp: null,
      userAgent: null,
      resources: [
        {
          type: 'key',
          id: key.id,
          meta: {
            refill_amount: key.credits.refill?.amount,
            previous_remaining: key.credits.remaining,
            new_remaining: credits.remaining,
          },
        },
      ],
      correlationId: null,
    },
  ]);
}
