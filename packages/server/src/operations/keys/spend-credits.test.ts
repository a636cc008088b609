import { expect, test } from 'vitest';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { Spent } from '../../storage/port/storage.ts';
import type { Context } from '../context.ts';
import { spendCredits } from './spend-credits.ts';

// Real storage applies a refill only once; here one becomes due again while the credits are being spent.
test('a refill that becomes due again meanwhile does not refuse the spend', async () => {
  const spends: number[] = [];
  const storage = {
    async spendCredits(_workspaceId: string, _keyId: string, { now }: { now: number }): Promise<Spent> {
      spends.push(now);
      return now < 1000
        ? { remaining: 9, isSpent: true }
        : { remaining: 0, isSpent: false, isRefillDue: true };
    },
  };
  const commands = { refillKey: async () => {} };
  const context = { services: { storage, commands }, now: 1000 } as unknown as Context;
  const key = { workspaceId: 'ws_1', id: 'key_1' } as VerifiableKey;
  expect(await spendCredits(context, key, 1)).toEqual({ remaining: 9, isSpent: true });
  expect(spends).toEqual([1000, 0]);
});
