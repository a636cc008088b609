import { refilled } from '../../domain/keys/refill.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import { refillKey } from '../../jobs/refill.ts';
import type { Spent } from '../../storage/port/storage.ts';
import type { Context } from '../context.ts';

/** Takes credits or none; a refill that is due comes first. */
export async function takeCredits(
  { services, now }: Context,
  key: VerifiableKey,
  cost: number,
): Promise<Spent> {
  const { storage } = services;
  const { workspaceId, id: keyId } = key;
  let credits = await storage.readCredits(workspaceId, keyId);
  if (credits !== null && refilled(credits, now) !== credits) {
    await refillKey(services, { workspaceId, keyId, now });
    credits = await storage.readCredits(workspaceId, keyId);
  }
  const remaining = credits?.remaining ?? null;
  if (remaining === null) return { remaining: null, isSpent: true };
  // What is committed only shrinks by spends still under way: a key seen without enough is out, and needs no write.
  if (remaining < cost) return { remaining, isSpent: false };
  if (cost === 0) return { remaining, isSpent: true };
  return storage.spendCredits(workspaceId, keyId, cost);
}
