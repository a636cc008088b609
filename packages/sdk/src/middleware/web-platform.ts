import { type AbortSignalLike, type HeadersLike, platform } from '../platform.ts';
import type { WrittenAnswer } from './refusal.ts';

/** As much of a `Request` as is used. */
export interface RequestLike {
  readonly headers: HeadersLike;
  readonly signal?: AbortSignalLike | null;
}

/** As much of a `Response` as is used. */
export interface ResponseLike {
  readonly status: number;
  readonly headers: HeadersLike & { set(name: string, value: string): void; has(name: string): boolean };
  readonly body: unknown;
}

/** What the user's platform calls `Name`, if the user compiles with types of a platform that has it. */
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

function createResponse(...given: ConstructorParameters<ResponseClass>): PlatformResponse {
  const { Response } = platform as unknown as { Response: ResponseClass };
  // One of the platform's, whatever its types call it.
  return new Response(...given) as unknown as PlatformResponse;
}

/** The answer to a refused request; one that is a response already stays it. */
export function toResponse(answer: WrittenAnswer | PlatformResponse): PlatformResponse {
  if (!isWritten(answer)) return answer;
  const { body, ...init } = answer;
  return createResponse(body, init);
}

function isWritten(answer: WrittenAnswer | PlatformResponse): answer is WrittenAnswer {
  return typeof (answer as ResponseLike).headers.get !== 'function';
}

/** The response with more headers; those that it has already win. */
export function withHeaders<Response>(response: Response, more: Readonly<Record<string, string>>): Response {
  const { headers, status, body } = response as ResponseLike;
  const missing = Object.entries(more).filter(([name]) => !headers.has(name));
  // A response that changes the protocol cannot be made again.
  if (missing.length === 0 || status === 101) return response;
  try {
    for (const [name, value] of missing) headers.set(name, value);
    return response;
  } catch {
    // Redirects and what comes from `fetch` cannot be changed.
    const copy = createResponse(body, response as object) as ResponseLike;
    for (const [name, value] of missing) copy.headers.set(name, value);
    return copy as Response;
  }
}
