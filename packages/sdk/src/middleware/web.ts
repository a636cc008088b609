import { createDecide } from './decide.ts';
import type { ProtectOptions } from './options.ts';
import type { OnOutage, PrincipalOf } from './principal.ts';
import { type PlatformRequest, type PlatformResponse, type RequestLike, toResponse } from './web-platform.ts';

export type { OnOutage, Principal, UnverifiedCaller, VerifiedKey } from './principal.ts';
export type { Refusal, RefusalReason, RefusalResponse } from './refusal.ts';

/** Options of a guard for `Request`. */
export type WebOptions<
  Request = PlatformRequest,
  Outage extends OnOutage = OnOutage,
  Query extends string = string,
> = ProtectOptions<Request, Outage, PlatformResponse, Query>;

/**
 * A guard for handlers that take a `Request` and return a `Response`. It resolves to the response of a refused request,
 * or to the verified caller. It rejects only if `onRefused` returns an impossible response, such as a status of 99.
 *
 * @example
 * const guard = protect({ permissions: 'documents.read' });
 *
 * async function handle(request: Request): Promise<Response> {
 *   const caller = await guard(request);
 *   if (caller instanceof Response) return caller;
 *   return Response.json({ hello: caller.keyId }, { headers: caller.responseHeaders });
 * }
 */
export function protect<
  Request extends RequestLike = PlatformRequest,
  Outage extends OnOutage = 'deny',
  const Query extends string = string,
>(
  options: WebOptions<Request, Outage, Query> = {},
): (request: Request) => Promise<PlatformResponse | PrincipalOf<Outage>> {
  const decide = createDecide(options);
  return async (request) => {
    const { headers, signal } = request;
    const decision = await decide({ request, authorization: headers.get('authorization'), signal });
    return decision.kind === 'allowed' ? decision.principal : toResponse(decision.response);
  };
}
