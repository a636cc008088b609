import { type ApiResponse, Call } from './call.ts';
import { ConfigurationError, ResponseValidationError } from './errors.ts';
import type { PageBody, Pagination } from './response-body.ts';

/** Requests a page: the first one without a cursor. */
export type LoadPage<Item> = (cursor?: string) => Call<PageBody<Item>>;

/** One page of a list. */
export class Page<Item> implements PageBody<Item> {
  declare readonly meta: PageBody<Item>['meta'];
  /** The items of this page. */
  declare readonly data: Item[];
  declare readonly pagination: Pagination;
  readonly #load: LoadPage<Item>;
  // Brent's cycle detection over the cursors of a list: constant memory, cycles of any length.
  /** Pages read after the first one. */
  readonly #steps: number;
  /** The cursor at the last step that was a power of two. A cycle reaches it again. */
  readonly #savedCursor: string | undefined;

  constructor(body: PageBody<Item>, load: LoadPage<Item>, steps = 0, savedCursor?: string) {
    // Members that this version does not know, too, except those with the names of methods.
    const members = Object.entries(body).filter(([name]) => !(name in this));
    // Some services write an empty list as null.
    Object.assign(this, Object.fromEntries(members), { data: body.data ?? [] });
    if (!Array.isArray(this.data)) throw new ResponseValidationError('The response has no list.');
    this.#load = load;
    this.#steps = steps;
    this.#savedCursor = savedCursor;
  }

  /** Whether there is another page. */
  get hasMore(): boolean {
    return this.pagination?.hasMore ?? false;
  }

  /** Requests the next page with the same options; null after the last page. */
  async next(): Promise<Page<Item> | null> {
    if (!this.hasMore) return null;
    const { cursor } = this.pagination;
    const steps = this.#steps;
    if (!cursor || cursor === this.#savedCursor) {
      throw new ResponseValidationError(`The cursor of the list is ${cursor ? 'repeated' : 'missing'}.`);
    }
    const isPowerOfTwo = (steps & (steps - 1)) === 0;
    const savedCursor = isPowerOfTwo ? cursor : this.#savedCursor;
    return new Page(await this.#load(cursor), this.#load, steps + 1, savedCursor);
  }

  /** This page, under the name that it has in `@unkey/api`. */
  get result(): this {
    return this;
  }

  /** This page and all following pages. */
  async *pages(): AsyncGenerator<Page<Item>, void, undefined> {
    for (let page: Page<Item> | null = this; page; page = await page.next()) yield page;
  }

  /** The items of this page and of all following pages. A page is requested when its first item is needed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }
}

/** A call of a list: a promise of its first page, and an async iterable of all its items. */
export class ListCall<Item, Code extends string = string> extends Call<Page<Item>, Code> {
  constructor(load: LoadPage<Item>) {
    super(loadFirst(load));
  }

  /** All pages, including the first one. */
  async *pages(): AsyncGenerator<Page<Item>, void, undefined> {
    yield* (await this).pages();
  }

  /** All items of all pages. A page is requested when its first item is needed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    yield* await this;
  }

  /** The items of all pages, at most `max`. Default: all of them. */
  async toArray({ max = Infinity }: { max?: number | undefined } = {}): Promise<Item[]> {
    if (!(max >= 0)) throw new ConfigurationError(`Invalid max ${max}: expected a number of items.`);
    const items: Item[] = [];
    for await (const item of this) {
      if (items.push(item) >= max) break;
    }
    return items.slice(0, max);
  }
}

async function loadFirst<Item>(load: LoadPage<Item>): Promise<ApiResponse<Page<Item>>> {
  const call = load();
  const { response: info, ...body } = await call.withResponse();
  return { value: new Page(body, load), response: await call.asResponse(), info };
}
