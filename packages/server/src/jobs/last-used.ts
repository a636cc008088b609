import type { Storage } from '../storage/port/storage.ts';

/** When keys were last verified: kept in memory, written in batches. */
export interface LastUsed {
  mark(keyId: string, at: number): void;
  /** The later of what is remembered and what is stored. */
  latest(keyId: string, stored: number | null): number | null;
  flush(): Promise<void>;
}

/** A key whose time is being written waits with its spends until the transaction ends: it must be a short one. */
const batchSize = 500;

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
        for (const batch of batchesOf(writing)) {
          await storage.write((store) => store.keys.markUsed(batch), 'unordered');
        }
      } catch (error) {
        pending = new Map([...writing, ...pending]);
        throw error;
      } finally {
        writing = new Map();
      }
    },
  };
}

function batchesOf(usedAt: ReadonlyMap<string, number>): ReadonlyMap<string, number>[] {
  const entries = [...usedAt];
  const batches: ReadonlyMap<string, number>[] = [];
  for (let start = 0; start < entries.length; start += batchSize) {
    batches.push(new Map(entries.slice(start, start + batchSize)));
  }
  return batches;
}
