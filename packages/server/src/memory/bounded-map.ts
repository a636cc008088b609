import { ShardedMap } from './sharded-map.ts';

/** An entry of a bounded map; the map owns the last two members. */
export interface Entry {
  readonly key: string;
  slot: number;
  isReferenced: boolean;
}

/** Limits the search for an entry to evict: it must never scan a million entries. */
const maxScan = 1000;

/** Entries compared to find one to evict, where entries have a value. */
const sampleSize = 16;

/**
 * Fixed-capacity map with CLOCK (second-chance) eviction: a hit only sets a flag, so it costs the same for a million
 * entries as for few. With `isLessValuable`, the least valuable of some random entries is evicted instead.
 */
export class BoundedMap<Value extends Entry> {
  readonly maxSize: number;
  readonly #byKey: ShardedMap<Value>;
  readonly #slots: Value[] = [];
  readonly #isLessValuable: ((one: Value, other: Value) => boolean) | undefined;
  #hand = 0;

  constructor(maxSize: number, isLessValuable?: (one: Value, other: Value) => boolean) {
    this.maxSize = maxSize;
    this.#isLessValuable = isLessValuable;
    this.#byKey = new ShardedMap(maxSize);
  }

  get size(): number {
    return this.#slots.length;
  }

  get(key: string): Value | undefined {
    const entry = this.#byKey.get(key);
    if (entry !== undefined && !entry.isReferenced) entry.isReferenced = true;
    return entry;
  }

  /** Adds an entry whose key is not in the map. Returns the entry that was evicted for it, if the map was full. */
  add(entry: Value): Value | undefined {
    const evicted = this.#slots.length < this.maxSize ? undefined : this.#victim();
    if (evicted !== undefined) this.#byKey.delete(evicted.key);
    entry.slot = evicted?.slot ?? this.#slots.length;
    this.#slots[entry.slot] = entry;
    this.#byKey.set(entry.key, entry);
    return evicted;
  }

  delete(entry: Value): void {
    this.#byKey.delete(entry.key);
    const last = this.#slots.pop();
    if (last === undefined || last === entry) return;
    last.slot = entry.slot;
    this.#slots[entry.slot] = last;
  }

  clear(): void {
    this.#byKey.clear();
    this.#slots.length = 0;
  }

  /** Checks the next `count` entries of the clock and deletes those that `isExpired`. */
  sweep(count: number, isExpired: (entry: Value) => boolean): void {
    for (let checks = Math.min(count, this.#slots.length); checks > 0; checks--) {
      const entry = this.#advance();
      if (entry !== undefined && isExpired(entry)) this.delete(entry);
    }
  }

  #victim(): Value | undefined {
    return this.#isLessValuable === undefined
      ? this.#unreferenced()
      : this.#leastValuable(this.#isLessValuable);
  }

  #leastValuable(isLessValuable: (one: Value, other: Value) => boolean): Value | undefined {
    let least: Value | undefined;
    for (let count = 0; count < sampleSize; count++) {
      const entry = this.#slots[Math.floor(Math.random() * this.#slots.length)];
      if (entry !== undefined && (least === undefined || isLessValuable(entry, least))) least = entry;
    }
    return least;
  }

  /** The next entry without the referenced flag; clears the flags that it passes. */
  #unreferenced(): Value | undefined {
    let entry = this.#advance();
    for (let scanned = 1; scanned < maxScan && entry?.isReferenced; scanned++) {
      entry.isReferenced = false;
      entry = this.#advance();
    }
    return entry;
  }

  #advance(): Value | undefined {
    if (this.#hand >= this.#slots.length) this.#hand = 0;
    return this.#slots[this.#hand++];
  }
}
