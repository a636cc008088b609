import { PerformanceObserver } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** `memory` collects garbage first; `pauses` observes the collector from the first time on. */
export type Wanted = 'cpu' | 'memory' | 'pauses';

/** What a process tells about itself. */
export interface Usage {
  /** Of all its threads since its start, from the operating system. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  /** What the heap holds, and what lies outside of it for its sake. */
  readonly heapBytes: number;
  /** The longest that the collector stopped the process since `pauses` was asked for the last time. */
  readonly longestPauseMs: number;
}

// Loaded before the program: answers its parent over IPC, and ends with it.
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
