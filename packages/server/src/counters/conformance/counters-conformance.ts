import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decide, type LimitCheck, type LimitResult, type Window } from '../../domain/ratelimit/window.ts';
import type { Counters } from '../port.ts';
import { type Call, seededCalls } from './seeded-calls.ts';

const minute = 60_000;
const now = 1_700_000_040_000; // starts a minute
const most = Number.MAX_SAFE_INTEGER;
const workspaceId = 'ws_one';

function check(counter: string, change: Partial<LimitCheck> = {}): LimitCheck {
  return { counter, limit: 10, durationMs: minute, cost: 1, ...change };
}

/** The behaviour of all counters, on any store. `open` returns empty ones. */
export function countersConformance(name: string, open: () => Promise<Counters>): void {
  describe(name, () => {
    let counters: Counters;
    beforeEach(async () => {
      counters = await open();
    });
    afterEach(() => counters.close());

    test.each([1, 2, 3, 4, 5, 6, 7, 8])(
      'decides like the rule, whatever is consumed when: seed %i',
      async (seed) => {
        const decideNext = ruleWithMemory();
        const played: Call[] = [];
        for (const call of seededCalls(seed, 400)) {
          played.push(call);
          const { passed, results } = await counters.consume(workspaceId, call.checks, call.now);
          expect({ passed, results, call }).toEqual({ ...decideNext(call), call });
        }
      },
    );

    test('of 200 checks at once exactly as many pass as the limit allows', async () => {
      const calls = Array.from({ length: 200 }, () =>
        counters.consume(workspaceId, [check('a', { limit: 50 })], now),
      );
      const results = await Promise.all(calls);
      expect(results.filter(({ passed }) => passed)).toHaveLength(50);
      const remaining = results.filter(({ passed }) => passed).map(({ results }) => results[0]?.remaining);
      expect(new Set(remaining).size).toBe(50);
    });

    test('counts all or none, and returns what remains for those that would pass', async () => {
      await counters.consume(workspaceId, [check('a', { cost: 3 }), check('b', { cost: 9 })], now);
      const refused = await counters.consume(
        workspaceId,
        [check('a', { cost: 5 }), check('b', { cost: 2 }), check('c')],
        now,
      );
      expect(refused.passed).toBe(false);
      expect(refused.results.map(outcome)).toEqual([
        [true, 7],
        [false, 0],
        [true, 10],
      ]);
      const after = await counters.consume(
        workspaceId,
        [check('a', { cost: 0 }), check('b', { cost: 0 })],
        now,
      );
      expect(after.results.map(outcome)).toEqual([
        [true, 7],
        [true, 1],
      ]);
    });

    test('checks of one counter in a call add up in their order', async () => {
      const together = [check('a', { cost: 4 }), check('a', { cost: 6 }), check('a', { cost: 1 })];
      const refused = await counters.consume(workspaceId, together, now);
      expect(refused.results.map(outcome)).toEqual([
        [true, 10],
        [true, 10],
        [false, 0],
      ]);
      const passed = await counters.consume(workspaceId, together.slice(0, 2), now);
      expect(passed.results.map(outcome)).toEqual([
        [true, 6],
        [true, 0],
      ]);
    });

    test('the previous window counts in proportion to its part within the duration', async () => {
      await counters.consume(workspaceId, [check('a', { cost: 9 })], now);
      const left = async (at: number) =>
        outcome((await counters.consume(workspaceId, [check('a', { cost: 0 })], at)).results[0]);
      expect(await left(now + minute - 1)).toEqual([true, 1]);
      expect(await left(now + minute)).toEqual([true, 1]);
      expect(await left(now + minute + 1)).toEqual([true, 2]);
      expect(await left(now + 1.5 * minute)).toEqual([true, 6]);
      expect(await left(now + 2 * minute)).toEqual([true, 10]);
    });

    test('a clock that goes back neither drops counts nor opens an earlier window', async () => {
      await counters.consume(workspaceId, [check('a', { cost: 10 })], now);
      const [back] = (await counters.consume(workspaceId, [check('a')], now - 1)).results;
      expect(back).toEqual({ passed: false, remaining: 0, resetAt: now + minute });
      const [free] = (await counters.consume(workspaceId, [check('b')], now - 1)).results;
      expect(free).toEqual({ passed: true, remaining: 9, resetAt: now });
    });

    test('a cost of 0 leaves no trace, and passes at a full counter', async () => {
      await counters.consume(workspaceId, [check('a', { cost: 0 })], now + minute);
      await counters.consume(workspaceId, [check('a', { cost: 10 })], now);
      const free = await counters.consume(workspaceId, [check('a', { cost: 0, limit: 10 })], now);
      expect(free.results).toEqual([{ passed: true, remaining: 0, resetAt: now + minute }]);
      expect((await counters.consume(workspaceId, [check('a')], now)).passed).toBe(false);
    });

    test('a limit of 0 passes only a cost of 0', async () => {
      expect((await counters.consume(workspaceId, [check('a', { limit: 0 })], now)).passed).toBe(false);
      expect((await counters.consume(workspaceId, [check('a', { limit: 0, cost: 0 })], now)).passed).toBe(
        true,
      );
    });

    test('another limit keeps the count', async () => {
      await counters.consume(workspaceId, [check('a', { cost: 8 })], now);
      expect((await counters.consume(workspaceId, [check('a', { limit: 8 })], now)).passed).toBe(false);
      expect(
        (await counters.consume(workspaceId, [check('a', { limit: 20 })], now)).results.map(outcome),
      ).toEqual([[true, 11]]);
    });

    test('numbers are exact up to 2^53 − 1', async () => {
      const wide = { limit: most, durationMs: 30 * 24 * 60 * minute };
      const first = await counters.consume(workspaceId, [check('a', { ...wide, cost: most - 1 })], now);
      expect(first.results.map(outcome)).toEqual([[true, 1]]);
      expect((await counters.consume(workspaceId, [check('a', { ...wide, cost: 2 })], now)).passed).toBe(
        false,
      );
      expect(
        (await counters.consume(workspaceId, [check('a', { ...wide, cost: 1 })], now)).results.map(outcome),
      ).toEqual([[true, 0]]);
    });

    describe('records of repeated calls', () => {
      const record = { fingerprint: 'who and what', response: '{"data":"é🚀\\n"}' };

      test('the first caller has the claim until it stores a response, which lives until it expires', async () => {
        expect(await counters.claim('a', now)).toBeNull();
        await counters.complete('a', record, now + minute);
        expect(await counters.claim('a', now)).toMatchObject(record);
        expect(await counters.claim('a', now + minute - 1)).toMatchObject(record);
        expect(await counters.claim('a', now + minute)).toBeNull();
      });

      test('a released name is free again', async () => {
        expect(await counters.claim('a', now)).toBeNull();
        await counters.release('a');
        expect(await counters.claim('a', now)).toBeNull();
      });

      test('names are distinct', async () => {
        expect(await counters.claim('a', now)).toBeNull();
        expect(await counters.claim('A', now)).toBeNull();
        expect(await counters.claim('a\n', now)).toBeNull();
      });

      test('a repetition that arrives while the first call runs waits for its response', async () => {
        expect(await counters.claim('a', now)).toBeNull();
        const waiting = Array.from({ length: 20 }, () => counters.claim('a', now));
        await counters.complete('a', record, now + minute);
        for (const known of await Promise.all(waiting)) expect(known).toMatchObject(record);
      });

      test('when the first one releases the name, one waiter claims it and the others continue to wait', async () => {
        expect(await counters.claim('a', now)).toBeNull();
        const next = Array.from({ length: 20 }, async () => {
          const known = await counters.claim('a', now);
          if (known === null) await counters.complete('a', record, now + minute);
          return known;
        });
        await counters.release('a');
        const known = await Promise.all(next);
        expect(known.filter((one) => one === null)).toHaveLength(1);
        expect(known.filter((one) => one?.response === record.response)).toHaveLength(19);
      });
    });

    test('counters with similar names are distinct', async () => {
      const names = [
        'a',
        'A',
        'a ',
        'é',
        'e\u0301',
        '😀',
        'a\0b',
        'a\nb',
        `${'x'.repeat(1000)}1`,
        `${'x'.repeat(1000)}2`,
      ];
      for (const counter of names) await counters.consume(workspaceId, [check(counter, { cost: 10 })], now);
      const results = [];
      for (const counter of names)
        results.push((await counters.consume(workspaceId, [check(counter)], now)).passed);
      expect(results).toEqual(names.map(() => false));
      expect((await counters.consume(workspaceId, [check('B')], now)).passed).toBe(true);
      expect((await counters.consume(workspaceId, [check('É')], now)).passed).toBe(true);
    });
  });
}

/** The rule itself, without eviction. */
function ruleWithMemory(): (call: Call) => { passed: boolean; results: readonly LimitResult[] } {
  const windows = new Map<string, Window>();
  return ({ checks, now: at }) => {
    const { passed, results, charged } = decide(checks, (counter) => windows.get(counter), at);
    for (const window of charged) windows.set(window.counter, window);
    return { passed, results };
  };
}

function outcome(result: LimitResult | undefined): [boolean, number] | undefined {
  return result && [result.passed, result.remaining];
}
