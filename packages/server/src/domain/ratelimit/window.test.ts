import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type LimitCheck, resetAt, roll, type Window, weighted } from './window.ts';

const minute = 60_000;
const now = 1_700_000_040_000; // starts a minute
const sequence = now / minute;
const most = Number.MAX_SAFE_INTEGER;

function check(counter: string, change: Partial<LimitCheck> = {}): LimitCheck {
  return { counter, limit: 10, durationMs: minute, cost: 1, ...change };
}

function holding(windows: Record<string, Window>): (counter: string) => Window | undefined {
  return (counter) => windows[counter];
}

const empty = holding({});

describe('a window', () => {
  const window: Window = { sequence, current: 7, previous: 4 };

  test('moves on with the clock: one step keeps the count as previous, more forget it', () => {
    expect(roll(undefined, now, minute)).toEqual({ sequence, current: 0, previous: 0 });
    expect(roll(window, now + minute - 1, minute)).toEqual(window);
    expect(roll(window, now + minute, minute)).toEqual({ sequence: sequence + 1, current: 0, previous: 7 });
    expect(roll(window, now + 2 * minute, minute)).toEqual({
      sequence: sequence + 2,
      current: 0,
      previous: 0,
    });
  });

  test('stays when the clock jumps back, and then counts the previous one in full', () => {
    expect(roll(window, now - 5 * minute, minute)).toEqual(window);
    expect(weighted(window, now - 5 * minute, minute)).toBe(11);
  });

  test('counts the previous one in proportion to its remaining part, rounded down', () => {
    expect(weighted(window, now, minute)).toBe(11);
    expect(weighted(window, now + minute / 2, minute)).toBe(9);
    expect(weighted(window, now + minute / 2 + 1, minute)).toBe(8);
    expect(weighted(window, now + minute - 1, minute)).toBe(7);
  });

  test('ends where the next one starts', () => {
    expect(resetAt(window, minute)).toBe(now + minute);
  });
});

describe('one check', () => {
  test('passes up to the limit and returns what remains', () => {
    const first = decide([check('a', { cost: 4 })], empty, now);
    expect(first.passed).toBe(true);
    expect(first.results).toEqual([{ passed: true, remaining: 6, resetAt: now + minute }]);
    expect(first.charged).toEqual([{ counter: 'a', durationMs: minute, sequence, current: 4, previous: 0 }]);
    const full = holding({ a: { sequence, current: 10, previous: 0 } });
    expect(decide([check('a')], full, now)).toMatchObject({ passed: false, results: [{ remaining: 0 }] });
    expect(decide([check('a')], full, now).charged).toEqual([]);
  });

  test('of cost 0 only looks', () => {
    const full = holding({ a: { sequence, current: 10, previous: 0 } });
    const look = decide([check('a', { cost: 0 })], full, now);
    expect(look).toMatchObject({ passed: true, results: [{ passed: true, remaining: 0 }] });
    expect(look.charged).toEqual([]);
    expect(decide([check('a', { cost: 0, limit: 9 })], full, now).passed).toBe(false);
  });

  test('of limit 0 is denied, unless it costs nothing', () => {
    expect(decide([check('a', { limit: 0 })], empty, now).passed).toBe(false);
    expect(decide([check('a', { limit: 0, cost: 0 })], empty, now).passed).toBe(true);
  });

  test('above the limit is denied from the start', () => {
    expect(decide([check('a', { cost: 11 })], empty, now).passed).toBe(false);
  });

  test('bears the largest numbers', () => {
    const all = decide([check('a', { limit: most, cost: most, durationMs: most })], empty, now);
    expect(all.results).toEqual([{ passed: true, remaining: 0, resetAt: most }]);
    const full = holding({ a: { sequence: 0, current: most, previous: most } });
    expect(decide([check('a', { limit: most, cost: 1, durationMs: most })], full, now).passed).toBe(false);
    expect(decide([check('a', { limit: most, cost: most, durationMs: most })], full, now).passed).toBe(false);
  });
});

describe('several checks', () => {
  test('are charged together', () => {
    const both = decide([check('a'), check('b', { limit: 5, cost: 2 })], empty, now);
    expect(both.results.map((item) => item.remaining)).toEqual([9, 3]);
    expect(both.charged.map(({ counter }) => counter)).toEqual(['a', 'b']);
  });

  test('of which one fails consume nothing; the others return what remains without this call', () => {
    const used = holding({ a: { sequence, current: 3, previous: 0 } });
    const refused = decide([check('a', { cost: 2 }), check('b', { limit: 1, cost: 2 })], used, now);
    expect(refused.passed).toBe(false);
    expect(refused.results).toMatchObject([
      { passed: true, remaining: 7 },
      { passed: false, remaining: 0 },
    ]);
    expect(refused.charged).toEqual([]);
  });

  test('of one counter add up in order', () => {
    const twice = decide([check('a', { cost: 4 }), check('a', { cost: 6 })], empty, now);
    expect(twice.results.map((item) => item.remaining)).toEqual([6, 0]);
    expect(twice.charged).toMatchObject([{ counter: 'a', sequence, current: 10, previous: 0 }]);
    const over = decide(
      [check('a', { cost: 4 }), check('a', { cost: 7 }), check('a', { cost: 5 })],
      empty,
      now,
    );
    expect(over.results.map((item) => [item.passed, item.remaining])).toEqual([
      [true, 10],
      [false, 0],
      [true, 10],
    ]);
  });

  test('of none pass', () => {
    expect(decide([], empty, now)).toMatchObject({ passed: true, results: [] });
  });
});

test('a batch of checks on different counters equals the checks one by one, when all pass', () => {
  const any = fc.record({ limit: fc.nat(20), cost: fc.nat(20), current: fc.nat(20), previous: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 5 }), fc.nat(2 * minute), (samples, later) => {
      const windows = samples.map(({ current, previous }) => ({ sequence, current, previous }));
      const checks = samples.map(({ limit, cost }, index) => check(String(index), { limit, cost }));
      const windowOf = (counter: string) => windows[Number(counter)];
      const together = decide(checks, windowOf, now + later);
      const single = checks.map((item) => decide([item], windowOf, now + later));
      expect(together.passed).toBe(single.every((item) => item.passed));
      expect(together.results.map((item) => item.passed)).toEqual(single.map((item) => item.passed));
      if (together.passed) {
        expect(together.results).toEqual(single.flatMap((item) => item.results));
        expect(together.charged).toEqual(single.flatMap((item) => item.charged));
      }
    }),
    { seed: 3, numRuns: 500 },
  );
});

test('any number of checks of a few counters adds up like a plain count', () => {
  const any = fc.record({
    counter: fc.constantFrom('a', 'b', 'c'),
    limit: fc.integer({ min: 5, max: 40 }),
    cost: fc.nat(4),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 12 }), fc.nat(6), (samples, current) => {
      const checks = samples.map(({ counter, ...change }) => check(counter, change));
      const { passed, results, charged } = decide(checks, () => ({ sequence, current, previous: 0 }), now);
      const counts = new Map<string, number>();
      const plain = checks.map(({ counter, limit, cost }) => {
        const count = (counts.get(counter) ?? current) + cost;
        if (count <= limit) counts.set(counter, count);
        return { isWithin: count <= limit, left: limit - count, before: limit - current };
      });
      expect(passed).toBe(plain.every(({ isWithin }) => isWithin));
      expect(results.map((item) => [item.passed, item.remaining])).toEqual(
        plain.map(({ isWithin, left, before }) => [isWithin, isWithin ? (passed ? left : before) : 0]),
      );
      const stored = new Map(charged.map((window) => [window.counter, window.current]));
      const isCounted = ([counter]: [string, number]) =>
        checks.some((one) => one.counter === counter && one.cost > 0);
      expect(stored).toEqual(passed ? new Map([...counts].filter(isCounted)) : new Map());
    }),
    { seed: 3, numRuns: 500 },
  );
});

test('no run of requests passes more than the limit inside one window', () => {
  const request = fc.record({ wait: fc.nat(400), cost: fc.nat(6) });
  fc.assert(
    fc.property(fc.nat(12), fc.array(request, { maxLength: 80 }), (limit, requests) => {
      let stored: Window | undefined;
      let clock = now;
      const passedIn = new Map<number, number>();
      for (const { wait, cost } of requests) {
        clock += wait;
        const decision = decide([check('a', { limit, cost, durationMs: 1000 })], () => stored, clock);
        stored = decision.charged[0] ?? stored;
        const at = Math.floor(clock / 1000);
        if (decision.passed) passedIn.set(at, (passedIn.get(at) ?? 0) + cost);
        expect(passedIn.get(at) ?? 0).toBeLessThanOrEqual(limit);
      }
    }),
    { seed: 3, numRuns: 300 },
  );
});
