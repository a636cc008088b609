import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../../../tests/any-text.ts';
import { createBatchText } from './batch-text.ts';
import { batchOf, exampleRatelimit, exampleVerification } from './example-events.ts';
import type { EventBatch, UsageEvent } from './port.ts';

const at = 1_700_000_000_000;
const texts = anyText({ maxLength: 20 });
const numbers = fc.nat(Number.MAX_SAFE_INTEGER);
const microseconds = fc.nat(60_000_000);
const shared = {
  at: fc.integer({ min: at, max: at + 59_999 }),
  latencyMs: microseconds.map((count) => count / 1000),
  trace: fc.option(fc.constant({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) })),
};
const identities = fc.option(fc.constantFrom('id_1', 'id_2'));

const verifications = fc
  .record({
    ...shared,
    keyId: fc.constantFrom('key_1', 'key_2', 'key_3'),
    identityId: identities,
    externalId: fc.option(texts),
    outcome: fc.constantFrom('VALID', 'RATE_LIMITED'),
    tags: fc.array(texts, { maxLength: 3 }),
    spentCredits: numbers,
  })
  .map((changes) => exampleVerification(changes));
const ratelimits = fc
  .record({
    ...shared,
    namespaceId: fc.constantFrom('rlns_1', 'rlns_2'),
    identifier: texts,
    passed: fc.boolean(),
    limit: numbers,
    remaining: numbers,
    cost: numbers,
    overrideId: fc.option(fc.constant('rlor_1')),
  })
  .map((changes) => exampleRatelimit(changes));

const traceFrom = ([traceId, spanId]: unknown[]) => (traceId === undefined ? null : { traceId, spanId });

/** The events of a batch, as its description says how to read them. */
function eventsOf(batch: EventBatch): unknown[] {
  const subjects: unknown[][] = JSON.parse(batch.subjects);
  const verificationRows: number[][] = JSON.parse(batch.verifications);
  const ratelimitRows: number[][] = JSON.parse(batch.ratelimits);
  return [
    ...verificationRows.map(
      ([place = -1, after = 0, requestId, outcome, tags, spentCredits, latency = 0, ...traceIds]) => {
        const [workspaceId, apiId, keyId, identityId, externalId] = subjects[place] ?? [];
        const ids = { requestId, workspaceId, apiId, keyId, identityId, externalId };
        const rest = { outcome, tags, spentCredits, latencyMs: latency / 1000, trace: traceFrom(traceIds) };
        return { type: 'verification', at: batch.at + after, ...ids, ...rest };
      },
    ),
    ...ratelimitRows.map(
      ([
        place = -1,
        after = 0,
        requestId,
        identifier,
        passed,
        limit,
        remaining,
        cost,
        overrideId,
        latency = 0,
        ...traceIds
      ]) => {
        const [workspaceId, namespaceId] = subjects[place] ?? [];
        const ids = { requestId, workspaceId, namespaceId, identifier, overrideId };
        const rest = {
          passed: passed === 1,
          limit,
          remaining,
          cost,
          latencyMs: latency / 1000,
          trace: traceFrom(traceIds),
        };
        return { type: 'ratelimit', at: batch.at + after, ...ids, ...rest };
      },
    ),
  ];
}

test('a batch is read as it was written, for any events', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(verifications, ratelimits), { minLength: 1, maxLength: 30 }), (events) => {
      const isOf = (type: UsageEvent['type']) => (event: UsageEvent) => event.type === type;
      const batch = batchOf(events);
      expect(batch.count).toBe(events.length);
      expect(eventsOf(batch)).toEqual([
        ...events.filter(isOf('verification')),
        ...events.filter(isOf('ratelimit')),
      ]);
    }),
    { seed: 1 },
  );
});

test('common members of events are written once', () => {
  const events = [exampleVerification(), exampleRatelimit(), exampleVerification(), exampleRatelimit()];
  expect(JSON.parse(batchOf(events).subjects)).toHaveLength(2);
});

test('a batch holds nothing of the one before', () => {
  const text = createBatchText();
  const [first, second] = [1, 2].map((number) => [
    exampleVerification({ keyId: 'key_1', at: at + number }),
    exampleRatelimit({ namespaceId: 'rlns_1', at: at + number }),
  ]);
  for (const events of [first, second, first]) {
    for (const event of events ?? []) text.add(event);
    expect(eventsOf(text.flush())).toEqual(events);
  }
});
