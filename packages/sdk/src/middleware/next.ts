import { createDecide } from './decide.ts';
import type { OnOutage, Principal, VerifiedKey } from './principal.ts';
import type { WebOptions } from './web.ts';
import {
  type PlatformRequest,
  type PlatformResponse,
  type RequestLike,
  type ResponseLike,
  toResponse,
  withHeaders,
} from './web-platform.ts';

export type { OnOutage, Principal, UnverifiedCaller, VerifiedKey } from './principal.ts';
export type { Refusal, RefusalReason, RefusalResponse } from './refusal.ts';

/** Added to the request inside the handler: `NextRequest & WithKey`. */
export interface WithKey {
  readonly unkey: VerifiedKey;
}

/** The same with `onOutage: 'allow'`. */
export interface WithCaller {
  readonly unkey: Principal;
}

/** A request before the verification. With `never` here every handler would be accepted. */
interface PlainRequest extends RequestLike {
  readonly unkey?: symbol;
}

/**
 * Wraps a route handler: it runs only for requests with a valid key. `RateLimit-*` headers are added to its response.
 *
 * @example
 * export const GET = withUnkey(async (request: NextRequest & WithKey, { params }: Context) => {
 *   return Response.json({ hello: request.unkey.keyId, document: (await params).id });
 * }, { permissions: 'documents.read' });
 */
export function withUnkey<
  Request extends PlainRequest = PlatformRequest,
  Response extends ResponseLike | PlatformResponse = PlatformResponse,
  Rest extends unknown[] = [],
  const Query extends string = string,
>(
  handler: (request: Request & WithKey, ...rest: Rest) => Response | Promise<Response>,
  options?: WebOptions<Request, 'deny', Query>,
): (request: Request, ...rest: Rest) => Promise<Response | PlatformResponse>;
export function withUnkey<
  Request extends PlainRequest = PlatformRequest,
  Response extends ResponseLike | PlatformResponse = PlatformResponse,
  Rest extends unknown[] = [],
  const Query extends string = string,
>(
  handler: (request: Request & WithCaller, ...rest: Rest) => Response | Promise<Response>,
  options: WebOptions<Request, OnOutage, Query>,
): (request: Request, ...rest: Rest) => Promise<Response | PlatformResponse>;
export function withUnkey<Request extends RequestLike, Response, Rest extends unknown[]>(
  handler: (
    request: Request & { unkey: VerifiedKey & Principal },
    ...rest: Rest
  ) => Response | Promise<Response>,
  options: WebOptions<Request> = {},
): (request: Request, ...rest: Rest) => Promise<Response | PlatformResponse> {
  const decide = createDecide(options);
  return async (request, ...rest) => {
    const { headers, signal } = request;
    const decision = await decide({ request, authorization: headers.get('authorization'), signal });
    if (decision.kind === 'refused') return toResponse(decision.response);
    // The same object, not a copy: members that the framework added stay.
    const unkey = decision.principal as VerifiedKey & Principal;
    const response = await handler(Object.assign(request, { unkey }), ...rest);
    return withHeaders(response, unkey.responseHeaders);
  };
}
