import type { Express } from 'express';
import type { FastifyInstance } from 'fastify';
import type { Hono } from 'hono';
import { Unkey } from 'unkey-ts/compat/api';
import { UnkeyCore } from 'unkey-ts/compat/api/core.js';
import { keysVerifyKey } from 'unkey-ts/compat/api/funcs/keysVerifyKey.js';
import type { V2KeysVerifyKeyResponseBody } from 'unkey-ts/compat/api/models/components';
import { NotFoundErrorResponse } from 'unkey-ts/compat/api/models/errors';
import { unkey } from 'unkey-ts/compat/hono';
import { Ratelimit } from 'unkey-ts/compat/ratelimit';
import { protect as protectExpress } from 'unkey-ts/express';
import { protect as protectFastify } from 'unkey-ts/fastify';
import { protect as protectHono } from 'unkey-ts/hono';

// The middleware has the types of its frameworks, and the member that it adds to a request is typed.
export function serve(express: Express, fastify: FastifyInstance, hono: Hono): void {
  express.get('/', protectExpress(), (request, response) => void response.send(request.unkey?.valid));
  fastify.get('/', { onRequest: protectFastify() }, async (request) => request.unkey?.valid);
  hono.get('/', protectHono(), (context) => context.json(context.var.unkey.valid));
}

// Programs for the published packages compile.
export async function verify(rootKey: string, key: string): Promise<boolean> {
  const { data }: V2KeysVerifyKeyResponseBody = await new Unkey({ rootKey }).keys.verifyKey({ key });
  const result = await keysVerifyKey(new UnkeyCore({ rootKey }), { key });
  if (result.error instanceof NotFoundErrorResponse) return false;
  const limiter = new Ratelimit({ rootKey, namespace: 'verify', limit: 10, duration: '30 s' });
  return data.valid && (await limiter.limit(key)).success;
}

export function serveAsBefore(hono: Hono, rootKey: string): void {
  hono.use('*', unkey({ rootKey, handleInvalidKey: (context, { data }) => context.json(data.code, 401) }));
}
