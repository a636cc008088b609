import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import createExpress from 'express';
import createFastify from 'fastify';
import { Hono } from 'hono';
// As it is published: Express and Fastify know `request.unkey` from one place only.
import type { Fetch } from 'unkey-ts';
import * as express from 'unkey-ts/express';
import * as fastify from 'unkey-ts/fastify';
import * as hono from 'unkey-ts/hono';
import * as next from 'unkey-ts/next';
import type { Principal, VerifiedKey } from 'unkey-ts/web';
import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';

const now = Date.UTC(2026, 10, 15, 12, 0, 0);
const limit = { id: 'rl_1', name: 'all', limit: 9, duration: 60_000, autoApply: true, exceeded: false };
const data = {
  valid: true,
  code: 'VALID',
  keyId: 'key_1',
  ratelimits: [{ ...limit, remaining: 8, reset: now + 5000 }],
};

/** A service that knows one key, `good`. */
let verifications = 0;
const fetch: Fetch = async (_, { body }) => {
  verifications++;
  const isGood = JSON.parse(body ?? '').key === 'good';
  return Response.json(
    { meta: { requestId: 'req_1' }, data: isGood ? data : { valid: false, code: 'NOT_FOUND' } },
    { headers: { date: new Date(now).toUTCString() } },
  );
};
const service = { rootKey: 'root', fetch };

const good = { headers: { authorization: 'Bearer good' } };
const bad = { headers: { authorization: 'Bearer bad' } };

const servers: Server[] = [];
afterEach(() => {
  verifications = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('hono', () => {
  test('the caller is typed in handlers, behind use and beside them', async () => {
    const app = new Hono()
      .use('/all/*', hono.protect(service))
      .get('/all/:id', (c) => c.text(c.req.param('id')))
      .get('/one/:id', hono.protect(service), (c) => {
        expectTypeOf(c.var.unkey).toEqualTypeOf<VerifiedKey>();
        expectTypeOf(c.get('unkey').keyId).toEqualTypeOf<string>();
        expectTypeOf(c.req.param('id')).toEqualTypeOf<string>();
        return c.text(c.var.unkey.keyId);
      });
    const open = new Hono().get('/open', hono.protect({ ...service, onOutage: 'allow' }), (c) => {
      expectTypeOf(c.var.unkey).toEqualTypeOf<Principal>();
      return c.text(String(c.var.unkey.isUnverified));
    });
    const chained = new Hono<{ Variables: hono.UnkeyVariables }>();
    chained.use(hono.protect(service));
    chained.get('/', (c) => {
      expectTypeOf(c.var.unkey).toEqualTypeOf<VerifiedKey>();
      return c.text(c.var.unkey.keyId);
    });
    expect(await (await app.request('/all/7', good)).text()).toBe('7');
    expect(await (await app.request('/one/7', good)).text()).toBe('key_1');
    expect(await (await open.request('/open', good)).text()).toBe('false');
    expect(await (await chained.request('/', good)).text()).toBe('key_1');
    expect((await open.request('/open', bad)).status).toBe(401);
    for (const path of ['/all/7', '/one/7']) expect((await app.request(path, bad)).status).toBe(401);
  });

  test('has the name that it has in @unkey/hono', () => {
    expect(hono.unkey).toBe(hono.protect);
  });

  test('headers are added to responses of any kind, and do not replace those of the handler', async () => {
    const app = new Hono();
    app.use(hono.protect(service));
    app.get('/raw', () => new Response('raw'));
    app.get('/redirect', () => Response.redirect('http://shop.test/'));
    app.get('/own', (c) => c.text('own', 200, { 'RateLimit-Limit': '1', 'RateLimit-Reset': '2' }));
    app.get('/failing', () => {
      throw new Error('no');
    });
    app.onError((_, c) => c.text('failed', 500));
    for (const [path, status] of [
      ['/raw', 200],
      ['/redirect', 302],
      ['/failing', 500],
      ['/missing', 404],
    ] as const) {
      const response = await app.request(path, good);
      expect(response.status).toBe(status);
      expect(response.headers.get('ratelimit-remaining')).toBe('8');
    }
    const own = (await app.request('/own', good)).headers;
    // The only one that is missing is added, too.
    expect(['limit', 'remaining', 'reset'].map((name) => own.get(`ratelimit-${name}`))).toEqual([
      '1',
      '8',
      '2',
    ]);
    expect((await app.request('/redirect', good)).headers.get('location')).toBe('http://shop.test/');
  });

  test('headers reach a response that ignores them once its body has been read, as that of node-server', async () => {
    const app = new Hono();
    const light = new Response('light');
    const body = light.body;
    let isRead = false;
    Object.defineProperty(light, 'body', {
      get() {
        isRead = true;
        return body;
      },
    });
    app.get('/', hono.protect(service), () => light);
    expect((await app.request('/', good)).headers.get('ratelimit-remaining')).toBe('8');
    expect(isRead).toBe(false);
  });

  test('the context is typed after a statement, where it may be unprotected', () => {
    const app = new Hono();
    app.use(hono.protect(service));
    app.get('/', (c) => {
      expectTypeOf(c.var.unkey).toEqualTypeOf<Principal | undefined>();
      return c.text(c.var.unkey?.keyId ?? '');
    });
  });

  test('onRefused may respond with the framework’s own response', async () => {
    const app = new Hono();
    app.use(hono.protect({ ...service, onRefused: ({ reason }, c) => c.json({ reason }, 418) }));
    const response = await app.request('/', bad);
    expect(response.status).toBe(418);
    expect(await response.json()).toEqual({ reason: 'NOT_FOUND' });
  });
});

describe('express', () => {
  test('the caller is typed on the request; options know the request', async () => {
    const app = createExpress();
    const protect = express.protect({
      ...service,
      permissions: (request) => {
        expectTypeOf(request).toEqualTypeOf<createExpress.Request>();
        return `documents.${request.method.toLowerCase()}`;
      },
    });
    app.get('/documents/:id', protect, (request, response) => {
      expectTypeOf(request.unkey).toEqualTypeOf<Principal | undefined>();
      expectTypeOf(request.params.id).toEqualTypeOf<string>();
      response.json({ keyId: request.unkey?.keyId, id: request.params.id });
    });
    app.get('/open', (request, response) => void response.json({ keyId: request.unkey?.keyId ?? null }));
    const url = await listening(createServer(app));
    expect(await (await globalThis.fetch(`${url}/documents/7`, good)).json()).toEqual({
      keyId: 'key_1',
      id: '7',
    });
    expect(await (await globalThis.fetch(`${url}/open`, good)).json()).toEqual({ keyId: null });
    expect((await globalThis.fetch(`${url}/documents/7`, bad)).status).toBe(401);
    expect((await globalThis.fetch(`${url}/documents/7`)).status).toBe(401);
  });

  test('an error of a later handler is not an error of the middleware', async () => {
    const app = createExpress();
    const failed = vi.fn();
    app.use(express.protect(service));
    app.get('/', () => {
      throw new Error('of the handler');
    });
    app.use(((error, _request, response, _next) => {
      failed(error.message);
      response.status(500).end();
    }) as createExpress.ErrorRequestHandler);
    const url = await listening(createServer(app));
    expect((await globalThis.fetch(url, good)).status).toBe(500);
    expect(failed.mock.calls).toEqual([['of the handler']]);
  });

  test('a response that cannot be sent goes to the error handler; the route does not run', async () => {
    const app = createExpress();
    const handler = vi.fn();
    app.use(express.protect({ ...service, onRefused: () => ({ headers: { 'x-bad': 'a\nb' } }) }));
    app.use(handler);
    app.use(((_error, _request, response, _next) => {
      response.status(500).end();
    }) as createExpress.ErrorRequestHandler);
    const url = await listening(createServer(app));
    expect((await globalThis.fetch(url, bad)).status).toBe(500);
    expect(handler).not.toHaveBeenCalled();
  });

  test('a request that has a response gets no second one', async () => {
    const app = createExpress();
    const door = express.protect(service);
    const goesOn = vi.fn();
    app.get('/late', (request, response) => {
      response.status(503).end('too slow');
      door(request, response, goesOn);
    });
    app.get('/next', door, (_request, response) => void response.end());
    const url = await listening(createServer(app));
    for (const request of [good, bad]) {
      const response = await globalThis.fetch(`${url}/late`, request);
      expect([response.status, await response.text()]).toEqual([503, 'too slow']);
      // It began later and takes the same steps: the other one is through when it is.
      await globalThis.fetch(`${url}/next`, request);
    }
    expect(verifications).toBe(4);
    expect(goesOn).not.toHaveBeenCalled();
  });

  test('two Authorization headers do not confuse it', async () => {
    const app = createExpress();
    app.use(express.protect(service));
    const { port } = new URL(await listening(createServer(app)));
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer bad\r\nAuthorization: Bearer good\r\n\r\n',
    );
    let received = '';
    for await (const chunk of socket) received += chunk;
    expect(received).toMatch(/^HTTP\/1.1 401 /);
  });
});

describe('fastify', () => {
  test('the plugin protects its scope: routes before and after it, scopes inside, and nothing beside', async () => {
    const app = createFastify();
    app.get('/open', (request) => ({ keyId: request.unkey?.keyId ?? null }));
    app.register(
      async (scope) => {
        scope.get('/before', (request) => ({ keyId: request.unkey?.keyId }));
        await scope.register(fastify.unkey, { ...service, prefix: '/ignored', logLevel: 'warn' });
        scope.get('/after', (request) => ({ keyId: request.unkey?.keyId }));
        scope.register(async (inside) => {
          inside.get('/inside', (request) => ({ keyId: request.unkey?.keyId }));
        });
      },
      { prefix: '/v1' },
    );
    expect((await app.inject({ url: '/open', ...bad })).json()).toEqual({ keyId: null });
    for (const url of ['/v1/before', '/v1/after', '/v1/inside']) {
      const answered = await app.inject({ url, ...good });
      expect(answered.json()).toEqual({ keyId: 'key_1' });
      expect(answered.headers['ratelimit-remaining']).toBe('8');
      const refused = await app.inject({ url, ...bad });
      expect([refused.statusCode, refused.json().error.code]).toEqual([401, 'NOT_FOUND']);
    }
    await app.close();
  });

  test('the hook protects a route, and may see the body', async () => {
    const app = createFastify();
    app.post<{ Body: { cost: number }; Params: { id: string } }>(
      '/documents/:id',
      {
        preHandler: fastify.protect({
          ...service,
          credits: (request) => ({ cost: (request.body as { cost: number }).cost }),
        }),
      },
      (request) => {
        expectTypeOf(request.unkey).toEqualTypeOf<Principal | undefined>();
        expectTypeOf(request.params.id).toEqualTypeOf<string>();
        return { keyId: request.unkey?.keyId };
      },
    );
    app.get('/early', { onRequest: fastify.protect(service) }, (request) => request.unkey?.keyId);
    const sent = { method: 'POST', url: '/documents/7', payload: { cost: 2 } } as const;
    expect((await app.inject({ ...sent, ...good })).json()).toEqual({ keyId: 'key_1' });
    expect((await app.inject({ ...sent, ...bad })).statusCode).toBe(401);
    expect((await app.inject({ url: '/early', ...good })).body).toBe('key_1');
    expect((await app.inject({ url: '/early' })).statusCode).toBe(401);
    await app.close();
  });

  test('two plugins in a scope both have to be content', async () => {
    const app = createFastify();
    const getKey = () => 'bad';
    await app.register(fastify.unkey, service);
    await app.register(fastify.unkey, { ...service, getKey });
    app.get('/', () => 'in');
    expect((await app.inject({ url: '/', ...good })).statusCode).toBe(401);
    expect(verifications).toBe(2);
    await app.close();
  });

  test('a wrong option ends the start', async () => {
    const app = createFastify();
    const wrong = { ...service, permission: 'documents.read' };
    await expect(async () => app.register(fastify.unkey, wrong)).rejects.toThrow(/'permission'/);
    await app.close();
  });
});

describe('next', () => {
  interface NextRequest extends Request {
    readonly nextUrl: URL;
  }

  function nextRequest(init: RequestInit): NextRequest {
    return Object.assign(new Request('http://shop.test/documents/7', init), {
      nextUrl: new URL('http://shop.test/documents/7'),
    });
  }

  test('the handler gets the very request with the caller on it, and the context', async () => {
    const context = { params: Promise.resolve({ id: '7' }) };
    let seen: Request | undefined;
    const GET = next.withUnkey(
      async (request: NextRequest & next.WithKey, { params }: { params: Promise<{ id: string }> }) => {
        expectTypeOf(request.unkey).toEqualTypeOf<VerifiedKey>();
        expectTypeOf(request.nextUrl).toEqualTypeOf<URL>();
        seen = request;
        return Response.json({ keyId: request.unkey.keyId, id: (await params).id });
      },
      service,
    );
    expectTypeOf(GET).parameters.toEqualTypeOf<[NextRequest, { params: Promise<{ id: string }> }]>();
    expectTypeOf(GET).returns.resolves.toEqualTypeOf<Response>();
    const request = nextRequest(good);
    const response = await GET(request, context);
    expect(await response.json()).toEqual({ keyId: 'key_1', id: '7' });
    expect(response.headers.get('ratelimit-remaining')).toBe('8');
    expect(seen).toBe(request);
    expect((await GET(nextRequest(bad), context)).status).toBe(401);
  });

  test('types of a handler without type arguments, and of one with onOutage', async () => {
    const plain = next.withUnkey((request) => {
      expectTypeOf(request).toEqualTypeOf<Request & next.WithKey>();
      return Response.json(request.unkey.keyId);
    }, service);
    expectTypeOf(plain).parameters.toEqualTypeOf<[Request]>();
    const open = next.withUnkey(
      (request: Request & next.WithCaller) => {
        expectTypeOf(request.unkey).toEqualTypeOf<Principal>();
        return Response.json(request.unkey.keyId);
      },
      { ...service, onOutage: 'allow' },
    );
    expectTypeOf(open).parameters.toEqualTypeOf<[Request]>();
    // @ts-expect-error a handler of verified keys is not enough where outages let requests pass
    next.withUnkey((_: Request & next.WithKey) => new Response(), { ...service, onOutage: 'allow' });
    expect(await (await plain(nextRequest(good))).json()).toBe('key_1');
    expect(await (await open(nextRequest(good))).json()).toBe('key_1');
  });

  test('headers are added to responses that cannot be changed', async () => {
    const GET = next.withUnkey(() => Response.redirect('http://shop.test/', 307), service);
    const response = await GET(nextRequest(good));
    expect([response.status, response.headers.get('location')]).toEqual([307, 'http://shop.test/']);
    expect(response.headers.get('ratelimit-limit')).toBe('9');
  });

  test('a build without secrets works; requests are refused until there is a root key', async () => {
    const errors: unknown[] = [];
    vi.stubEnv('UNKEY_ROOT_KEY', '');
    try {
      const handler = vi.fn(() => new Response('in'));
      const GET = next.withUnkey(handler, { fetch, onError: (error) => void errors.push(error) });
      expect((await GET(nextRequest(good))).status).toBe(500);
      expect(errors).toEqual([expect.objectContaining({ name: 'ConfigurationError' })]);
      expect(handler).not.toHaveBeenCalled();
      vi.stubEnv('UNKEY_ROOT_KEY', 'root');
      expect((await GET(nextRequest(good))).status).toBe(200);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('a misspelt option ends the build', () => {
    const wrong = { ...service, permission: 'documents.read' };
    expect(() => next.withUnkey(() => new Response(), wrong)).toThrow(/'permission'/);
  });
});
