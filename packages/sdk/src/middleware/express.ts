import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextFunction, Request } from 'express';
import { createDecide } from './decide.ts';
import type { ProtectOptions } from './options.ts';
import type { OnOutage, Principal } from './principal.ts';

export type { OnOutage, Principal, UnverifiedCaller, VerifiedKey } from './principal.ts';
export type { Refusal, RefusalAnswer, RefusalReason } from './refusal.ts';

declare global {
  namespace Express {
    interface Request {
      /** Who is asking; undefined on routes that are not protected. */
      unkey?: Principal;
    }
  }
}

/** Options of the middleware. */
export type ExpressOptions<Outage extends OnOutage = OnOutage> = ProtectOptions<Request, Outage>;

/** Nothing in it depends on a route: with it, the handlers beside it keep the types of their path's parameters. */
export type ExpressMiddleware = (
  request: IncomingMessage & Express.Request,
  response: ServerResponse,
  next: NextFunction,
) => void;

/**
 * Middleware that only requests with a valid key pass; who is asking is `request.unkey`.
 *
 * @example
 * app.use('/documents', protect({ permissions: 'documents.read' }));
 * app.get('/documents/:id', (request, response) => response.json({ hello: request.unkey?.keyId }));
 */
export function protect(options: ExpressOptions = {}): ExpressMiddleware {
  const decide = createDecide<Request, OnOutage>(options);

  async function admit(request: Request, response: ServerResponse): Promise<boolean> {
    const decision = await decide({ request, authorization: request.headers.authorization });
    // Something that did not want to wait, a timeout for example, has answered already.
    if (response.headersSent) return false;
    if (decision.kind === 'refused') {
      const { status, headers, body } = decision.answer;
      response.statusCode = status;
      setHeaders(response, headers);
      response.end(body ?? undefined);
      return false;
    }
    request.unkey = decision.principal;
    setHeaders(response, decision.principal.answerHeaders);
    return true;
  }

  return (request, response, next) => {
    // Express gives what it calls a Request.
    admit(request as Request, response).then((isAdmitted) => {
      if (isAdmitted) next();
    }, next);
  };
}

function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
