import { expect, test } from 'vitest';
import { countersConformance } from './conformance/counters-conformance.ts';
import { memoryCounters } from './memory.ts';

countersConformance('counters in memory', async () => memoryCounters());

const minute = 60_000;
const now = 1_700_000_040_000; // starts a minute

function take(counter: string, durationMs = minute) {
  return { counter, limit: 10, durationMs, cost: 1 };
}

test('counters that weigh nothing any more are dropped, the others stay', () => {
  const counters = memoryCounters();
  counters.take([take('minute'), take('hour', 60 * minute)], now);
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
    counters.take([take(`visitor ${index}`, 1000)], now + index * 100);
  }
  // A sweep every thirty seconds leaves those of about that time.
  expect(counters.size()).toBeLessThan(400);
});

test('what is refused or free takes no memory', () => {
  const counters = memoryCounters();
  counters.take([{ ...take('refused'), cost: 11 }], now);
  counters.take([{ ...take('free'), cost: 0 }], now);
  counters.take([take('passes'), { ...take('refused'), cost: 11 }], now);
  expect(counters.size()).toBe(0);
});

test('a closed one has forgotten everything', async () => {
  const counters = memoryCounters();
  counters.take([take('a')], now);
  await counters.close();
  expect(counters.size()).toBe(0);
});
