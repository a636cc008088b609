import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Credits, latestRefillMoment, nextRefillMoment, type Refill, refilled } from './refill.ts';

const dayMs = 86_400_000;
const at = (text: string) => Date.parse(`${text}Z`);

function limited(change: Partial<Credits> = {}): Credits {
  const refill = { amount: 100, day: null };
  return { remaining: 3, refill, lastRefillAt: at('2026-03-10T12:00'), ...change };
}

describe('credits', () => {
  test('are refilled at the first midnight after the refill was set, and once', () => {
    const credits = limited();
    expect(refilled(credits, at('2026-03-10T23:59:59.999'))).toBe(credits);
    const midnight = at('2026-03-11T00:00');
    const full = refilled(credits, midnight);
    expect(full).toEqual({ ...credits, remaining: 100, lastRefillAt: midnight });
    expect(refilled({ ...full, remaining: 1 }, at('2026-03-11T23:00')).remaining).toBe(1);
    expect(refilled({ ...full, remaining: 1 }, at('2026-03-12T00:00')).remaining).toBe(100);
  });

  test('above the amount are never lowered, and the moment is used up', () => {
    const now = at('2026-03-11T10:00');
    expect(refilled(limited({ remaining: 500 }), now)).toMatchObject({ remaining: 500, lastRefillAt: now });
  });

  test('without limit, without refill or without a first time stay as they are', () => {
    const now = at('2027-01-01T00:00');
    for (const credits of [
      limited({ remaining: null }),
      limited({ refill: null }),
      limited({ lastRefillAt: null }),
    ]) {
      expect(refilled(credits, now)).toBe(credits);
    }
  });

  test('stay as they are when the clock is behind the last refill', () => {
    const credits = limited();
    expect(refilled(credits, at('2026-02-01T00:00'))).toBe(credits);
  });
});

describe('the latest moment', () => {
  test.each([
    [31, '2026-02-28T00:00', '2026-02-28T00:00'],
    [31, '2024-02-29T05:00', '2024-02-29T00:00'],
    [30, '2026-03-29T23:59', '2026-02-28T00:00'],
    [31, '2026-04-30T00:00', '2026-04-30T00:00'],
    [15, '2026-01-14T23:59:59.999', '2025-12-15T00:00'],
    [1, '2026-01-01T00:00', '2026-01-01T00:00'],
    [null, '2026-01-01T00:00', '2026-01-01T00:00'],
    [null, '2025-12-31T23:59', '2025-12-31T00:00'],
  ])('of day %s up to %s is %s', (day, now, moment) => {
    expect(latestRefillMoment({ amount: 1, day }, at(now))).toBe(at(moment));
  });
});

test('credits are refilled exactly when a walk over the days finds a refill day', () => {
  const start = at('2023-11-01T00:00');
  const refill = fc.record({ amount: fc.nat(50), day: fc.option(fc.integer({ min: 1, max: 31 })) });
  const offset = fc.integer({ min: 0, max: 900 * dayMs });
  const wait = fc.oneof(
    fc.integer({ min: -dayMs, max: 70 * dayMs }),
    fc.constantFrom(0, 1, dayMs - 1, dayMs),
  );
  fc.assert(
    fc.property(
      refill,
      fc.nat(50),
      offset,
      wait,
      fc.boolean(),
      (rule, remaining, begin, later, isMidnight) => {
        const lastRefillAt = start + (isMidnight ? begin - (begin % dayMs) : begin);
        const now = lastRefillAt + later;
        const credits: Credits = { remaining, refill: rule, lastRefillAt };
        const isDue = hasRefillDay({ rule, after: lastRefillAt, until: now });
        expect(refilled(credits, now)).toEqual(
          isDue ? { ...credits, remaining: Math.max(remaining, rule.amount), lastRefillAt: now } : credits,
        );
      },
    ),
    { seed: 17, numRuns: 2000 },
  );
});

function hasRefillDay({ rule, after, until }: { rule: Refill; after: number; until: number }): boolean {
  for (let midnight = Math.ceil((after + 1) / dayMs) * dayMs; midnight <= until; midnight += dayMs) {
    if (isRefillDay(rule.day, midnight)) return true;
  }
  return false;
}

function isRefillDay(day: number | null, midnight: number): boolean {
  const today = new Date(midnight).getUTCDate();
  const isLastOfMonth = new Date(midnight + dayMs).getUTCDate() === 1;
  return day === null || day === today || (isLastOfMonth && day > today);
}

test('the next moment is the first after a time, and is then the latest', () => {
  const refill = fc.record({
    amount: fc.integer({ min: 1, max: 1000 }),
    day: fc.option(fc.integer({ min: 1, max: 31 }), { nil: null }),
  });
  const time = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
  fc.assert(
    fc.property(refill, time, (schedule, after) => {
      const next = nextRefillMoment(schedule, after);
      expect(next).toBeGreaterThan(after);
      expect(latestRefillMoment(schedule, next)).toBe(next);
      expect(latestRefillMoment(schedule, next - 1)).toBeLessThanOrEqual(after);
    }),
    { seed: 20261122, numRuns: 300 },
  );
});
