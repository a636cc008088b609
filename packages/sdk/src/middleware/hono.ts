import type { Context, MiddlewareHandler } from 'hono';
import { createDecide } from './decide.ts';
import type { ProtectOptions } from './options.ts';
import type { OnOutage, PrincipalOf } from './principal.ts';
import { toResponse, withHeaders } from './web-platform.ts';

export type { OnOutage, Principal, UnverifiedCaller, VerifiedKey } from './principal.ts';
export type { Refusal, RefusalAnswer, RefusalReason } from './refusal.ts';

/** Options of the middleware. */
export type HonoOptions<Outage extends OnOutage = OnOutage> = ProtectOptions<Context, Outage, Response>;

/** What the context has behind the middleware: `c.var.unkey`. */
export interface UnkeyVariables<Outage extends OnOutage = 'deny'> {
  unkey: PrincipalOf<Outage>;
}

/**
 * Middleware that only requests with a valid key pass; who is asking is `c.var.unkey`. `RateLimit-*` headers are added
 * to what the handler answers.
 *
 * @example
 * app.use('/documents/*', protect({ permissions: 'documents.read' }));
 * app.get('/documents/:id', protect(), (c) => c.json({ hello: c.var.unkey.keyId }));
 */
export function protect<Outage extends OnOutage = 'deny'>(
  options: HonoOptions<Outage> = {},
): MiddlewareHandler<{ Variables: UnkeyVariables<Outage> }> {
  const decide = createDecide(options);
  return async (c, next) => {
    const { headers, signal } = c.req.raw;
    const decision = await decide({ request: c, authorization: headers.get('authorization'), signal });
    if (decision.kind === 'refused') return toResponse(decision.answer);
    c.set('unkey', decision.principal);
    await next();
    const answered = withHeaders(c.res, decision.principal.answerHeaders);
    if (answered !== c.res) c.res = answered;
  };
}

/** The same as `protect`, by the name that it has in `@unkey/hono`. */
export { protect as unkey };
