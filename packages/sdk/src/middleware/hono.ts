import type { Context, MiddlewareHandler } from 'hono';
import { createDecide } from './decide.ts';
import type { ProtectOptions } from './options.ts';
import type { OnOutage, Principal, PrincipalOf } from './principal.ts';
import { toResponse, withHeaders } from './web-platform.ts';

export type { OnOutage, Principal, UnverifiedCaller, VerifiedKey } from './principal.ts';
export type { Refusal, RefusalReason, RefusalResponse } from './refusal.ts';

declare module 'hono' {
  interface ContextVariableMap {
    /** The verified caller; undefined on unprotected routes. */
    unkey?: Principal;
  }
}

/** Options of the middleware. */
export type HonoOptions<Outage extends OnOutage = OnOutage, Query extends string = string> = ProtectOptions<
  Context,
  Outage,
  Response,
  Query
>;

/** Variables of the context after the middleware: `c.var.unkey`. */
export interface UnkeyVariables<Outage extends OnOutage = 'deny'> {
  unkey: PrincipalOf<Outage>;
}

/**
 * Middleware that verifies the key of each request; the caller is `c.var.unkey`. Without a valid key the handler does not
 * run. It adds `RateLimit-*` headers to the handler's response.
 *
 * @example
 * app.get('/documents/:id', protect({ permissions: 'documents.read' }), (c) =>
 *   c.json({ hello: c.var.unkey.keyId }),
 * );
 */
export function protect<Outage extends OnOutage = 'deny', const Query extends string = string>(
  options: HonoOptions<Outage, Query> = {},
): MiddlewareHandler<{ Variables: UnkeyVariables<Outage> }> {
  const decide = createDecide(options);
  return async (c, next) => {
    const { headers, signal } = c.req.raw;
    const decision = await decide({ request: c, authorization: headers.get('authorization'), signal });
    if (decision.kind === 'refused') return toResponse(decision.response);
    c.set('unkey', decision.principal);
    await next();
    const response = withHeaders(c.res, decision.principal.responseHeaders);
    if (response !== c.res) c.res = response;
  };
}

/** `protect` under the name that it has in `@unkey/hono`. */
export { protect as unkey };
