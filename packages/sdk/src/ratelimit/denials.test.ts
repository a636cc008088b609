import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, type Window } from '../../../server/src/domain/ratelimit/window.ts';
import type { LimitData } from '../generated/api.ts';
import { DenialCache, type LimitParams } from './denials.ts';

const minute = 60_000;

/** The service's rule, on its own clock; this process's monotonic clock started at its `startedAt`. */
function counting(startedAt: number) {
  const windows = new Map<string, Window>();
  let override: { id: string; limit: number; durationMs: number } | undefined;
  return {
    setOverride(next: typeof override) {
      override = next;
    },
    restart: () => windows.clear(),
    decide(ask: LimitParams, steady: number, isTaken = true): LimitData {
      const limit = override?.limit ?? ask.limit;
      const durationMs = override?.durationMs ?? ask.durationMs;
      const counter = String(durationMs);
      const take = { counter, limit, durationMs, cost: ask.cost };
      const decision = decide([take], (name) => windows.get(name), startedAt + steady);
      const taken = decision.results[0];
      if (taken === undefined) throw new Error('Nothing was decided.');
      if (isTaken) for (const window of decision.charged) windows.set(window.counter, window);
      return {
        success: taken.passed,
        limit,
        remaining: taken.remaining,
        reset: taken.resetAt,
        ...(override && { overrideId: override.id }),
      };
    },
    date: (steady: number) => Math.floor((startedAt + steady) / 1000) * 1000,
  };
}

type Counting = ReturnType<typeof counting>;

/** As the limiter does: first the cache, then the service. */
function call(cache: DenialCache, service: Counting, ask: LimitParams, steady: number): LimitData | 'cached' {
  if (cache.denial(ask, steady)) return 'cached';
  const known = cache.known(ask);
  const decide = service.decide(ask, steady);
  cache.learn(ask, decide, { sentAt: steady, date: service.date(steady) }, known);
  return decide;
}

function ask(change: Partial<LimitParams> = {}): LimitParams {
  return { identifier: 'user_1', limit: 10, durationMs: minute, cost: 1, ...change };
}

const oClock = Date.UTC(2026, 10, 15, 12, 0, 0);

test('a limit that this process used up is denied without a request until the window has moved on', () => {
  const service = counting(oClock);
  const cache = new DenialCache(10);
  for (let taken = 0; taken < 10; taken++)
    expect(call(cache, service, ask(), taken)).toMatchObject({ success: true });
  expect(cache.denial(ask(), 20)).toEqual({
    success: false,
    limit: 10,
    remaining: 0,
    reset: oClock + minute,
  });
  expect(call(cache, service, ask(), 4000)).toBe('cached');
});

test('a denial of a high cost does not deny a lower cost', () => {
  const service = counting(oClock);
  const cache = new DenialCache(10);
  expect(call(cache, service, ask({ cost: 5 }), 0)).toMatchObject({ success: true });
  expect(call(cache, service, ask({ cost: 6 }), 1)).toBe('cached');
  expect(call(cache, service, ask({ cost: 5 }), 2)).toMatchObject({ success: true });
  expect(call(cache, service, ask({ cost: 0 }), 3)).toMatchObject({ success: true });
});

test('a service whose clock was set back counts the window before once, not more', () => {
  const service = counting(oClock);
  const cache = new DenialCache(10);
  expect(call(cache, service, ask({ cost: 4 }), 0)).toMatchObject({ success: true });
  // It stays in the newer window, while its Date header is a minute earlier.
  const known = cache.known(ask());
  const response = service.decide(ask(), minute);
  cache.learn(ask(), response, { sentAt: minute, date: service.date(0) }, known);
  expect(cache.denial(ask({ cost: 5 }), minute + 1)).toBeUndefined();
  expect(cache.denial(ask({ cost: 6 }), minute + 1)).toBeDefined();
});

test('after five seconds the call is sent to the service again', () => {
  const service = counting(oClock);
  const cache = new DenialCache(10);
  call(cache, service, ask({ cost: 10 }), 0);
  expect(cache.denial(ask(), 5000)).toBeDefined();
  expect(cache.denial(ask(), 5001)).toBeUndefined();
});

test('consumption by other processes is denied by the service only, never from the cache', () => {
  const service = counting(oClock);
  const cache = new DenialCache(10);
  service.decide(ask({ cost: 10 }), 0);
  expect(call(cache, service, ask(), 1)).toMatchObject({ success: false });
  expect(call(cache, service, ask(), 2)).toMatchObject({ success: false });
});

test('an override that is raised or deleted takes effect with the next response', () => {
  const service = counting(oClock);
  const cache = new DenialCache(10);
  service.setOverride({ id: 'rlor_1', limit: 1, durationMs: minute });
  call(cache, service, ask(), 0);
  expect(cache.denial(ask({ limit: 100 }), 1)).toMatchObject({ limit: 1, overrideId: 'rlor_1' });
  service.setOverride(undefined);
  expect(call(cache, service, ask(), 5001)).toMatchObject({ success: true });
  expect(call(cache, service, ask(), 5002)).toMatchObject({ success: true });
});

test("past the end of an override's window nothing is known: its length is the service's", () => {
  const service = counting(oClock);
  const cache = new DenialCache(10);
  service.setOverride({ id: 'rlor_1', limit: 1, durationMs: 3000 });
  call(cache, service, ask(), 0);
  expect(cache.denial(ask(), 1000)).toMatchObject({ reset: oClock + 3000 });
  expect(cache.denial(ask(), 2000)).toBeUndefined();
});

test('a response of a service that lost its counters is trusted', () => {
  const service = counting(oClock);
  const cache = new DenialCache(10);
  call(cache, service, ask({ cost: 10 }), 0);
  service.restart();
  expect(call(cache, service, ask(), 5001)).toMatchObject({ success: true, remaining: 9 });
  expect(call(cache, service, ask(), 5002)).toMatchObject({ success: true, remaining: 8 });
});

test('the cache is bounded, and the latest responses stay', () => {
  const service = counting(oClock);
  const cache = new DenialCache(3);
  for (let user = 0; user < 100; user++)
    call(cache, service, ask({ identifier: `user_${user}`, limit: 1000 }), 0);
  expect(cache.size).toBe(3);
  expect(cache.known(ask({ identifier: 'user_99' }))).toBeDefined();
  expect(cache.known(ask({ identifier: 'user_96' }))).toBeUndefined();
});

test('a response without a date is not cached', () => {
  const cache = new DenialCache(3);
  const service = counting(oClock);
  cache.learn(ask(), service.decide(ask(), 0), { sentAt: 0, date: Number.NaN }, undefined);
  expect(cache.size).toBe(0);
});

interface Step {
  /** Time since the previous step. */
  readonly afterMs: number;
  readonly who: 'us' | 'others';
  readonly cost: number;
  readonly limit: number;
  /** Time until the service decides, and from then until its response arrives. */
  readonly upMs: number;
  readonly downMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 9000 })),
  who: fc.oneof({ weight: 4, arbitrary: fc.constant('us' as const) }, fc.constant('others' as const)),
  cost: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 12 })),
  limit: fc.oneof({ weight: 5, arbitrary: fc.constant(10) }, fc.integer({ min: 1, max: 20 })),
  upMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2000 })),
  downMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2000 })),
});

interface Event {
  readonly at: number;
  /** Runs the step and returns the steps that follow. */
  happen(): Event[];
}

test('the service would have denied every call that is denied from the cache', () => {
  let cached = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 10, maxLength: 80 }),
      fc.integer({ min: oClock, max: oClock + minute }),
      fc.constantFrom(5000, 20_000, minute),
      (steps, startedAt, durationMs) => {
        const service = counting(startedAt);
        const cache = new DenialCache(10);
        let now = 0;
        let pending = steps.map(({ afterMs, who, cost, limit, upMs, downMs }): Event => {
          now += afterMs;
          const sentAt = now;
          const asked = ask({ cost, limit, durationMs });
          if (who === 'us') return { at: sentAt, happen: () => send(asked, sentAt, { upMs, downMs }) };
          const takeElsewhere = () => {
            service.decide(asked, sentAt);
            return [];
          };
          return { at: sentAt, happen: takeElsewhere };
        });

        function send(
          asked: LimitParams,
          sentAt: number,
          { upMs, downMs }: Pick<Step, 'upMs' | 'downMs'>,
        ): Event[] {
          const denial = cache.denial(asked, sentAt);
          if (denial) {
            cached++;
            expect(service.decide(asked, sentAt, false)).toMatchObject({
              success: false,
              limit: denial.limit,
            });
            return [];
          }
          const known = cache.known(asked);
          const decide = (): Event[] => {
            const decide = service.decide(asked, sentAt + upMs);
            const date = service.date(sentAt + upMs);
            const arrive = () => {
              cache.learn(asked, decide, { sentAt, date }, known);
              return [];
            };
            return [{ at: sentAt + upMs + downMs, happen: arrive }];
          };
          return [{ at: sentAt + upMs, happen: decide }];
        }

        while (pending.length > 0) {
          const next = pending.reduce((first, event) => (event.at < first.at ? event : first));
          pending = [...pending.filter((event) => event !== next), ...next.happen()];
        }
      },
    ),
    { seed: 17, numRuns: 1000 },
  );
  expect(cached).toBeGreaterThan(1000);
});
