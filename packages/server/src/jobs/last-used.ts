import type { Storage } from '../storage/port/storage.ts';

/** When keys were last verified: kept in memory, written in batches. */
export interface LastUsed {
  mark(keyId: string, at: number): void;
  /** The later of what is remembered and what is stored. */
  latest(keyId: string, stored: number | null): number | null;
  flush(): Promise<void>;
}

export function lastUsedBuffer(storage: Storage): LastUsed {
  let pending = new Map<string, number>();
  let writing: ReadonlyMap<string, number> = new Map();

  return {
    mark(keyId, at) {
      pending.set(keyId, at);
    },
    latest(keyId, stored) {
      return pending.get(keyId) ?? writing.get(keyId) ?? stored;
    },
    async flush() {
      if (pending.size === 0) return;
      writing = pending;
      pending = new Map();
      try {
        await storage.write((store) => store.keys.markUsed(writing), 'unordered');
      } catch (error) {
        pending = new Map([...writing, ...pending]);
        throw error;
      } finally {
        writing = new Map();
      }
    },
  };
}
