import type { FastifyPluginAsync, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify';
import { createDecide } from './decide.ts';
import type { ProtectOptions } from './options.ts';
import type { OnOutage, Principal } from './principal.ts';

export type { OnOutage, Principal, UnverifiedCaller, VerifiedKey } from './principal.ts';
export type { Refusal, RefusalReason, RefusalResponse } from './refusal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The verified caller; undefined on unprotected routes. */
    unkey?: Principal;
  }
}

/** Options of the plugin and of the hook. */
export type FastifyOptions<
  Outage extends OnOutage = OnOutage,
  Query extends string = string,
> = ProtectOptions<FastifyRequest, Outage, never, Query>;

/**
 * A hook that verifies the key of each request; the caller is `request.unkey`. As `onRequest` it runs before the body is
 * parsed; as `preHandler` its options can read the body.
 *
 * @example
 * app.get('/documents', { onRequest: protect({ permissions: 'documents.read' }) }, (request) => ({
 *   hello: request.unkey?.keyId,
 * }));
 */
export function protect<const Query extends string = string>(
  options: FastifyOptions<OnOutage, Query> = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const decide = createDecide<FastifyRequest, OnOutage>(options);
  return async (request, reply) => {
    // Without `request.signal`: it also aborts when the body has been read.
    const decision = await decide({ request, authorization: request.headers.authorization });
    if (decision.kind === 'refused') {
      const { status, headers, body } = decision.response;
      return reply
        .code(status)
        .headers(headers)
        .send(body ?? undefined);
    }
    request.unkey = decision.principal;
    reply.headers(decision.principal.responseHeaders);
    return undefined;
  };
}

/**
 * A plugin that protects all routes of the scope in which it is registered, and of scopes inside it.
 *
 * @example
 * await app.register(unkey, { permissions: 'documents.read' });
 */
export const unkey: FastifyPluginAsync<FastifyOptions> = Object.assign(
  async (...[scope, registered]: Parameters<FastifyPluginAsync<FastifyOptions & RegisterOptions>>) => {
    // Fastify passes its own options on, too.
    const { prefix, logLevel, logSerializers, ...options } = registered;
    if (!scope.hasRequestDecorator('unkey')) scope.decorateRequest('unkey');
    scope.addHook('onRequest', protect(options));
  },
  // Without a scope of its own: the routes to protect are its siblings.
  { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: 'unkey-ts' },
);
