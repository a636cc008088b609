import { describe, expect, test } from 'vitest';
import { countersConformance } from './conformance/counters-conformance.ts';
import { idempotencySharesConformance } from './conformance/idempotency-shares-conformance.ts';
import { type MemoryCounters, memoryCounters } from './memory.ts';
import { memoryIdempotency } from './memory-idempotency.ts';
import { IdempotencyShareError } from './port.ts';

countersConformance('counters in memory', async () => memoryCounters());
idempotencySharesConformance('counters in memory', async (bounds) => memoryCounters(1000, bounds));

const minute = 60_000;
const now = 1_700_000_040_000; // starts a minute

function check(counter: string, durationMs = minute) {
  return { counter, limit: 10, durationMs, cost: 1 };
}

test('expired counters are dropped, the others remain', () => {
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

test('above the capacity, counters in use stay exact', () => {
  const counters = memoryCounters(1000);
  const passed = Array.from({ length: 20_000 }, (_, index) => {
    counters.consume('ws', [check(`visitor ${index}`)], now);
    return index % 500 === 0 ? counters.consume('ws', [check('in use')], now) : null;
  }).filter((outcome) => outcome !== null);
  expect(passed.filter((outcome) => 'passed' in outcome && outcome.passed)).toHaveLength(10);
  expect(counters.size()).toBe(1000);
});

test('refused checks and checks of cost 0 use no memory', () => {
  const counters = memoryCounters();
  counters.consume('ws', [{ ...check('refused'), cost: 11 }], now);
  counters.consume('ws', [{ ...check('free'), cost: 0 }], now);
  counters.consume('ws', [check('passes'), { ...check('refused'), cost: 11 }], now);
  expect(counters.size()).toBe(0);
});

test('expired records are dropped with the counters', async () => {
  const counters = memoryCounters();
  await counters.claim('a', now);
  counters.complete('a', { fingerprint: 'f', response: 'x' }, now + minute);
  counters.consume('ws', [check('a')], now + minute - 1);
  expect(await counters.claim('a', now)).not.toBeNull();
  counters.consume('ws', [check('a')], now + 2 * minute);
  // An earlier clock would still have seen it.
  expect(await counters.claim('a', now)).toBeNull();
});

test('records do not accumulate over minutes', async () => {
  const records = memoryIdempotency();
  for (let second = 0; second < 600; second++) {
    const at = now + second * 1000;
    await records.claim(`call ${second}`, at);
    records.complete(`call ${second}`, { fingerprint: 'f', response: 'x' }, at + minute);
  }
  expect(records.size()).toBe(60);
});

const daily = 24 * 60 * minute;
const inNamespace = (workspaceId: string, namespaceId: string, identifier: string) => ({
  ...check(`namespace\0${workspaceId}\0${namespaceId}\0${identifier}\0${daily}`, daily),
});

test('identifiers of another workspace do not push out an exhausted counter', () => {
  const counters = memoryCounters(1999);
  const exhausted = inNamespace('small', 'ns', 'user');
  for (let call = 0; call < 10; call++) counters.consume('small', [exhausted], now);
  for (let index = 0; index < 20_000; index++) {
    counters.consume('large', [inNamespace('large', `ns ${index % 500}`, `${index}`)], now);
  }
  expect(counters.size()).toBe(1999);
  expect(counters.consume('small', [exhausted], now)).toMatchObject({ passed: false });
  expect(counters.stats()).toMatchObject({ size: 1999, maxSize: 1999, evicted: 18_002 });
});

test('identifiers of another namespace do not push out an exhausted counter', () => {
  const counters = memoryCounters(1999);
  const exhausted = inNamespace('ws', 'small', 'user');
  for (let call = 0; call < 10; call++) counters.consume('ws', [exhausted], now);
  for (let index = 0; index < 20_000; index++) {
    counters.consume('ws', [inNamespace('ws', 'large', `${index}`)], now);
  }
  expect(counters.consume('ws', [exhausted], now)).toMatchObject({ passed: false });
});

describe.each(['namespace', 'workspace'])('of two %ss', (kind) => {
  const consume = (
    counters: MemoryCounters,
    [group, identifier]: [string, string],
    durationMs = daily,
    at = now,
  ) => {
    const [workspace, namespace] = kind === 'workspace' ? [group, 'ns'] : ['ws', group];
    const counter = `namespace\0${workspace}\0${namespace}\0${identifier}`;
    return counters.consume(workspace, [check(counter, durationMs)], at);
  };

  test('one that was large is small once its counters have expired', () => {
    const counters = memoryCounters(1000);
    consume(counters, ['another', 'kept']);
    for (const at of [now, now + minute])
      for (let index = 0; index < 900; index++) consume(counters, ['was large', `${index}`], 1000, at);
    const later = now + 2 * minute;
    for (let call = 0; call < 10; call++) consume(counters, ['was large', 'exhausted'], daily, later);
    for (let index = 0; index < 5000; index++) consume(counters, ['large', `${index}`], daily, later);
    expect(consume(counters, ['was large', 'exhausted'], daily, later)).toMatchObject({ passed: false });
  });

  test('each keeps its exhausted counter when both have more than fits', () => {
    const counters = memoryCounters(1000);
    for (const group of ['first', 'second']) {
      for (let call = 0; call < 10; call++) consume(counters, [group, 'exhausted']);
      for (let index = 0; index < 5000; index++) consume(counters, [group, `${index}`]);
    }
    expect(consume(counters, ['first', 'exhausted'])).toMatchObject({ passed: false });
    expect(consume(counters, ['second', 'exhausted'])).toMatchObject({ passed: false });
  });
});

test('of one namespace, counters with a low count and a short window go first', () => {
  const counters = memoryCounters(1999);
  const exhausted = inNamespace('ws', 'ns', 'user');
  for (let call = 0; call < 10; call++) counters.consume('ws', [exhausted], now);
  for (let index = 0; index < 20_000; index++) {
    counters.consume('ws', [inNamespace('ws', 'ns', `${index}`)], now);
  }
  expect(counters.consume('ws', [exhausted], now)).toMatchObject({ passed: false });
});

test('a counter that has expired is not counted as evicted', () => {
  const counters = memoryCounters(100);
  for (let index = 0; index < 1000; index++) {
    counters.consume('ws', [check(`visitor ${index}`, 1000)], now + index * 10_000);
  }
  expect(counters.stats().evicted).toBe(0);
});

test('claims that are refused are counted', async () => {
  const counters = memoryCounters(1, { records: 2, characters: 10 });
  expect(await counters.claim('ws 1', now)).toBeNull();
  await expect(counters.claim('ws 2', now)).rejects.toThrow(IdempotencyShareError);
  expect(counters.stats()).toMatchObject({ refusedClaims: 1 });
});

test('a closed one has forgotten everything', async () => {
  const counters = memoryCounters();
  counters.consume('ws', [check('a')], now);
  await counters.close();
  expect(counters.size()).toBe(0);
});
