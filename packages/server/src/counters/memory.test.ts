import { expect, test } from 'vitest';
import { countersConformance } from './conformance/counters-conformance.ts';
import { memoryCounters } from './memory.ts';
import { type IdempotencyBounds, memoryIdempotency } from './memory-idempotency.ts';

countersConformance('counters in memory', async () => memoryCounters());

const minute = 60_000;
const now = 1_700_000_040_000; // starts a minute

function check(counter: string, durationMs = minute) {
  return { counter, limit: 10, durationMs, cost: 1 };
}

test('counters that weigh nothing any more are dropped, the others stay', () => {
  const counters = memoryCounters();
  counters.consume('ws', [check('minute'), check('hour', 60 * minute)], now);
  expect(counters.size()).toBe(2);
  counters.sweep(now + 2 * minute - 1);
  expect(counters.size()).toBe(2);
  counters.sweep(now + 2 * minute);
  expect(counters.size()).toBe(1);
  counters.sweep(now + 120 * minute);
  expect(counters.size()).toBe(0);
});

test('memory does not grow with the identifiers that came and went', () => {
  const counters = memoryCounters();
  for (let index = 0; index < 20_000; index++) {
    counters.consume('ws', [check(`visitor ${index}`, 1000)], now + index * 100);
  }
  // A sweep every thirty seconds leaves those of about that time.
  expect(counters.size()).toBeLessThan(400);
});

test('a sweep looks at some counters only, and the next ones at the others', () => {
  const counters = memoryCounters();
  for (let index = 0; index < 5000; index++) counters.consume('ws', [check(`visitor ${index}`)], now);
  counters.sweep(now + 2 * minute);
  expect(counters.size()).toBeGreaterThan(2000);
  for (let sweeps = 0; sweeps < 4; sweeps++) counters.sweep(now + 2 * minute);
  expect(counters.size()).toBe(0);
});

test('of too many counters those in use stay exact', () => {
  const counters = memoryCounters(1000);
  const passed = Array.from({ length: 20_000 }, (_, index) => {
    counters.consume('ws', [check(`visitor ${index}`)], now);
    return index % 500 === 0 ? counters.consume('ws', [check('in use')], now) : null;
  }).filter((outcome) => outcome !== null);
  expect(passed.filter((outcome) => 'passed' in outcome && outcome.passed)).toHaveLength(10);
  expect(counters.size()).toBe(1000);
});

test('what is refused or free takes no memory', () => {
  const counters = memoryCounters();
  counters.consume('ws', [{ ...check('refused'), cost: 11 }], now);
  counters.consume('ws', [{ ...check('free'), cost: 0 }], now);
  counters.consume('ws', [check('passes'), { ...check('refused'), cost: 11 }], now);
  expect(counters.size()).toBe(0);
});

test('answers that have expired are dropped with the counters', async () => {
  const counters = memoryCounters();
  await counters.claim('a', now);
  counters.complete('a', { fingerprint: 'f', response: 'x' }, now + minute);
  counters.consume('ws', [check('a')], now + minute - 1);
  expect(await counters.claim('a', now)).not.toBeNull();
  counters.consume('ws', [check('a')], now + 2 * minute);
  // An earlier clock would still have seen it.
  expect(await counters.claim('a', now)).toBeNull();
});

test('answers do not pile up over the minutes', async () => {
  const answers = memoryIdempotency();
  for (let second = 0; second < 600; second++) {
    const at = now + second * 1000;
    await answers.claim(`call ${second}`, at);
    answers.complete(`call ${second}`, { fingerprint: 'f', response: 'x' }, at + minute);
  }
  expect(answers.size()).toBe(60);
});

test('beyond a number of answers, or of their characters, the oldest are forgotten', async () => {
  const remembered = (bounds: IdempotencyBounds, texts: readonly string[]) => {
    const answers = memoryIdempotency(bounds);
    for (const [index, response] of texts.entries()) {
      answers.complete(`call ${index}`, { fingerprint: 'f', response }, now + minute);
    }
    return answers;
  };
  const few = remembered({ records: 2, characters: 100 }, ['a', 'b', 'c']);
  expect(few.size()).toBe(2);
  expect(await few.claim('call 0', now)).toBeNull();
  expect((await few.claim('call 2', now))?.response).toBe('c');

  const short = remembered({ records: 100, characters: 10 }, ['aaaa', 'bbbb', 'cccccc']);
  expect(short.size()).toBe(2);
  expect(await short.claim('call 0', now)).toBeNull();
  short.complete('call 1', { fingerprint: 'f', response: 'b' }, now + minute);
  short.complete('call 3', { fingerprint: 'f', response: 'ddd' }, now + minute);
  expect(short.size()).toBe(3);
  short.complete('call 4', { fingerprint: 'f', response: 'e'.repeat(11) }, now + minute);
  expect(short.size()).toBe(0);
});

test('a closed one has forgotten everything', async () => {
  const counters = memoryCounters();
  counters.consume('ws', [check('a')], now);
  await counters.close();
  expect(counters.size()).toBe(0);
});
