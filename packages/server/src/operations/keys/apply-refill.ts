import { type Credits, refilled } from '../../domain/keys/refill.ts';
import type { Services } from '../../services.ts';
import type { RefillOrder } from '../../storage/port/commands.ts';
import type { AuditRecord, Key } from '../../storage/port/records.ts';
import type { Store } from '../../storage/port/store.ts';

export type RefillServices = Pick<Services, 'storage' | 'ids'>;

export const refillActor = { type: 'system', id: 'keyrefill', name: 'Key Refill Service' } as const;

/** A refill that changed the credits of a key. */
interface Refill {
  /** Before the refill. */
  readonly key: Key;
  readonly credits: Credits;
}

/** Refills one key if its refill is due. */
export async function refillKey(
  { storage, ids }: RefillServices,
  { workspaceId, keyId, now }: RefillOrder,
): Promise<void> {
  const order = { workspaceId, keyIds: [keyId], now };
  const refill = async (store: Store) => {
    const refills = await refillIn(store, order);
    await store.audit.append(refills.map((one) => recordOf(one, { id: ids.id('log'), now })));
  };
  await storage.write(refill, { workspaceId });
}

/** Refills those of these keys that are due, checked again inside the transaction. */
export async function refillIn(
  store: Store,
  { workspaceId, keyIds, now }: { workspaceId: string; keyIds: readonly string[]; now: number },
): Promise<Refill[]> {
  const refills: Refill[] = [];
  for (const keyId of keyIds) {
    const key = await store.keys.find(workspaceId, keyId);
    const credits = key && refilled(key.credits, now);
    if (key === null || credits === null || credits === key.credits) {
      // Listed as due without being due: the next sweep would list it again.
      await store.keys.correctNextRefill(workspaceId, keyId);
      continue;
    }
    const hasGrown = credits.remaining !== key.credits.remaining;
    await store.keys.update(workspaceId, keyId, { credits, ...(hasGrown && { updatedAt: now }) });
    if (hasGrown) refills.push({ key, credits });
  }
  return refills;
}

function recordOf({ key, credits }: Refill, { id, now }: { id: string; now: number }): AuditRecord {
  return {
    id,
    workspaceId: key.workspaceId,
    event: 'key.update',
    at: now,
    actor: refillActor,
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
  };
}
