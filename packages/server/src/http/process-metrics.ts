import { setImmediate as nextTurn } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * What prom-client names the same way. Its own collection comes with garbage collection hooks and a timer that run
 * all the time; these cost something only when they are read.
 */
export function registerProcessMetrics(registers: Registry[]): void {
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time in seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
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
    'Whole heap in bytes.',
    () => process.memoryUsage().heapTotal,
  );
  registerGauge(
    registers,
    'nodejs_eventloop_lag_seconds',
    'Time to the next turn of the event loop.',
    eventLoopLag,
  );
}

function registerGauge(
  registers: Registry[],
  name: string,
  help: string,
  read: () => number | Promise<number>,
): void {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      this.set(await read());
    },
  });
}

function processStart(): number {
  return Math.round(performance.timeOrigin / 1000);
}

async function eventLoopLag(): Promise<number> {
  const start = performance.now();
  await nextTurn();
  return (performance.now() - start) / 1000;
}
