import { Counter, Registry } from 'prom-client';
import type { CounterMemoryStats, CountersStatus } from '../counters/port.ts';
import type { EventStats } from '../events/port.ts';
import type { JobStats } from '../jobs/port.ts';
import type { StorageStats } from '../storage/port/storage.ts';
import type { ChangeLag } from './change-lag.ts';
import { registerJobMetrics } from './job-metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { registerGauge, registerTotal } from './register-metric.ts';
import { type ObserveRequest, registerRequestMetrics } from './request-metrics.ts';
import { registerStorageMetrics } from './storage-metrics.ts';
import { registerThreadMetrics, type ThreadQueue } from './thread-metrics.ts';

export interface KeyCacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly size: number;
  readonly maxSize: number;
}

export interface Metrics {
  readonly observe: ObserveRequest;
  /** All metrics in the exposition format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Has its own registry; the callbacks are called when the metrics are read. */
export function createMetrics(sources: {
  events(): EventStats;
  keyCache(): KeyCacheStats;
  /** Default: there are none. */
  jobs?(): readonly JobStats[];
  /** Default: there are none. */
  storage?(): StorageStats;
  /** Default: there is no storage thread. */
  threadQueue?(): ThreadQueue;
  /** Default: there are none. */
  damagedSecrets?(): number;
  /** Null: they are in this process and have no outages. */
  readonly counters: (() => CountersStatus) | null;
  readonly counterMemory?: () => CounterMemoryStats;
  /** Notifications about commits of other processes; null: there are no other processes. */
  readonly changes: { readonly isChannelUp: () => boolean; readonly lag: ChangeLag } | null;
}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const observe = registerRequestMetrics(registry);
  registerEventMetrics(registers, sources.events);
  registerKeyCacheMetrics(registers, sources.keyCache);
  if (sources.counterMemory !== undefined) registerCounterMemoryMetrics(registers, sources.counterMemory);
  if (sources.counters !== null) registerCountersMetrics(registers, sources.counters);
  if (sources.changes !== null) {
    const { isChannelUp, lag } = sources.changes;
    const help = '1 if notifications about changes by other processes arrive, otherwise 0.';
    registerGauge(registers, 'unkey_change_channel_up', help, () => (isChannelUp() ? 1 : 0));
    lag.registerIn(registry);
  }
  registerJobMetrics(registers, () => sources.jobs?.() ?? []);
  if (sources.storage !== undefined) registerStorageMetrics(registers, sources.storage);
  if (sources.threadQueue !== undefined) registerThreadMetrics(registers, sources.threadQueue);
  registerTotal(
    registers,
    'unkey_damaged_secrets_total',
    'Stored secrets that did not decrypt when they were asked for: they are damaged or belong elsewhere.',
    () => sources.damagedSecrets?.() ?? 0,
  );
  registerProcessMetrics(registers);

  return { observe, text: () => registry.metrics(), contentType: registry.contentType };
}

function registerEventMetrics(registers: Registry[], events: () => EventStats): void {
  registerTotal(registers, 'unkey_events_written_total', 'Stored events.', () => events().written);
  registerTotal(registers, 'unkey_events_dropped_total', 'Dropped events.', () => events().dropped);
  registerGauge(registers, 'unkey_events_buffered', 'Events waiting to be stored.', () => events().buffered);
}

function registerKeyCacheMetrics(registers: Registry[], keyCache: () => KeyCacheStats): void {
  registerTotal(
    registers,
    'unkey_key_cache_hits_total',
    'Key lookups answered by the cache.',
    () => keyCache().hits,
  );
  registerTotal(
    registers,
    'unkey_key_cache_misses_total',
    'Key lookups that the cache could not answer.',
    () => keyCache().misses,
  );
  registerGauge(registers, 'unkey_key_cache_size', 'Keys in the cache.', () => keyCache().size);
  registerGauge(
    registers,
    'unkey_key_cache_max_size',
    'Maximum number of keys in the cache, from UNKEY_KEY_CACHE_SIZE.',
    () => keyCache().maxSize,
  );
}

function registerCounterMemoryMetrics(registers: Registry[], memory: () => CounterMemoryStats): void {
  registerGauge(
    registers,
    'unkey_memory_counters_size',
    'Rate limit counters in the memory of this process.',
    () => memory().size,
  );
  registerGauge(
    registers,
    'unkey_memory_counters_max_size',
    'Rate limit counters that the memory has room for.',
    () => memory().maxSize,
  );
  registerTotal(
    registers,
    'unkey_memory_counters_evicted_total',
    'Rate limit counters evicted from a full memory although they still counted: their limits count from zero.',
    () => memory().evicted,
  );
  registerTotal(
    registers,
    'unkey_memory_idempotency_refused_total',
    'Calls with an Idempotency-Key refused with 429 because their workspace has used its share of records.',
    () => memory().refusedClaims,
  );
}

/** The second name is that of 0.x releases, kept for one version. */
const fallbackMetrics = ['unkey_counters_fallback_decisions_total', 'unkey_counters_outage_decisions_total'];

function registerCountersMetrics(registers: Registry[], counters: () => CountersStatus): void {
  registerGauge(
    registers,
    'unkey_counters_up',
    'Whether the circuit to the shared counters is closed: 1, or 0 when it is open.',
    () => (counters().circuit === 'closed' ? 1 : 0),
  );
  registerGauge(
    registers,
    'unkey_counters_processes',
    'Processes that share the counters, by the last successful heartbeat.',
    () => counters().processes ?? 0,
  );
  for (const name of fallbackMetrics) {
    new Counter({
      name,
      help: 'Calls decided without the shared counters, by UNKEY_LIMITS_ON_OUTAGE.',
      labelNames: ['mode'],
      registers,
      collect() {
        const { mode, fallbackDecisions } = counters();
        this.reset();
        this.inc({ mode }, fallbackDecisions);
      },
    });
  }
}
