import { PerformanceObserver } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** `memory` runs a garbage collection first; `pauses` observes the collector from its first use on. */
export type Wanted = 'cpu' | 'memory' | 'pauses';

/** Usage that a process reports. */
export interface Usage {
  /** CPU time of all threads since the start, from the operating system. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  /** Heap and external memory in use. */
  readonly heapBytes: number;
  /** Longest pause of the garbage collector since the last `pauses` request. */
  readonly longestPauseMs: number;
}

// Loaded before the program: responds to its parent over IPC and ends with it.
if (isMainThread) {
  let longestPauseMs = 0;
  let observer: PerformanceObserver | null = null;
  process.on('message', (wanted: Wanted) => {
    if (wanted === 'pauses' && observer === null) {
      observer = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longestPauseMs = Math.max(longestPauseMs, duration);
      });
      observer.observe({ entryTypes: ['gc'] });
    }
    const { user, system } = process.cpuUsage();
    const residentBytes = process.memoryUsage.rss();
    if (wanted === 'memory') globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    const usage: Usage = {
      cpuMicroseconds: user + system,
      residentBytes,
      heapBytes: heapUsed + external,
      longestPauseMs,
    };
    process.send?.(usage);
    if (wanted === 'pauses') longestPauseMs = 0;
  });
  process.on('disconnect', () => process.exit());
  process.channel?.unref();
}
