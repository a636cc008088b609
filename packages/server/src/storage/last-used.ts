import { ShardedMap } from '../memory/sharded-map.ts';
import type { Storage } from './port/storage.ts';

/** Times of the last verification of keys: buffered in memory, written in batches. */
export interface LastUsed {
  mark(keyId: string, at: number): void;
  /** The later of the buffered time and `stored`. */
  latest(keyId: string, stored: number | null): number | null;
  flush(): Promise<void>;
  /** Keys whose times are not written yet. */
  pending(): number;
}

/**
 * A transaction blocks spends of the same keys, and on SQLite every other write: a larger batch blocks longer and saves
 * nothing.
 */
const batchSize = 100;

/** Bounds the number of keys: during a long outage of the database the times of others are lost. */
const usualMaxSize = 1_000_000;

export function lastUsedBuffer(storage: Storage, maxSize = usualMaxSize): LastUsed {
  let pending = new ShardedMap<number>(maxSize);
  /** Times that are being written, or could not be written: older than the pending ones. */
  let writing = new ShardedMap<number>(maxSize);

  const markUsed = (usedAt: ReadonlyMap<string, number>) =>
    storage.write((store) => store.keys.markUsed(usedAt), 'unordered');

  const write = async (): Promise<void> => {
    for (const batch of batchesOf(writing)) {
      for (const one of await markUsed(batch)) await markUsed(new Map([one]));
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
    pending: () => pending.size + writing.size,
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
