import { refilled } from '../domain/keys/refill.ts';
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
  await storage.write(async (store) => {
    const key = await store.keys.find(workspaceId, keyId);
    if (key !== null) await refillIn(store, key, { now, logId: ids.id('log') });
  });
}

/** Refills every key that is due, in batches, so that other writes get their turn. Answers how many were. */
export async function refillDueKeys({ storage, ids }: RefillServices, now: number): Promise<number> {
  let seen = 0;
  for (let batch = batchSize; batch === batchSize; seen += batch) {
    batch = await storage.write(async (store) => {
      const keys = await store.keys.listDueRefills(now, batchSize);
      for (const key of keys) await refillIn(store, key, { now, logId: ids.id('log') });
      return keys.length;
    });
  }
  return seen;
}

async function refillIn(
  store: Store,
  key: Key,
  { now, logId }: { now: number; logId: string },
): Promise<void> {
  const credits = refilled(key.credits, now);
  if (credits === key.credits) return;
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
