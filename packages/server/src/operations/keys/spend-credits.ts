import { refilled } from '../../domain/keys/refill.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { Spent } from '../../storage/port/storage.ts';
import type { Context } from '../context.ts';

/** Spends all of the credits or none; applies a due refill first. */
export async function spendCredits(
  { services, now }: Context,
  key: VerifiableKey,
  cost: number,
): Promise<Spent> {
  const { storage, commands } = services;
  const { workspaceId, id: keyId } = key;
  if (cost === 0) {
    const credits = await storage.readCredits(workspaceId, keyId);
    return { remaining: credits && refilled(credits, now).remaining, isSpent: true };
  }
  const spent = await storage.spendCredits(workspaceId, keyId, { cost, now });
  if (!spent.isRefillDue) return spent;
  await commands.refillKey({ workspaceId, keyId, now });
  // A refill that becomes due meanwhile is left to the next spend.
  return storage.spendCredits(workspaceId, keyId, { cost, now: 0 });
}
