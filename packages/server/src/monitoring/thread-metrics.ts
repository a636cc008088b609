import type { Registry } from 'prom-client';
import type { EventLoopDelay } from '../base/event-loop.ts';
import { registerGauge, registerTotal } from './register-metric.ts';

/** What waits for the storage thread. */
export interface ThreadQueue {
  readonly waitingCalls: number;
  readonly restarts: number;
  readonly lag: EventLoopDelay;
}

export function registerThreadMetrics(registers: Registry[], queue: () => ThreadQueue): void {
  registerGauge(
    registers,
    'unkey_storage_thread_waiting_calls',
    'Requests, spends and other calls that the storage thread has not answered yet.',
    () => queue().waitingCalls,
  );
  registerGauge(
    registers,
    'unkey_storage_thread_lag_seconds',
    'Mean delay of the event loop of the storage thread in the last complete minute and the current one.',
    () => queue().lag.meanMs / 1000,
  );
  registerGauge(
    registers,
    'unkey_storage_thread_lag_max_seconds',
    'Longest stall of the storage thread in the last complete minute and the current one: calls waited for it.',
    () => queue().lag.longestMs / 1000,
  );
  registerTotal(
    registers,
    'unkey_storage_thread_restarts_total',
    'Storage threads that died and were replaced.',
    () => queue().restarts,
  );
}
