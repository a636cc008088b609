import type { PageAnswer, Pagination } from './answer.ts';
import { Call, type Delivery } from './call.ts';
import { ConfigurationError, ResponseValidationError } from './errors.ts';

/** Asks for a page: the first one without a cursor. */
export type LoadPage<Item> = (cursor?: string) => Call<PageAnswer<Item>>;

/** How far a list has been read: enough to notice a circle of any length, and no more for a longer list. */
interface Walk {
  /** Pages after the first one. */
  readonly steps: number;
  /** The cursor at a step that is a power of two: it comes again if the list goes in circles. */
  readonly milestone?: string | undefined;
}

/** One page of a list. */
export class Page<Item> implements PageAnswer<Item> {
  readonly meta: PageAnswer<Item>['meta'];
  /** The items of this page. */
  readonly data: Item[];
  readonly pagination: Pagination;
  readonly #load: LoadPage<Item>;
  readonly #walk: Walk;

  constructor(answer: PageAnswer<Item>, load: LoadPage<Item>, walk: Walk = { steps: 0 }) {
    // What this version does not know, but for names that would take the place of its own.
    const others = Object.entries(answer).filter(([name]) => !(name in this));
    Object.assign(this, Object.fromEntries(others));
    this.meta = answer.meta;
    // Some services write an empty list as null.
    this.data = answer.data ?? [];
    this.pagination = answer.pagination;
    this.#load = load;
    this.#walk = walk;
  }

  /** Whether there is another page. */
  get hasMore(): boolean {
    return this.pagination?.hasMore ?? false;
  }

  /** The page after this one, asked for in the same way; null after the last. */
  async next(): Promise<Page<Item> | null> {
    if (!this.hasMore) return null;
    const { cursor } = this.pagination;
    const { steps, milestone } = this.#walk;
    if (!cursor || cursor === milestone) {
      throw new ResponseValidationError(
        `The list has more, and its cursor ${cursor ? 'came before: it goes in circles' : 'is missing'}. What was read so far may be incomplete.`,
      );
    }
    const isMilestone = (steps & (steps - 1)) === 0;
    const walk = { steps: steps + 1, milestone: isMilestone ? cursor : milestone };
    return new Page(await this.#load(cursor), this.#load, walk);
  }

  /** This page, as code for `@unkey/api` expects it. */
  get result(): this {
    return this;
  }

  /** This page and all after it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Page<Item>, void, undefined> {
    for (let page: Page<Item> | null = this; page; page = await page.next()) yield page;
  }
}

/** A list that is being read: a promise of its first page, and an iterable of all its items. */
export class ListCall<Item> extends Call<Page<Item>> {
  constructor(load: LoadPage<Item>) {
    super(loadFirst(load));
  }

  /** Every page, the first one included. */
  async *pages(): AsyncGenerator<Page<Item>, void, undefined> {
    yield* await this;
  }

  /** Every item of every page; further pages are asked for when they are needed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }

  /** The items of all pages, at most `max`. */
  async toArray({ max = Number.POSITIVE_INFINITY }: { max?: number | undefined } = {}): Promise<Item[]> {
    if (!(max >= 0)) throw new ConfigurationError(`max is ${max}: give a number of items.`);
    const items: Item[] = [];
    for await (const page of this.pages()) {
      for (const item of page.data.slice(0, max - items.length)) items.push(item);
      if (items.length >= max) break;
    }
    return items;
  }
}

async function loadFirst<Item>(load: LoadPage<Item>): Promise<Delivery<Page<Item>>> {
  const { response, ...answer } = await load().withResponse();
  return { value: new Page(answer, load), response };
}
