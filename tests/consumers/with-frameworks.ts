import type { Express } from 'express';
import type { FastifyInstance } from 'fastify';
import type { Hono } from 'hono';
import { protect as protectExpress } from 'unkey-ts/express';
import { protect as protectFastify } from 'unkey-ts/fastify';
import { protect as protectHono } from 'unkey-ts/hono';

// The middleware has the types of its frameworks, and the member that it adds to a request is typed.
export function serve(express: Express, fastify: FastifyInstance, hono: Hono): void {
  express.get('/', protectExpress(), (request, response) => void response.send(request.unkey?.valid));
  fastify.get('/', { onRequest: protectFastify() }, async (request) => request.unkey?.valid);
  hono.get('/', protectHono(), (context) => context.json(context.var.unkey.valid));
}
