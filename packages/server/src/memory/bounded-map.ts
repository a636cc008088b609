import { ShardedMap } from './sharded-map.ts';

/** What a bounded map needs of its entries; the last two members are its own. */
export interface Entry {
  readonly key: string;
  place: number;
  isUsed: boolean;
}

/** How far the search for an entry to give up goes: never through all of a million. */
const maxLooks = 1000;

/**
 * At most `maxSize` entries by their keys. A new one replaces one that was not asked for since a hand, going round,
 * passed it last. Asking moves nothing, so it costs the same for a million entries as for few.
 */
export class BoundedMap<Kept extends Entry> {
  readonly maxSize: number;
  readonly #byKey: ShardedMap<Kept>;
  readonly #ring: Kept[] = [];
  #hand = 0;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
    this.#byKey = new ShardedMap(maxSize);
  }

  get size(): number {
    return this.#ring.length;
  }

  get(key: string): Kept | undefined {
    const entry = this.#byKey.get(key);
    if (entry !== undefined && !entry.isUsed) entry.isUsed = true;
    return entry;
  }

  /** Of a key that is not there yet. Answers the entry that had to go. */
  add(entry: Kept): Kept | undefined {
    const evicted = this.#ring.length < this.maxSize ? undefined : this.#unused();
    if (evicted !== undefined) this.#byKey.delete(evicted.key);
    entry.place = evicted?.place ?? this.#ring.length;
    this.#ring[entry.place] = entry;
    this.#byKey.set(entry.key, entry);
    return evicted;
  }

  delete(entry: Kept): void {
    this.#byKey.delete(entry.key);
    const last = this.#ring.pop();
    if (last === undefined || last === entry) return;
    last.place = entry.place;
    this.#ring[entry.place] = last;
  }

  clear(): void {
    this.#byKey.clear();
    this.#ring.length = 0;
  }

  /** Deletes those of the next `count` entries, going round, that are to go. */
  sweep(count: number, isToGo: (entry: Kept) => boolean): void {
    for (let looks = Math.min(count, this.#ring.length); looks > 0; looks--) {
      const entry = this.#next();
      if (entry !== undefined && isToGo(entry)) this.delete(entry);
    }
  }

  #unused(): Kept | undefined {
    let entry = this.#next();
    for (let looks = 1; looks < maxLooks && entry?.isUsed; looks++) {
      entry.isUsed = false;
      entry = this.#next();
    }
    return entry;
  }

  #next(): Kept | undefined {
    if (this.#hand >= this.#ring.length) this.#hand = 0;
    return this.#ring[this.#hand++];
  }
}
