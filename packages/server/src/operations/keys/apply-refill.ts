import { type Credits, refilled } from '../../domain/keys/refill.ts';
import type { Services } from '../../services.ts';
import type { RefillOrder } from '../../storage/port/commands.ts';
import type { Key } from '../../storage/port/records.ts';
import type { Store } from '../../storage/port/store.ts';

export type RefillServices = Pick<Services, 'storage' | 'ids'>;

/** Refills one key if its refill is due. */
export async function refillKey(
  { storage, ids }: RefillServices,
  { workspaceId, keyId, now }: RefillOrder,
): Promise<void> {
  const order = { workspaceId, keyIds: [keyId], now };
  await storage.write((store) => refillIn(store, ids, order), { workspaceId });
}

/** Refills those of these keys that are due, checked again inside the transaction. Returns the number of refilled keys. */
export async function refillIn(
  store: Store,
  ids: Services['ids'],
  { workspaceId, keyIds, now }: { workspaceId: string; keyIds: readonly string[]; now: number },
): Promise<number> {
  let count = 0;
  for (const keyId of keyIds) {
    const key = await store.keys.find(workspaceId, keyId);
    const credits = key && refilled(key.credits, now);
    if (key === null || credits === null || credits === key.credits) {
      // Listed as due without being due: the next sweep would list it again.
      await store.keys.correctNextRefill(workspaceId, keyId);
      continue;
    }
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
