import { expect, test } from 'vitest';
import { changeLag } from './change-lag.ts';
import { createMetrics } from './metrics.ts';

function setUp() {
  const events = { buffered: 3, written: 40, dropped: 5 };
  const keyCache = { hits: 7, misses: 2, size: 1, maxSize: 1000 };
  return {
    metrics: createMetrics({ events: () => events, keyCache: () => keyCache, counters: null, changes: null }),
    events,
  };
}

test('requests are counted by operation and outcome', async () => {
  const { metrics } = setUp();
  metrics.observe('keys.verifyKey', 'VALID', 0.0004);
  metrics.observe('keys.verifyKey', 'VALID', 0.002);
  metrics.observe('keys.verifyKey', 'EXPIRED', 0.002);
  metrics.observe('apis.createApi', '2xx', 0.002);
  const text = await metrics.text();
  expect(text).toContain('unkey_requests_total{operation="keys.verifyKey",outcome="VALID"} 2\n');
  expect(text).toContain('unkey_requests_total{operation="keys.verifyKey",outcome="EXPIRED"} 1\n');
  expect(text).toContain('unkey_requests_total{operation="apis.createApi",outcome="2xx"} 1\n');
});

test('durations are counted by operation', async () => {
  const { metrics } = setUp();
  metrics.observe('keys.verifyKey', 'VALID', 0.0004);
  metrics.observe('keys.verifyKey', 'EXPIRED', 0.002);
  const text = await metrics.text();
  expect(text).toContain('unkey_request_duration_seconds_bucket{le="0.0005",operation="keys.verifyKey"} 1\n');
  expect(text).toContain('unkey_request_duration_seconds_bucket{le="0.0025",operation="keys.verifyKey"} 2\n');
  expect(text).toContain('unkey_request_duration_seconds_count{operation="keys.verifyKey"} 2\n');
});

test('events and the key cache are read afresh each time', async () => {
  const { metrics, events } = setUp();
  await metrics.text();
  events.written = 41;
  const text = await metrics.text();
  for (const line of [
    'unkey_events_written_total 41',
    'unkey_events_dropped_total 5',
    'unkey_events_buffered 3',
    'unkey_key_cache_hits_total 7',
    'unkey_key_cache_misses_total 2',
    'unkey_key_cache_size 1',
    'unkey_key_cache_max_size 1000',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
});

test('the database shows its size, its pools and what waits; an unknown size has no series', async () => {
  const stats = { waitingWrites: 3, databaseBytes: null as number | null, logBytes: 5 };
  const pools = [{ name: 'spends', size: 2, maxSize: 4, inUse: 1, waiting: 7 }];
  const metrics = createMetrics({
    events: () => ({ buffered: 0, written: 0, dropped: 0 }),
    keyCache: () => ({ hits: 0, misses: 0, size: 0, maxSize: 1 }),
    counters: null,
    changes: null,
    storage: () => ({ ...stats, pools }),
  });
  expect(await metrics.text()).not.toMatch(/^unkey_database_bytes/m);
  stats.databaseBytes = 1000;
  const text = await metrics.text();
  for (const line of [
    'unkey_waiting_writes 3',
    'unkey_database_bytes 1000',
    'unkey_database_log_bytes 5',
    'unkey_postgres_connections{pool="spends"} 2',
    'unkey_postgres_connections_max{pool="spends"} 4',
    'unkey_postgres_connections_in_use{pool="spends"} 1',
    'unkey_postgres_waiting{pool="spends"} 7',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
});

test('a background job shows its rows and those still due; unknown values have no series', async () => {
  const unknown = { dueRows: null, lastSuccessAt: null, lastDurationMs: null };
  const metrics = createMetrics({
    events: () => ({ buffered: 0, written: 0, dropped: 0 }),
    keyCache: () => ({ hits: 0, misses: 0, size: 0, maxSize: 1 }),
    counters: null,
    changes: null,
    jobs: () => [
      {
        name: 'refill',
        isRunning: true,
        rows: 40,
        failures: 1,
        dueRows: 7,
        lastSuccessAt: 9000,
        lastDurationMs: 250,
      },
      { name: 'last_used', isRunning: false, rows: 0, failures: 0, ...unknown },
    ],
  });
  const text = await metrics.text();
  for (const line of [
    'unkey_job_rows_total{name="refill"} 40',
    'unkey_job_failures_total{name="refill"} 1',
    'unkey_job_running{name="refill"} 1',
    'unkey_job_running{name="last_used"} 0',
    'unkey_job_due_rows{name="refill"} 7',
    'unkey_job_last_success_timestamp_seconds{name="refill"} 9',
    'unkey_job_last_duration_seconds{name="refill"} 0.25',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(text).not.toContain('unkey_job_due_rows{name="last_used"}');
});

test('the process is described', async () => {
  const { metrics } = setUp();
  expect(await metrics.text()).toMatch(/\nprocess_resident_memory_bytes \d{6,}\n/);
  expect(metrics.contentType).toMatch(/^text\/plain; version=/);
});

test('two servers in one process keep their own numbers', async () => {
  const first = setUp().metrics;
  const second = setUp().metrics;
  first.observe('keys.verifyKey', 'VALID', 0.1);
  expect(await second.text()).not.toContain('operation="keys.verifyKey"');
});

test('an open circuit of the shared counters shows, with its decisions', async () => {
  const status = { circuit: 'open', mode: 'allow', fallbackDecisions: 12, processes: 3 } as const;
  const sources = {
    events: () => ({ buffered: 0, written: 0, dropped: 0 }),
    counters: () => status,
    changes: null,
  };
  const metrics = createMetrics({
    ...sources,
    keyCache: () => ({ hits: 0, misses: 0, size: 0, maxSize: 1 }),
    counterMemory: () => ({ size: 5, maxSize: 9, evicted: 2, refusedClaims: 4 }),
  });
  for (const line of [
    'unkey_memory_counters_size 5',
    'unkey_memory_counters_max_size 9',
    'unkey_memory_counters_evicted_total 2',
    'unkey_memory_idempotency_refused_total 4',
    'unkey_counters_up 0',
    'unkey_counters_processes 3',
    'unkey_counters_fallback_decisions_total{mode="allow"} 12',
    'unkey_counters_outage_decisions_total{mode="allow"} 12',
  ]) {
    expect(await metrics.text()).toContain(`${line}\n`);
  }
  expect(await setUp().metrics.text()).not.toContain('unkey_counters');
});

test('the storage thread shows what waits for it', async () => {
  const metrics = createMetrics({
    events: () => ({ buffered: 0, written: 0, dropped: 0 }),
    keyCache: () => ({ hits: 0, misses: 0, size: 0, maxSize: 1 }),
    threadQueue: () => ({ waitingCalls: 7, restarts: 2, lag: { meanMs: 5, longestMs: 250 } }),
    counters: null,
    changes: null,
  });
  for (const line of [
    'unkey_storage_thread_waiting_calls 7',
    'unkey_storage_thread_restarts_total 2',
    'unkey_storage_thread_lag_seconds 0.005',
    'unkey_storage_thread_lag_max_seconds 0.25',
  ]) {
    expect(await metrics.text()).toContain(`${line}\n`);
  }
  expect(await setUp().metrics.text()).not.toContain('unkey_storage_thread');
});

test('the way of changes between processes shows, with how long they took', async () => {
  const lag = changeLag();
  lag.observe(0.003);
  const metrics = createMetrics({
    events: () => ({ buffered: 0, written: 0, dropped: 0 }),
    keyCache: () => ({ hits: 0, misses: 0, size: 0, maxSize: 1 }),
    counters: null,
    changes: { isChannelUp: () => false, lag },
  });
  const text = await metrics.text();
  expect(text).toContain('unkey_change_channel_up 0\n');
  expect(text).toContain('unkey_change_lag_seconds_bucket{le="0.0025"} 0\n');
  expect(text).toContain('unkey_change_lag_seconds_bucket{le="0.005"} 1\n');
  expect(await setUp().metrics.text()).not.toContain('unkey_change');
});
