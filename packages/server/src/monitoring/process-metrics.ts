import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { registerGauge, registerTotal } from './register-metric.ts';

/**
 * The process metrics of prom-client, under the same names. Its own collector runs garbage collection hooks and a timer
 * all the time; these cost something only when they are read.
 */
export function registerProcessMetrics(registers: Registry[]): void {
  registerTotal(registers, 'process_cpu_seconds_total', 'User and system CPU time in seconds.', cpuSeconds);
  registerGauge(registers, 'process_start_time_seconds', 'Unix time of the start in seconds.', processStart);
  registerGauge(
    registers,
    'process_resident_memory_bytes',
    'Resident memory in bytes.',
    process.memoryUsage.rss,
  );
  registerGauge(
    registers,
    'nodejs_heap_size_used_bytes',
    'Used heap in bytes.',
    () => process.memoryUsage().heapUsed,
  );
  registerGauge(
    registers,
    'nodejs_heap_size_total_bytes',
    'Total heap in bytes.',
    () => process.memoryUsage().heapTotal,
  );
  registerGauge(
    registers,
    'nodejs_eventloop_lag_seconds',
    'Time until the next turn of the event loop.',
    eventLoopLag,
  );
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function processStart(): number {
  return Math.round(performance.timeOrigin / 1000);
}

async function eventLoopLag(): Promise<number> {
  const start = performance.now();
  await nextTurn();
  return (performance.now() - start) / 1000;
}
