import type { FastifyPluginAsync, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify';
import { createDecide } from './decide.ts';
import type { ProtectOptions } from './options.ts';
import type { OnOutage, Principal } from './principal.ts';

export type { OnOutage, Principal, UnverifiedCaller, VerifiedKey } from './principal.ts';
export type { Refusal, RefusalAnswer, RefusalReason } from './refusal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; undefined on routes that are not protected. */
    unkey?: Principal;
  }
}

/** Options of the plugin and of the hook. */
export type FastifyOptions<Outage extends OnOutage = OnOutage> = ProtectOptions<FastifyRequest, Outage>;

/**
 * A hook that only requests with a valid key pass; who is asking is `request.unkey`. As `onRequest` it comes before
 * the body is read, as `preHandler` it can look into the body.
 *
 * @example
 * app.get('/documents', { onRequest: protect({ permissions: 'documents.read' }) }, (request) => ({
 *   hello: request.unkey?.keyId,
 * }));
 */
export function protect(
  options: FastifyOptions = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const decide = createDecide<FastifyRequest, OnOutage>(options);
  return async (request, reply) => {
    // Not with `request.signal`: it also ends when the body has been read.
    const decision = await decide({ request, authorization: request.headers.authorization });
    if (decision.kind === 'refused') {
      const { status, headers, body } = decision.answer;
      return reply
        .code(status)
        .headers(headers)
        .send(body ?? undefined);
    }
    request.unkey = decision.principal;
    reply.headers(decision.principal.answerHeaders);
    return undefined;
  };
}

/**
 * A plugin that protects every route of the scope that it is registered in, and of scopes inside.
 *
 * @example
 * await app.register(unkey, { permissions: 'documents.read' });
 */
export const unkey: FastifyPluginAsync<FastifyOptions> = Object.assign(
  async (...[scope, given]: Parameters<FastifyPluginAsync<FastifyOptions & RegisterOptions>>) => {
    // Those are for Fastify itself, which hands everything on.
    const { prefix, logLevel, logSerializers, ...options } = given;
    if (!scope.hasRequestDecorator('unkey')) scope.decorateRequest('unkey');
    scope.addHook('onRequest', protect(options));
  },
  // Not a scope of its own: the routes to protect are beside it.
  { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: 'unkey-ts' },
);
