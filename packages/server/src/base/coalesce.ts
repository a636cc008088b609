interface Queued<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Coalesces calls by key: runs at once if the key is idle, otherwise queues and runs the queue as one batch, in order. */
export class Coalescer<Item, Result> {
  readonly #runBatch: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Has an entry for each key with a batch in flight. */
  readonly #queues = new Map<string, Queued<Item, Result>[]>();

  /** `runBatch` resolves to one result for each item, in the order of the items. */
  constructor(runBatch: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#runBatch = runBatch;
  }

  run(key: string, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const call = { item, resolve, reject };
      const queue = this.#queues.get(key);
      if (queue) queue.push(call);
      else void this.#drain(key, [call]);
    });
  }

  async #drain(key: string, first: readonly Queued<Item, Result>[]): Promise<void> {
    for (let batch = first; batch.length > 0; batch = this.#queues.get(key) ?? []) {
      this.#queues.set(key, []);
      await this.#settle(batch);
    }
    this.#queues.delete(key);
  }

  async #settle(batch: readonly Queued<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#runBatch(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error('A batch must have one result for each item.');
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
