import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEventBuffer, type EventBufferOptions } from './buffer.ts';
import { exampleVerification } from './example-events.ts';
import type { EventBatch, EventSink } from './port.ts';

interface PendingBatch {
  batch: EventBatch;
  succeed(): void;
  fail(): void;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

// A writer whose batches stay under way until the test settles them.
function setUp(options: Partial<EventBufferOptions> = {}) {
  const pending: PendingBatch[] = [];
  const lines: string[] = [];
  const events = createEventBuffer({
    writer: {
      write: (batch) =>
        new Promise((succeed, reject) => {
          pending.push({ batch, succeed, fail: () => reject(new Error('disk full')) });
        }),
    },
    log: {
      error: () => void lines.push('error'),
      info: () => void lines.push('info'),
    },
    ...options,
  });
  return { events, pending, lines };
}

function record(events: EventSink, count: number): void {
  for (let index = 0; index < count; index++)
    events.record(exampleVerification({ requestId: `req_${index}` }));
}

async function settle(batch: PendingBatch | undefined, how: 'succeed' | 'fail' = 'succeed'): Promise<void> {
  batch?.[how]();
  await vi.advanceTimersByTimeAsync(0);
}

test('a lone event is written after the interval', async () => {
  const { events, pending } = setUp();
  record(events, 1);
  await vi.advanceTimersByTimeAsync(499);
  expect(pending).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(pending.map(({ batch }) => batch.count)).toEqual([1]);
});

test('a full batch is written at once, in the order of recording', () => {
  const { events, pending } = setUp();
  record(events, 1000);
  expect(pending).toHaveLength(1);
  const rows: unknown[][] = JSON.parse(pending[0]?.batch.verifications ?? '');
  expect(rows.map(([, , requestId]) => requestId)).toEqual(
    Array.from({ length: 1000 }, (_, index) => `req_${index}`),
  );
});

test('a batch of a million bytes is full', () => {
  const { events, pending } = setUp();
  const tags = Array.from({ length: 20 }, () => '\u0001'.repeat(512));
  for (let index = 0; index < 17; index++) {
    expect(pending).toEqual([]);
    events.record(exampleVerification({ tags }));
  }
  expect(pending.map(({ batch }) => batch.count)).toEqual([17]);
});

test('one batch is written at a time, and the next full one follows it', async () => {
  const { events, pending } = setUp();
  record(events, 2500);
  await vi.advanceTimersByTimeAsync(5000);
  expect(pending).toHaveLength(1);
  await settle(pending[0]);
  expect(pending.map(({ batch }) => batch.count)).toEqual([1000, 1000]);
  await settle(pending[1]);
  expect(pending).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(500);
  expect(pending.map(({ batch }) => batch.count)).toEqual([1000, 1000, 500]);
});

test('a batch spans less than a minute, also when the clock jumps', async () => {
  const { events, pending } = setUp();
  for (const at of [60_000, 119_999, 120_000, 119_999]) events.record(exampleVerification({ at }));
  for (let batch = 0; batch < 3; batch++) await settle(pending[batch]);
  await vi.advanceTimersByTimeAsync(500);
  expect(pending.map(({ batch }) => [batch.at, batch.count])).toEqual([
    [60_000, 2],
    [120_000, 1],
    [119_999, 1],
  ]);
});

test('a full buffer drops new events and counts them', async () => {
  const { events, pending } = setUp({ capacity: 1500 });
  record(events, 2000);
  expect(events.stats()).toEqual({ buffered: 1500, written: 0, dropped: 500 });
  await settle(pending[0]);
  record(events, 1);
  expect(events.stats()).toEqual({ buffered: 501, written: 1000, dropped: 500 });
});

test('flush waits for earlier events, and not for later ones', async () => {
  const { events, pending } = setUp();
  record(events, 1500);
  let isFlushed = false;
  const flushed = events.flush().then(() => {
    isFlushed = true;
  });
  await settle(pending[0]);
  expect(isFlushed).toBe(false);
  record(events, 1);
  await settle(pending[1]);
  await flushed;
  expect(events.stats()).toEqual({ buffered: 1, written: 1500, dropped: 0 });
});

test('a failed batch counts as dropped, and an outage is logged once', async () => {
  const { events, pending, lines } = setUp();
  record(events, 4000);
  await settle(pending[0], 'fail');
  await settle(pending[1], 'fail');
  await settle(pending[2]);
  await settle(pending[3], 'fail');
  expect(events.stats()).toEqual({ buffered: 0, written: 1000, dropped: 3000 });
  expect(lines).toEqual(['error', 'info', 'error']);
});

test('close writes the buffer, and drops later events', async () => {
  const { events, pending } = setUp();
  record(events, 3);
  const closed = events.close();
  record(events, 1);
  await settle(pending[0]);
  await closed;
  expect(events.stats()).toEqual({ buffered: 0, written: 3, dropped: 1 });
});
