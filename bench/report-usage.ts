import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** `memory` runs a garbage collection first; `pauses` and `turns` observe from their first use on. */
export type Wanted = 'cpu' | 'memory' | 'pauses' | 'turns';

/** Usage that a process reports. */
export interface Usage {
  /** CPU time of all threads since the start, from the operating system. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  /** Heap and external memory in use. */
  readonly heapBytes: number;
  /** Longest pause of the garbage collector since the last `pauses` request. */
  readonly longestPauseMs: number;
  /**
   * Since the last `turns` request, the most CPU time that the main thread used before its event loop could turn. Other
   * programs on the machine do not count. Linux only.
   */
  readonly longestTurnMs: number;
}

function threadCpuMs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}

// Loaded before the program: responds to its parent over IPC and ends with it.
if (isMainThread) {
  let longestPauseMs = 0;
  let longestTurnMs = 0;
  let turns: NodeJS.Timeout | null = null;
  let observer: PerformanceObserver | null = null;
  process.on('message', (wanted: Wanted) => {
    if (wanted === 'pauses' && observer === null) {
      observer = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longestPauseMs = Math.max(longestPauseMs, duration);
      });
      observer.observe({ entryTypes: ['gc'] });
    }
    if (wanted === 'turns' && turns === null) {
      let last = threadCpuMs();
      turns = setInterval(() => {
        const now = threadCpuMs();
        longestTurnMs = Math.max(longestTurnMs, now - last);
        last = now;
      }, 1).unref();
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
      longestTurnMs,
    };
    process.send?.(usage);
    if (wanted === 'pauses') longestPauseMs = 0;
    if (wanted === 'turns') longestTurnMs = 0;
  });
  process.on('disconnect', () => process.exit());
  process.channel?.unref();
}
