/** Growing a map copies it: no map of these gets larger than about this, so that a copy takes a moment only. */
const entriesPerShard = 4096;

/** A map by text for up to about `expectedSize` entries that never makes a long pause, as one large map does. */
export class ShardedMap<Value> {
  /** Made when they are needed. */
  readonly #shards: (Map<string, Value> | undefined)[];
  #size = 0;

  constructor(expectedSize: number) {
    const shards = Math.max(1, Math.ceil(expectedSize / entriesPerShard));
    this.#shards = new Array<undefined>(shards).fill(undefined);
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#shards[this.#shardOf(key)]?.get(key);
  }

  set(key: string, value: Value): void {
    const index = this.#shardOf(key);
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
    if (this.#shards[this.#shardOf(key)]?.delete(key)) this.#size--;
  }

  clear(): void {
    this.#shards.fill(undefined);
    this.#size = 0;
  }

  *[Symbol.iterator](): Generator<[string, Value]> {
    for (const shard of this.#shards) if (shard !== undefined) yield* shard;
  }

  #shardOf(key: string): number {
    return hashOf(key) % this.#shards.length;
  }
}

/** Of the last characters, in which keys differ. */
const hashedCharacters = 24;

export function hashOf(key: string): number {
  let hash = key.length;
  const end = Math.max(0, key.length - hashedCharacters);
  for (let index = key.length - 1; index >= end; index--) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}
