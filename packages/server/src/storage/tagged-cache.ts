import { BoundedMap, type Entry } from '../memory/bounded-map.ts';
import { ShardedMap } from '../memory/sharded-map.ts';

export interface CacheEntry<Value> {
  readonly value: Value;
  /** When the lookup began, by `performance.now()`: the value was current then. */
  readonly at: number;
}

interface TaggedEntry<Value> extends CacheEntry<Value>, Entry {
  readonly tags: readonly Tag[];
}

/** Shared by all entries that have it. Invalidation marks the tag; it does not visit the entries, however many there are. */
interface Tag {
  readonly name: string;
  entries: number;
  isDropped: boolean;
}

/** Bounded cache with tag invalidation and CLOCK (second-chance) eviction. */
export class TaggedCache<Value> {
  readonly #entries: BoundedMap<TaggedEntry<Value>>;
  /** The tags of entries, without dropped ones. */
  readonly #tags: ShardedMap<Tag>;
  hits = 0;
  misses = 0;

  constructor(maxSize: number) {
    this.#entries = new BoundedMap(maxSize);
    this.#tags = new ShardedMap(maxSize);
  }

  get maxSize(): number {
    return this.#entries.maxSize;
  }

  /** Counts dropped entries, too, until they are evicted or set again. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): CacheEntry<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || isDropped(entry.tags)) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    return entry;
  }

  set(key: string, { value, at }: CacheEntry<Value>, tags: readonly string[]): void {
    this.delete(key);
    const held = tags.map((name) => this.#hold(name));
    const evicted = this.#entries.add({ key, value, at, tags: held, slot: 0, isReferenced: false });
    if (evicted !== undefined) this.#release(evicted.tags);
  }

  /** Invalidates all entries with this tag. */
  drop(name: string): void {
    const tag = this.#tags.get(name);
    if (tag === undefined) return;
    tag.isDropped = true;
    this.#tags.delete(name);
  }

  clear(): void {
    this.#entries.clear();
    this.#tags.clear();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(entry);
    this.#release(entry.tags);
  }

  #hold(name: string): Tag {
    let tag = this.#tags.get(name);
    if (tag === undefined) {
      tag = { name, entries: 0, isDropped: false };
      this.#tags.set(name, tag);
    }
    tag.entries++;
    return tag;
  }

  #release(tags: readonly Tag[]): void {
    for (const tag of tags) {
      tag.entries--;
      if (tag.entries === 0 && !tag.isDropped) this.#tags.delete(tag.name);
    }
  }
}

function isDropped(tags: readonly Tag[]): boolean {
  for (const tag of tags) if (tag.isDropped) return true;
  return false;
}
