import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextFunction, Request } from 'express';
import { createDecide } from './decide.ts';
import type { ProtectOptions } from './options.ts';
import type { OnOutage, Principal } from './principal.ts';

export type { OnOutage, Principal, UnverifiedCaller, VerifiedKey } from './principal.ts';
export type { Refusal, RefusalReason, RefusalResponse } from './refusal.ts';

declare global {
  namespace Express {
    interface Request {
      /** The verified caller; undefined on unprotected routes. */
      unkey?: Principal;
    }
  }
}

/** Options of the middleware. */
export type ExpressOptions<
  Outage extends OnOutage = OnOutage,
  Query extends string = string,
> = ProtectOptions<Request, Outage, never, Query>;

/** Independent of the route's types, so that handlers after it keep the types of their path parameters. */
export type ExpressMiddleware = (
  request: IncomingMessage & Express.Request,
  response: ServerResponse,
  next: NextFunction,
) => void;

/**
 * Middleware that verifies the key of each request; the caller is `request.unkey`. Without a valid key the handler does
 * not run.
 *
 * @example
 * app.use('/documents', protect({ permissions: 'documents.read' }));
 * app.get('/documents/:id', (request, response) => response.json({ hello: request.unkey?.keyId }));
 */
export function protect<const Query extends string = string>(
  options: ExpressOptions<OnOutage, Query> = {},
): ExpressMiddleware {
  const decide = createDecide<Request, OnOutage>(options);

  async function authorize(request: Request, response: ServerResponse): Promise<boolean> {
    const decision = await decide({ request, authorization: request.headers.authorization });
    // Other middleware, such as a timeout, may have responded meanwhile.
    if (response.headersSent) return false;
    if (decision.kind === 'refused') {
      const { status, headers, body } = decision.response;
      response.statusCode = status;
      setHeaders(response, headers);
      response.end(body ?? undefined);
      return false;
    }
    request.unkey = decision.principal;
    setHeaders(response, decision.principal.responseHeaders);
    return true;
  }

  return (request, response, next) => {
    // Express passes its own Request.
    authorize(request as Request, response).then((isAllowed) => {
      if (isAllowed) next();
    }, next);
  };
}

function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
