import { hashOf, ShardedMap } from './sharded-map.ts';

/** What a bounded map needs of its entries; the last two members are its own. */
export interface Entry {
  readonly key: string;
  slot: number;
  isReferenced: boolean;
}

/** How far the search for an entry to give up goes: never through all of a million. */
const maxLooks = 1000;

/** How many of those asked for last are found without the map. A power of two. */
const recentPlaces = 4096;

/**
 * At most `maxSize` entries by their keys. A new one replaces one that was not asked for since a hand, going round,
 * passed it last. Asking moves nothing, so it costs the same for a million entries as for few.
 */
export class BoundedMap<Kept extends Entry> {
  readonly maxSize: number;
  readonly #byKey: ShardedMap<Kept>;
  readonly #ring: Kept[] = [];
  /** By hash. The map's tables lie so far apart that a look into them costs a microsecond when there are a million. */
  readonly #recent = new Array<Kept | undefined>(recentPlaces).fill(undefined);
  #hand = 0;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
    this.#byKey = new ShardedMap(maxSize);
  }

  get size(): number {
    return this.#ring.length;
  }

  get(key: string): Kept | undefined {
    const place = recentPlaceOf(key);
    const recent = this.#recent[place];
    const entry = recent?.key === key ? recent : this.#byKey.get(key);
    if (entry === undefined) return undefined;
    if (entry !== recent) this.#recent[place] = entry;
    if (!entry.isReferenced) entry.isReferenced = true;
    return entry;
  }

  /** Of a key that is not there yet. Answers the entry that had to go. */
  add(entry: Kept): Kept | undefined {
    const evicted = this.#ring.length < this.maxSize ? undefined : this.#unused();
    if (evicted !== undefined) this.#forget(evicted);
    entry.slot = evicted?.slot ?? this.#ring.length;
    this.#ring[entry.slot] = entry;
    this.#byKey.set(entry.key, entry);
    return evicted;
  }

  delete(entry: Kept): void {
    this.#forget(entry);
    const last = this.#ring.pop();
    if (last === undefined || last === entry) return;
    last.slot = entry.slot;
    this.#ring[entry.slot] = last;
  }

  clear(): void {
    this.#byKey.clear();
    this.#recent.fill(undefined);
    this.#ring.length = 0;
  }

  /** Deletes those of the next `count` entries, going round, that are to go. */
  sweep(count: number, isToGo: (entry: Kept) => boolean): void {
    for (let looks = Math.min(count, this.#ring.length); looks > 0; looks--) {
      const entry = this.#next();
      if (entry !== undefined && isToGo(entry)) this.delete(entry);
    }
  }

  #forget(entry: Kept): void {
    this.#byKey.delete(entry.key);
    const place = recentPlaceOf(entry.key);
    if (this.#recent[place] === entry) this.#recent[place] = undefined;
  }

  #unused(): Kept | undefined {
    let entry = this.#next();
    for (let looks = 1; looks < maxLooks && entry?.isReferenced; looks++) {
      entry.isReferenced = false;
      entry = this.#next();
    }
    return entry;
  }

  #next(): Kept | undefined {
    if (this.#hand >= this.#ring.length) this.#hand = 0;
    return this.#ring[this.#hand++];
  }
}

function recentPlaceOf(key: string): number {
  return hashOf(key) % recentPlaces;
}
