import { randomFillSync } from 'node:crypto';

/** A Map that grows copies its table: no shard grows much larger than this, so that a copy is short. */
const entriesPerShard = 4096;
/** `shardOf` tells apart at most this many shards. */
const maxShards = 65_536;

/** A map of up to about `expectedSize` texts that never makes the long pauses of one large Map. */
export class ShardedMap<Value> {
  /** Created when first needed. */
  readonly #shards: (Map<string, Value> | undefined)[];
  #size = 0;

  constructor(expectedSize: number) {
    const count = Math.min(maxShards, Math.max(1, Math.ceil(expectedSize / entriesPerShard)));
    this.#shards = new Array<undefined>(count).fill(undefined);
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#shards[shardOf(key, this.#shards.length)]?.get(key);
  }

  set(key: string, value: Value): void {
    const index = shardOf(key, this.#shards.length);
    let shard = this.#shards[index];
    if (shard === undefined) {
      shard = new Map();
      this.#shards[index] = shard;
    }
    this.#size -= shard.size;
    shard.set(key, value);
    this.#size += shard.size;
  }

  delete(key: string): void {
    if (this.#shards[shardOf(key, this.#shards.length)]?.delete(key)) this.#size--;
  }

  clear(): void {
    this.#shards.fill(undefined);
    this.#size = 0;
  }

  *[Symbol.iterator](): Generator<[string, Value]> {
    for (const shard of this.#shards) if (shard !== undefined) yield* shard;
  }
}

/** A power of two, longer than any key of ours. */
const multiplierCount = 2048;
const multipliers = randomFillSync(new Int32Array(multiplierCount));

/**
 * Multilinear hash: the sum of all characters, each times a secret random number of its position. Whatever keys a caller
 * chooses, two of them collide in the upper 16 bits with a probability of about 2^-16.
 */
export function shardOf(key: string, shards: number): number {
  if (shards === 1) return 0;
  let hash = 0;
  for (let index = 0; index < key.length; index++) {
    // One is added so that a trailing U+0000 counts.
    hash =
      (hash + Math.imul(multipliers[index & (multiplierCount - 1)] as number, key.charCodeAt(index) + 1)) | 0;
  }
  return Math.imul(hash >>> 16, shards) >>> 16;
}
