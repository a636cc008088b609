import type { Calls, ListId } from '../generated/components.ts';
import type { UnkeyCore } from './core.ts';
import type { RequestOptions } from './options.ts';
import { type APICall, APIPromise, type PageIterator, type Paginator, type Result } from './results.ts';

/** Request of an operation. */
export type RequestOf<Id extends keyof Calls> = Calls[Id]['request'];

/** One page, as the methods and functions of lists return it. */
export interface PageOf<Id extends ListId> {
  result: Calls[Id]['response'];
}

type CallFunction<Id extends keyof Calls> = (
  client: UnkeyCore,
  request: RequestOf<Id>,
  options?: RequestOptions,
) => APIPromise<Result<Calls[Id]['response'], Error>>;

type ResultPage<Id extends ListId> = PageIterator<Result<PageOf<Id>, Error>, { cursor: string }>;

type ListFunction<Id extends ListId> = (
  client: UnkeyCore,
  request: RequestOf<Id>,
  options?: RequestOptions,
) => APIPromise<ResultPage<Id>>;

/** A function that calls an operation. It never rejects. */
export function callFunction<Id extends keyof Calls>(id: Id): CallFunction<Id> {
  return (client, request, options) => new APIPromise(client.call(id, request, options));
}

/** A function that reads a list. It never rejects. */
export function listFunction<Id extends ListId>(id: Id): ListFunction<Id> {
  return (client, request, options) => {
    const load = async (cursor?: string): Promise<[ResultPage<Id>, APICall]> => {
      const [result, call] = await client.call(id, cursor ? { ...request, cursor } : request, options);
      if (!result.ok) return [pageIterator<Result<PageOf<Id>, Error>>(result, () => null), call];
      // Some services write an empty list as null.
      const body = { ...result.value, data: result.value.data ?? [] };
      const nextCursor = body.pagination?.cursor?.trim();
      const next = () => (nextCursor ? new APIPromise(load(nextCursor)) : null);
      const page = pageIterator<Result<PageOf<Id>, Error>>({ ok: true, value: { result: body } }, next);
      return [nextCursor ? { ...page, '~next': { cursor: nextCursor } } : page, call];
    };
    return new APIPromise(load());
  };
}

/** The first page of a list whose pages reject, as methods return it. */
export async function unwrapPages<Id extends ListId>(
  first: Promise<ResultPage<Id>>,
): Promise<PageIterator<PageOf<Id>, { cursor: string }>> {
  return unwrapPage<Id>(await first);
}

function unwrapPage<Id extends ListId>(
  page: Result<PageOf<Id>, Error> & { next: Paginator<Result<PageOf<Id>, Error>> },
): PageIterator<PageOf<Id>, { cursor: string }> {
  if (!page.ok) throw page.error;
  const { '~next': state } = page as { '~next'?: { cursor: string } };
  const next = () => page.next()?.then((following) => unwrapPage<Id>(following)) ?? null;
  return { ...pageIterator(page.value, next), '~next': state };
}

function pageIterator<Value extends object>(
  value: Value,
  next: Paginator<Value>,
): PageIterator<Value, never> {
  const page = { ...value, next };
  return {
    ...page,
    async *[Symbol.asyncIterator]() {
      for (
        let current: (Value & { next: Paginator<Value> }) | null = page;
        current;
        current = await current.next()
      ) {
        yield current;
      }
    },
  };
}
