import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, type Window } from '../../../server/src/domain/ratelimit/window.ts';
import type { LimitData } from '../generated/api.ts';
import { DenialCache, type LimitParams } from './denials.ts';

const minute = 60_000;

/** The service's own rule, on a clock of its own; this process's steady clock began at `startedAt` of it. */
function counting(startedAt: number) {
  const windows = new Map<string, Window>();
  let override: { id: string; limit: number; durationMs: number } | undefined;
  return {
    setOverride(next: typeof override) {
      override = next;
    },
    restart: () => windows.clear(),
    answer(ask: LimitParams, steady: number, isTaken = true): LimitData {
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

/** As the limiter does: memory first, then the service. */
function call(
  memory: DenialCache,
  service: Counting,
  ask: LimitParams,
  steady: number,
): LimitData | 'remembered' {
  if (memory.denial(ask, steady)) return 'remembered';
  const known = memory.known(ask);
  const answer = service.answer(ask, steady);
  memory.learn(ask, answer, { sentAt: steady, date: service.date(steady) }, known);
  return answer;
}

function ask(change: Partial<LimitParams> = {}): LimitParams {
  return { identifier: 'user_1', limit: 10, durationMs: minute, cost: 1, ...change };
}

const oClock = Date.UTC(2026, 10, 15, 12, 0, 0);

test('a limit that this process used up is denied without a request until the window has moved on', () => {
  const service = counting(oClock);
  const memory = new DenialCache(10);
  for (let taken = 0; taken < 10; taken++)
    expect(call(memory, service, ask(), taken)).toMatchObject({ success: true });
  expect(memory.denial(ask(), 20)).toEqual({
    success: false,
    limit: 10,
    remaining: 0,
    reset: oClock + minute,
  });
  expect(call(memory, service, ask(), 4000)).toBe('remembered');
});

test('a denial that cost too much denies nothing that costs less', () => {
  const service = counting(oClock);
  const memory = new DenialCache(10);
  expect(call(memory, service, ask({ cost: 5 }), 0)).toMatchObject({ success: true });
  expect(call(memory, service, ask({ cost: 6 }), 1)).toBe('remembered');
  expect(call(memory, service, ask({ cost: 5 }), 2)).toMatchObject({ success: true });
  expect(call(memory, service, ask({ cost: 0 }), 3)).toMatchObject({ success: true });
});

test('after five seconds the service is asked again', () => {
  const service = counting(oClock);
  const memory = new DenialCache(10);
  call(memory, service, ask({ cost: 10 }), 0);
  expect(memory.denial(ask(), 5000)).toBeDefined();
  expect(memory.denial(ask(), 5001)).toBeUndefined();
});

test('what others took denies only for as long as the service says so itself', () => {
  const service = counting(oClock);
  const memory = new DenialCache(10);
  service.answer(ask({ cost: 10 }), 0);
  expect(call(memory, service, ask(), 1)).toMatchObject({ success: false });
  expect(call(memory, service, ask(), 2)).toMatchObject({ success: false });
});

test('an override that is raised or taken away is noticed with the next answer', () => {
  const service = counting(oClock);
  const memory = new DenialCache(10);
  service.setOverride({ id: 'rlor_1', limit: 1, durationMs: minute });
  call(memory, service, ask(), 0);
  expect(memory.denial(ask({ limit: 100 }), 1)).toMatchObject({ limit: 1, overrideId: 'rlor_1' });
  service.setOverride(undefined);
  expect(call(memory, service, ask(), 5001)).toMatchObject({ success: true });
  expect(call(memory, service, ask(), 5002)).toMatchObject({ success: true });
});

test("past the end of an override's window nothing is known: its length is the service's", () => {
  const service = counting(oClock);
  const memory = new DenialCache(10);
  service.setOverride({ id: 'rlor_1', limit: 1, durationMs: 3000 });
  call(memory, service, ask(), 0);
  expect(memory.denial(ask(), 1000)).toMatchObject({ reset: oClock + 3000 });
  expect(memory.denial(ask(), 2000)).toBeUndefined();
});

test('a service that lost its counts is believed', () => {
  const service = counting(oClock);
  const memory = new DenialCache(10);
  call(memory, service, ask({ cost: 10 }), 0);
  service.restart();
  expect(call(memory, service, ask(), 5001)).toMatchObject({ success: true, remaining: 9 });
  expect(call(memory, service, ask(), 5002)).toMatchObject({ success: true, remaining: 8 });
});

test('memory is bounded, and what was heard of last stays', () => {
  const service = counting(oClock);
  const memory = new DenialCache(3);
  for (let user = 0; user < 100; user++)
    call(memory, service, ask({ identifier: `user_${user}`, limit: 1000 }), 0);
  expect(memory.size).toBe(3);
  expect(memory.known(ask({ identifier: 'user_99' }))).toBeDefined();
  expect(memory.known(ask({ identifier: 'user_96' }))).toBeUndefined();
});

test('an answer without a date teaches nothing', () => {
  const memory = new DenialCache(3);
  const service = counting(oClock);
  memory.learn(ask(), service.answer(ask(), 0), { sentAt: 0, date: Number.NaN }, undefined);
  expect(memory.size).toBe(0);
});

interface Step {
  /** After the step before. */
  readonly afterMs: number;
  readonly who: 'us' | 'others';
  readonly cost: number;
  readonly limit: number;
  /** Until the service decides, and from there until its answer is here. */
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
  /** What happens, and what follows from it. */
  happen(): Event[];
}

test('whatever is denied without a request, the service would have denied', () => {
  let remembered = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 10, maxLength: 80 }),
      fc.integer({ min: oClock, max: oClock + minute }),
      fc.constantFrom(5000, 20_000, minute),
      (steps, startedAt, durationMs) => {
        const service = counting(startedAt);
        const memory = new DenialCache(10);
        let now = 0;
        let pending = steps.map(({ afterMs, who, cost, limit, upMs, downMs }): Event => {
          now += afterMs;
          const sentAt = now;
          const asked = ask({ cost, limit, durationMs });
          if (who === 'us') return { at: sentAt, happen: () => send(asked, sentAt, { upMs, downMs }) };
          const takeElsewhere = () => {
            service.answer(asked, sentAt);
            return [];
          };
          return { at: sentAt, happen: takeElsewhere };
        });

        function send(
          asked: LimitParams,
          sentAt: number,
          { upMs, downMs }: Pick<Step, 'upMs' | 'downMs'>,
        ): Event[] {
          const denial = memory.denial(asked, sentAt);
          if (denial) {
            remembered++;
            expect(service.answer(asked, sentAt, false)).toMatchObject({
              success: false,
              limit: denial.limit,
            });
            return [];
          }
          const known = memory.known(asked);
          const decide = (): Event[] => {
            const answer = service.answer(asked, sentAt + upMs);
            const date = service.date(sentAt + upMs);
            const arrive = () => {
              memory.learn(asked, answer, { sentAt, date }, known);
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
  expect(remembered).toBeGreaterThan(1000);
});
