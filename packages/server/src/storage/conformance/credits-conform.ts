import { expect, test } from 'vitest';
import { type OpenStorage, openForEach } from './opened.ts';
import { apiOf, at, createKey, creditsOf, keyOf } from './samples.ts';

const ws = 'ws_1';
const dayMs = 86_400_000;

export function creditsConform(open: OpenStorage): void {
  const current = openForEach(open);

  const spendTogether = (times: number, cost: number) =>
    Promise.all(
      Array.from({ length: times }, () => current().storage.spendCredits(ws, 'key_1', { cost, now: at })),
    );

  test.each([
    { remaining: 100, cost: 1, spent: 100 },
    { remaining: 100, cost: 7, spent: 14 },
    { remaining: 3, cost: 4, spent: 0 },
  ])('of 200 spends at once of $cost from $remaining, $spent succeed', async ({ remaining, cost, spent }) => {
    await current().write((store) => createKey(store, { credits: creditsOf(remaining) }));
    const spends = await spendTogether(200, cost);
    const successes = spends.filter(({ isSpent }) => isSpent).map((one) => one.remaining);
    const expected = Array.from({ length: spent }, (_, index) => remaining - (index + 1) * cost);
    expect(successes.sort((a, b) => Number(b) - Number(a))).toEqual(expected);
    const left = remaining - spent * cost;
    for (const one of spends) if (!one.isSpent) expect(one.remaining).toBe(left);
    expect((await current().storage.readCredits(ws, 'key_1'))?.remaining).toBe(left);
  });

  test('spends and changes of the credits are serialised', async () => {
    await current().write((store) => createKey(store, { credits: creditsOf(50) }));
    const additions = Array.from({ length: 20 }, () =>
      current().write(async (store) => {
        const key = await store.keys.find(ws, 'key_1');
        await store.keys.update(ws, 'key_1', { credits: creditsOf((key?.credits.remaining ?? 0) + 10) });
      }),
    );
    const [spends] = await Promise.all([spendTogether(40, 1), ...additions]);
    expect(spends.every(({ isSpent }) => isSpent)).toBe(true);
    expect((await current().storage.readCredits(ws, 'key_1'))?.remaining).toBe(50 + 200 - 40);
  });

  test('a spend of all credits leaves zero; a spend of zero changes nothing', async () => {
    await current().write((store) => createKey(store, { credits: creditsOf(5) }));
    expect(await current().storage.spendCredits(ws, 'key_1', { cost: 5, now: at })).toEqual({
      remaining: 0,
      isSpent: true,
    });
    expect(await current().storage.spendCredits(ws, 'key_1', { cost: 0, now: at })).toEqual({
      remaining: 0,
      isSpent: true,
    });
    expect(await current().storage.spendCredits(ws, 'key_1', { cost: 1, now: at })).toEqual({
      remaining: 0,
      isSpent: false,
    });
  });

  test('a refused large spend does not block a concurrent small one', async () => {
    await current().write((store) => createKey(store, { credits: creditsOf(5) }));
    const spends = await Promise.all(
      [3, 4, 2].map((cost) => current().storage.spendCredits(ws, 'key_1', { cost, now: at })),
    );
    expect(spends).toEqual([
      { remaining: 2, isSpent: true },
      { remaining: 2, isSpent: false },
      { remaining: 0, isSpent: true },
    ]);
  });

  test('concurrent spends of many keys each change their own key', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `key_${index}`);
    await current().write(async (store) => {
      await store.apis.create(ws, apiOf());
      for (const [index, id] of ids.entries()) {
        await store.keys.create(ws, keyOf({ id, hash: id, credits: creditsOf(index) }));
      }
    });
    const spend = (workspaceId: string, id: string) =>
      current().storage.spendCredits(workspaceId, id, { cost: 2, now: at });
    const spends = await Promise.all(ids.flatMap((id) => [spend(ws, id), spend('ws_2', id), spend(ws, id)]));
    for (const [index, id] of ids.entries()) {
      const left = [index - 2, index - 4].filter((remaining) => remaining >= 0);
      const own = [spends[index * 3], spends[index * 3 + 2]];
      expect(own.filter((one) => one?.isSpent).map((one) => one?.remaining)).toEqual(left);
      expect(spends[index * 3 + 1]).toEqual({ remaining: null, isSpent: true });
      expect((await current().storage.readCredits(ws, id))?.remaining).toBe(left.at(-1) ?? index);
    }
  });

  test('nothing is spent while a refill is due', async () => {
    const credits = { remaining: 5, refill: { amount: 10, day: null }, lastRefillAt: at + 1 };
    await current().write((store) => createKey(store, { credits }));
    const spend = (cost: number, now: number) => current().storage.spendCredits(ws, 'key_1', { cost, now });
    expect(await spend(1, at + dayMs - 1)).toEqual({ remaining: 4, isSpent: true });
    const refused = { remaining: 4, isSpent: false, isRefillDue: true };
    expect(await Promise.all([spend(1, at + dayMs), spend(50, at + dayMs)])).toEqual([refused, refused]);
    // After the refill was applied, only the credits decide.
    const together = await Promise.all([spend(1, at + dayMs), spend(1, 0)]);
    expect(together).toMatchObject([
      { isSpent: false, isRefillDue: true },
      { remaining: 3, isSpent: true },
    ]);
    const lastRefillAt = at + dayMs;
    await current().write((store) =>
      store.keys.update(ws, 'key_1', { credits: { ...credits, remaining: 10, lastRefillAt } }),
    );
    expect(await spend(1, at + dayMs)).toEqual({ remaining: 9, isSpent: true });
  });

  test('spends from an unlimited key succeed and count nothing', async () => {
    await current().write((store) => createKey(store));
    expect(await current().storage.spendCredits(ws, 'key_1', { cost: 5, now: at })).toEqual({
      remaining: null,
      isSpent: true,
    });
    expect((await current().storage.readCredits(ws, 'key_1'))?.remaining).toBeNull();
  });

  test('spends are visible to another process', async () => {
    await current().write((store) => createKey(store, { credits: creditsOf(9) }));
    await current().storage.spendCredits(ws, 'key_1', { cost: 2, now: at });
    const another = await current().openAnother();
    expect((await another.readCredits(ws, 'key_1'))?.remaining).toBe(7);
    expect(await another.spendCredits(ws, 'key_1', { cost: 3, now: at })).toEqual({
      remaining: 4,
      isSpent: true,
    });
    expect((await current().storage.readCredits(ws, 'key_1'))?.remaining).toBe(4);
  });

  test('due refills are those of limited, live keys of every workspace, at or after their time', async () => {
    const refilled = (remaining: number | null, day: number | null) => ({
      remaining,
      refill: { amount: 10, day },
      lastRefillAt: at + 1,
    });
    await current().write(async (store) => {
      await createKey(store, { id: 'key_daily', credits: refilled(1, null) });
      await store.keys.create('ws_2', keyOf({ id: 'key_other', credits: refilled(1, null) }));
      await store.keys.create(ws, keyOf({ id: 'key_monthly', credits: refilled(1, 17) }));
      await store.keys.create(ws, keyOf({ id: 'key_unlimited', credits: refilled(null, null) }));
      await store.keys.create(ws, keyOf({ id: 'key_deleted', credits: refilled(1, null) }));
      await store.keys.delete(ws, 'key_deleted', at);
      await store.keys.create(ws, keyOf({ id: 'key_plain', credits: creditsOf(1) }));
    });
    const due = async (now: number, limit = 100) =>
      (await current().read((store) => store.keys.listDueRefills(now, limit))).map(({ id }) => id).sort();
    expect(await due(at + dayMs - 1)).toEqual([]);
    expect(await due(at + dayMs)).toEqual(['key_daily', 'key_other']);
    expect(await due(at + 2 * dayMs)).toEqual(['key_daily', 'key_monthly', 'key_other']);
    expect(await due(at + 2 * dayMs, 2)).toHaveLength(2);
    await current().write((store) =>
      store.keys.update(ws, 'key_daily', {
        credits: { ...refilled(10, null), lastRefillAt: at + 2 * dayMs },
      }),
    );
    expect(await due(at + 2 * dayMs)).toEqual(['key_monthly', 'key_other']);
  });

  test('last-used times are written in one batch, and a later one stays', async () => {
    await current().write(async (store) => {
      await createKey(store);
      await store.keys.create(ws, keyOf({ id: 'key_2' }));
      await store.keys.markUsed(
        new Map([
          ['key_1', 5],
          ['key_absent', 6],
        ]),
      );
    });
    const usedAt = (id: string) =>
      current().read(async (store) => (await store.keys.find(ws, id))?.lastUsedAt);
    expect([await usedAt('key_1'), await usedAt('key_2')]).toEqual([5, null]);
    // Another process may write an older time later.
    await current().write((store) =>
      store.keys.markUsed(
        new Map([
          ['key_1', 4],
          ['key_2', 4],
        ]),
      ),
    );
    expect([await usedAt('key_1'), await usedAt('key_2')]).toEqual([5, 4]);
  });
}
