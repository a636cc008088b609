import { type AbortSignalLike, type HeadersLike, platform } from '../platform.ts';
import type { SerializedResponse } from './refusal.ts';

/** The part of `Request` that is used. */
export interface RequestLike {
  readonly headers: HeadersLike;
  readonly signal?: AbortSignalLike | null;
}

/** The part of `Response` that is used. */
export interface ResponseLike {
  readonly status: number;
  readonly headers: HeadersLike & { set(name: string, value: string): void; has(name: string): boolean };
  readonly body: unknown;
}

/** The global type `Name`, if the user's project has it. */
type OfPlatform<Name extends string, Otherwise> = typeof globalThis extends {
  [Global in Name]: { prototype: infer Instance };
}
  ? Instance
  : Otherwise;

export type PlatformRequest = OfPlatform<'Request', RequestLike>;
export type PlatformResponse = OfPlatform<'Response', ResponseLike>;

type ResponseClass = new (
  body: unknown,
  init: { readonly status?: number; readonly headers?: object },
) => ResponseLike;

function createResponse(...params: ConstructorParameters<ResponseClass>): PlatformResponse {
  const { Response } = platform as unknown as { Response: ResponseClass };
  // The global Response, whatever the project's types are.
  return new Response(...params) as unknown as PlatformResponse;
}

/** The response to a refused request; a `Response` is returned as it is. */
export function toResponse(response: SerializedResponse | PlatformResponse): PlatformResponse {
  if (!isSerialized(response)) return response;
  const { body, ...init } = response;
  return createResponse(body, init);
}

function isSerialized(response: SerializedResponse | PlatformResponse): response is SerializedResponse {
  return typeof (response as ResponseLike).headers.get !== 'function';
}

/** Adds headers that the response does not have yet. */
export function withHeaders<Response>(response: Response, more: Readonly<Record<string, string>>): Response {
  const { headers, status } = response as ResponseLike;
  const missing = Object.entries(more).filter(([name]) => !headers.has(name));
  // A response that switches protocols cannot be copied.
  if (missing.length === 0 || status === 101) return response;
  try {
    for (const [name, value] of missing) headers.set(name, value);
    return response;
  } catch {
    // The headers of redirects and of responses of `fetch` are immutable. The body is read only here: in
    // @hono/node-server a response whose body has been read ignores changes of its headers.
    const copy = createResponse((response as ResponseLike).body, response as object) as ResponseLike;
    for (const [name, value] of missing) copy.headers.set(name, value);
    return copy as Response;
  }
}
