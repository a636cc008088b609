import { expect, test } from 'vitest';
import { type OpenStorage, openForEach } from './opened.ts';
import { at, createKey, creditsOf, keyOf } from './samples.ts';

const ws = 'ws_1';
const dayMs = 86_400_000;

export function creditsConform(open: OpenStorage): void {
  const current = openForEach(open);

  const spendTogether = (times: number, cost: number) =>
    Promise.all(Array.from({ length: times }, () => current().storage.spendCredits(ws, 'key_1', cost)));

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

  test('spends and changes of the number go one after the other', async () => {
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

  test('a spend that fits exactly leaves zero; one of nothing takes nothing', async () => {
    await current().write((store) => createKey(store, { credits: creditsOf(5) }));
    expect(await current().storage.spendCredits(ws, 'key_1', 5)).toEqual({ remaining: 0, isSpent: true });
    expect(await current().storage.spendCredits(ws, 'key_1', 0)).toEqual({ remaining: 0, isSpent: true });
    expect(await current().storage.spendCredits(ws, 'key_1', 1)).toEqual({ remaining: 0, isSpent: false });
  });

  test('spends from an unlimited key succeed and count nothing', async () => {
    await current().write((store) => createKey(store));
    expect(await current().storage.spendCredits(ws, 'key_1', 5)).toEqual({ remaining: null, isSpent: true });
    expect((await current().storage.readCredits(ws, 'key_1'))?.remaining).toBeNull();
  });

  test('what was spent is there for another process', async () => {
    await current().write((store) => createKey(store, { credits: creditsOf(9) }));
    await current().storage.spendCredits(ws, 'key_1', 2);
    const another = await current().openAnother();
    expect((await another.readCredits(ws, 'key_1'))?.remaining).toBe(7);
    expect(await another.spendCredits(ws, 'key_1', 3)).toEqual({ remaining: 4, isSpent: true });
    expect((await current().storage.readCredits(ws, 'key_1'))?.remaining).toBe(4);
  });

  test('refills that are due are those of limited, live keys of every workspace whose moment has come', async () => {
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

  test('when keys were used last is written in one go', async () => {
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
  });
}
