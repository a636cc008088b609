interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does what is asked for under one name in common: at once when nothing of that name is under way; else together with
 * all that comes meanwhile, in the order of coming, as soon as it has ended.
 */
export class Gathering<Item, Result> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Has the names of which something is under way. */
  readonly #waiting = new Map<string, Waiting<Item, Result>[]>();

  /** `run` answers one result for each item. */
  constructor(run: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#run = run;
  }

  add(name: string, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const one = { item, resolve, reject };
      const waiting = this.#waiting.get(name);
      if (waiting) waiting.push(one);
      else void this.#runAll(name, [one]);
    });
  }

  async #runAll(name: string, first: readonly Waiting<Item, Result>[]): Promise<void> {
    for (let batch = first; batch.length > 0; batch = this.#waiting.get(name) ?? []) {
      this.#waiting.set(name, []);
      await this.#settle(batch);
    }
    this.#waiting.delete(name);
  }

  async #settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#run(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error('Not every item of a batch has a result.');
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
