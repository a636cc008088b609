/** A bounded memory of values by key, each droppable by any of its tags. The least recently used goes first. */
export class TaggedCache<Value> {
  readonly #maxSize: number;
  readonly #entries = new Map<string, { readonly value: Value; readonly tags: readonly string[] }>();
  readonly #keysByTag = new Map<string, Set<string>>();
  hits = 0;
  misses = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    // Re-inserting moves the entry to the young end.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, tags: readonly string[]): void {
    this.delete(key);
    if (this.#entries.size >= this.#maxSize) this.#removeOldest();
    this.#entries.set(key, { value, tags });
    for (const tag of tags) {
      const keys = this.#keysByTag.get(tag);
      if (keys) keys.add(key);
      else this.#keysByTag.set(tag, new Set([key]));
    }
  }

  drop(tag: string): void {
    for (const key of this.#keysByTag.get(tag) ?? []) this.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#keysByTag.clear();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const tag of entry.tags) {
      const keys = this.#keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysByTag.delete(tag);
    }
  }

  #removeOldest(): void {
    for (const key of this.#entries.keys()) {
      this.delete(key);
      return;
    }
  }
}
