import { ShardedMap } from '../memory/sharded-map.ts';
import type { Storage } from './port/storage.ts';

/** When keys were last verified: kept in memory, written in batches. */
export interface LastUsed {
  mark(keyId: string, at: number): void;
  /** The later of what is remembered and what is stored. */
  latest(keyId: string, stored: number | null): number | null;
  flush(): Promise<void>;
}

/**
 * A transaction of them holds up spends of the same keys, and with SQLite everything else: a larger one takes longer
 * and saves nothing.
 */
const batchSize = 100;

/** Of so many keys at most: while the database is away for long, the times of others are lost. */
const usualMaxSize = 1_000_000;

export function lastUsedBuffer(storage: Storage, maxSize = usualMaxSize): LastUsed {
  let pending = new ShardedMap<number>(maxSize);
  /** What is being written, or could not be: earlier than what is pending. */
  let writing = new ShardedMap<number>(maxSize);

  const write = async (): Promise<void> => {
    for (const batch of batchesOf(writing)) {
      await storage.write((store) => store.keys.markUsed(batch), 'unordered');
    }
    writing.clear();
  };

  return {
    mark(keyId, at) {
      if (pending.size < maxSize || pending.get(keyId) !== undefined) pending.set(keyId, at);
    },
    latest(keyId, stored) {
      return pending.get(keyId) ?? writing.get(keyId) ?? stored;
    },
    async flush() {
      await write();
      [pending, writing] = [writing, pending];
      await write();
    },
  };
}

function* batchesOf(usedAt: ShardedMap<number>): Generator<ReadonlyMap<string, number>> {
  let batch = new Map<string, number>();
  for (const [keyId, at] of usedAt) {
    batch.set(keyId, at);
    if (batch.size < batchSize) continue;
    yield batch;
    batch = new Map();
  }
  if (batch.size > 0) yield batch;
}
