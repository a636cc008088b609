import type { Registry } from 'prom-client';
import { eventLoopDelay, watchEventLoop } from '../base/event-loop.ts';
import { registerGauge, registerTotal } from './register-metric.ts';

/**
 * The process metrics of prom-client, under the same names. Its own collector runs garbage collection hooks all the time;
 * these cost something only when they are read, except for the timer that samples the event loop.
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
  registerEventLoopMetrics(registers);
}

function registerEventLoopMetrics(registers: Registry[]): void {
  watchEventLoop();
  const span = 'in the last complete minute and the current one';
  registerGauge(
    registers,
    'nodejs_eventloop_lag_seconds',
    `Mean delay of the event loop ${span}.`,
    () => eventLoopDelay().meanMs / 1000,
  );
  registerGauge(
    registers,
    'nodejs_eventloop_lag_max_seconds',
    `Longest stall of the event loop ${span}.`,
    () => eventLoopDelay().longestMs / 1000,
  );
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function processStart(): number {
  return Math.round(performance.timeOrigin / 1000);
}
