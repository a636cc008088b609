import { isMainThread } from 'node:worker_threads';

/** What a process tells about itself. */
export interface Usage {
  /** Of all its threads since its start, from the operating system. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  /** What the heap holds after a collection; only for `memory`. */
  readonly heapBytes: number;
}

// Loaded with `--import` before the program: answers its parent over IPC, and ends with it.
if (isMainThread) {
  process.on('message', (wanted: 'cpu' | 'memory') => {
    const { user, system } = process.cpuUsage();
    const residentBytes = process.memoryUsage.rss();
    if (wanted === 'memory') globalThis.gc?.();
    const { heapUsed } = process.memoryUsage();
    process.send?.({ cpuMicroseconds: user + system, residentBytes, heapBytes: heapUsed } satisfies Usage);
  });
  process.on('disconnect', () => process.exit());
  process.channel?.unref();
}
