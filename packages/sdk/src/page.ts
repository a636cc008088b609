import { type ApiResponse, Call } from './call.ts';
import { ConfigurationError, ResponseValidationError } from './errors.ts';
import type { PageBody, Pagination } from './response-body.ts';

/** Requests a page: the first one without a cursor. */
export type LoadPage<Item> = (cursor?: string) => Call<PageBody<Item>>;

/** State of Brent's cycle detection over the cursors of a list: constant memory, cycles of any length. */
interface CycleDetection {
  /** Pages read after the first one. */
  readonly steps: number;
  /** The cursor at the last step that was a power of two. A cycle reaches it again. */
  readonly savedCursor?: string | undefined;
}

/** One page of a list. */
export class Page<Item> implements PageBody<Item> {
  readonly meta: PageBody<Item>['meta'];
  /** The items of this page. */
  readonly data: Item[];
  readonly pagination: Pagination;
  readonly #load: LoadPage<Item>;
  readonly #detection: CycleDetection;

  constructor(body: PageBody<Item>, load: LoadPage<Item>, detection: CycleDetection = { steps: 0 }) {
    // Members that this version does not know, except those with the names of its own.
    const others = Object.entries(body).filter(([name]) => !(name in this));
    Object.assign(this, Object.fromEntries(others));
    this.meta = body.meta;
    // Some services write an empty list as null.
    this.data = body.data ?? [];
    if (!Array.isArray(this.data)) throw new ResponseValidationError('The response has no list.');
    this.pagination = body.pagination;
    this.#load = load;
    this.#detection = detection;
  }

  /** Whether there is another page. */
  get hasMore(): boolean {
    return this.pagination?.hasMore ?? false;
  }

  /** Requests the next page with the same options; null after the last page. */
  async next(): Promise<Page<Item> | null> {
    if (!this.hasMore) return null;
    const { cursor } = this.pagination;
    const { steps, savedCursor } = this.#detection;
    if (!cursor || cursor === savedCursor) {
      const reason = cursor ? 'is repeated: the list has a cycle' : 'is missing';
      throw new ResponseValidationError(
        `The list has more pages, but its cursor ${reason}. The items read so far may be incomplete.`,
      );
    }
    const isPowerOfTwo = (steps & (steps - 1)) === 0;
    const detection = { steps: steps + 1, savedCursor: isPowerOfTwo ? cursor : savedCursor };
    return new Page(await this.#load(cursor), this.#load, detection);
  }

  /** This page, under the name that it has in `@unkey/api`. */
  get result(): this {
    return this;
  }

  /** This page and all following pages. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Page<Item>, void, undefined> {
    for (let page: Page<Item> | null = this; page; page = await page.next()) yield page;
  }
}

/** A call of a list: a promise of its first page, and an async iterable of all its items. */
export class ListCall<Item> extends Call<Page<Item>> {
  constructor(load: LoadPage<Item>) {
    super(loadFirst(load));
  }

  /** All pages, including the first one. */
  async *pages(): AsyncGenerator<Page<Item>, void, undefined> {
    yield* await this;
  }

  /** All items of all pages. A page is requested when its first item is needed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }

  /** The items of all pages, at most `max`. Default: all of them. */
  async toArray({ max = Number.POSITIVE_INFINITY }: { max?: number | undefined } = {}): Promise<Item[]> {
    if (!(max >= 0)) throw new ConfigurationError(`Invalid max ${max}: expected a number of items.`);
    const items: Item[] = [];
    for await (const page of this.pages()) {
      for (const item of page.data.slice(0, max - items.length)) items.push(item);
      if (items.length >= max) break;
    }
    return items;
  }
}

async function loadFirst<Item>(load: LoadPage<Item>): Promise<ApiResponse<Page<Item>>> {
  const { response, ...body } = await load().withResponse();
  return { value: new Page(body, load), response };
}
