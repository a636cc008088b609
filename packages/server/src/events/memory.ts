import type { EventSink, UsageEvent } from './port.ts';

export interface MemoryEvents extends EventSink {
  readonly recorded: readonly UsageEvent[];
}

/** Keeps every event, for tests. */
export function createMemoryEvents(): MemoryEvents {
  const recorded: UsageEvent[] = [];
  return {
    recorded,
    record: (event) => void recorded.push(event),
    flush: async () => {},
    close: async () => {},
    stats: () => ({ buffered: 0, written: recorded.length, dropped: 0 }),
  };
}
