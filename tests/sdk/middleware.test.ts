import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import createExpress, { type Request as ExpressRequest } from 'express';
import createFastify, { type FastifyRequest } from 'fastify';
import { type Context, Hono } from 'hono';
import type { Fetch } from 'unkey-ts';
import {
  BadRequestErrorResponse,
  ConnectionError,
  PreconditionFailedErrorResponse,
  TimeoutError,
  TooManyRequestsErrorResponse,
  UnauthorizedErrorResponse,
} from 'unkey-ts';
import * as expressMiddleware from 'unkey-ts/express';
import * as fastifyMiddleware from 'unkey-ts/fastify';
import * as honoMiddleware from 'unkey-ts/hono';
import * as nextMiddleware from 'unkey-ts/next';
import * as webMiddleware from 'unkey-ts/web';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';

let service: Service;
let apiId: string;
beforeAll(async () => {
  service = await startService();
  apiId = (await service.call('apis.createApi', { name: 'middlewares' })).body.data.apiId;
});
afterAll(() => service.close());

async function createKey(settings: object = {}): Promise<{ key: string; keyId: string }> {
  const { status, body } = await service.call('keys.createKey', { apiId, ...settings });
  expect(status).toBe(200);
  return body.data;
}

/** The service, with the `Date` of its own clock, which is not the machine's; records the requests. */
const asked: { readonly key: string; readonly [name: string]: unknown }[] = [];
const dated: Fetch = async (url, init) => {
  asked.push(JSON.parse(init.body ?? ''));
  const { status, headers, body } = await fetch(url, init as RequestInit);
  const withDate = new Headers(headers);
  withDate.set('date', new Date(service.clock.now()).toUTCString());
  return new Response(body, { status, headers: withDate });
};

// Options that all middleware takes; the type of request that functions receive differs.
type Options = webMiddleware.WebOptions<never>;

interface Middleware {
  readonly name: string;
  /** Opens `/documents/7`, which responds with the verified caller. */
  open(options: Options): Promise<(init?: RequestInit) => Promise<Response>>;
  header(request: unknown, name: string): string | undefined;
}

/** Requests that reached a handler. */
let runs = 0;
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  runs = 0;
  asked.length = 0;
  for (const close of open.splice(0)) await close();
});

function shown(caller: unknown): { caller: unknown } {
  runs++;
  return { caller };
}

const url = 'http://shop.test/documents/7';

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const middlewares: Middleware[] = [
  {
    name: 'web',
    async open(options) {
      const guard = webMiddleware.protect(options as webMiddleware.WebOptions);
      return async (init) => {
        const caller = await guard(new Request(url, init));
        if (caller instanceof Response) return caller;
        return Response.json(shown(caller), { headers: caller.responseHeaders });
      };
    },
    header: (request, name) => (request as Request).headers.get(name) ?? undefined,
  },
  {
    name: 'next',
    async open(options) {
      const handler = nextMiddleware.withUnkey(
        (request: Request & nextMiddleware.WithCaller) => Response.json(shown(request.unkey)),
        options as webMiddleware.WebOptions,
      );
      return (init) => handler(new Request(url, init));
    },
    header: (request, name) => (request as Request).headers.get(name) ?? undefined,
  },
  {
    name: 'hono',
    async open(options) {
      const app = new Hono();
      app.all(
        '/documents/:id',
        honoMiddleware.protect(options as unknown as honoMiddleware.HonoOptions),
        (c) => c.json(shown(c.var.unkey)),
      );
      return async (init) => app.fetch(new Request(url, init));
    },
    header: (request, name) => (request as Context).req.header(name),
  },
  {
    name: 'express',
    async open(options) {
      const app = createExpress();
      app.use(
        '/documents',
        expressMiddleware.protect(options as unknown as expressMiddleware.ExpressOptions),
      );
      app.all('/documents/:id', (request, response) => {
        response.json(shown(request.unkey));
      });
      const address = await listening(createServer(app));
      return (init) => fetch(`${address}/documents/7`, init);
    },
    header: (request, name) => (request as ExpressRequest).get(name),
  },
  {
    name: 'fastify',
    async open(options) {
      const app = createFastify();
      open.push(() => app.close());
      app.all('/documents/:id', (request) => shown(request.unkey));
      await app.register(fastifyMiddleware.unkey, options as unknown as fastifyMiddleware.FastifyOptions);
      const address = await app.listen({ host: '127.0.0.1', port: 0 });
      return (init) => fetch(`${address}/documents/7`, init);
    },
    header: (request, name) => (request as FastifyRequest).headers[name] as string | undefined,
  },
];

function bearer(key: string, headers: Record<string, string> = {}): RequestInit {
  return { headers: { authorization: `Bearer ${key}`, ...headers } };
}

describe.each(middlewares)('$name', (middleware) => {
  function guarded(options: Partial<Options> = {}) {
    const { rootKey, url: serverURL } = service;
    return middleware.open({ rootKey, serverURL, fetch: dated, onError: () => {}, ...options } as Options);
  }

  async function expectRefusal(response: Response, status: number, code: string): Promise<void> {
    const { requestId, ...error } = (await response.json()).error;
    expect({ status: response.status, error }).toEqual({
      status,
      error: { code, message: expect.stringMatching(/\.$/) },
    });
    // Whether the service has verified the key.
    const isVerified = [401, 403, 429].includes(status) && !/^(MISSING|MALFORMED)/.test(code);
    if (isVerified) expect(requestId).toMatch(/^req_/);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(runs).toBe(0);
  }

  test('lets a valid key through, with all data of the verification', async () => {
    const identity = await service.call('identities.createIdentity', {
      externalId: `user_of_${middleware.name}`,
      meta: { plan: 'pro' },
    });
    expect(identity.status).toBe(200);
    const { key, keyId } = await createKey({
      name: 'Laptop',
      meta: { team: 'a' },
      externalId: `user_of_${middleware.name}`,
      permissions: ['documents.read'],
      credits: { remaining: 5 },
      expires: service.clock.now() + 1000,
    });
    const send = await guarded({ permissions: 'documents.read' });
    const response = await send(bearer(key));
    expect(response.status).toBe(200);
    expect(response.headers.has('ratelimit-limit')).toBe(false);
    expect(await response.json()).toEqual({
      caller: {
        valid: true,
        code: 'VALID',
        enabled: true,
        keyId,
        name: 'Laptop',
        meta: { team: 'a' },
        permissions: ['documents.read'],
        credits: 4,
        expires: service.clock.now() + 1000,
        identity: { id: expect.any(String), externalId: `user_of_${middleware.name}`, meta: { plan: 'pro' } },
        isUnverified: false,
        requestId: expect.stringMatching(/^req_/),
        responseHeaders: {},
      },
    });
  });

  test.each(['bearer', 'BEARER', 'Bearer '])('reads the scheme %j', async (scheme) => {
    const { key } = await createKey();
    const send = await guarded();
    expect((await send({ headers: { authorization: `${scheme} ${key}` } })).status).toBe(200);
  });

  test.each([
    [undefined, 'MISSING_KEY'],
    ['Basic dXNlcjpwYXNz', 'MISSING_KEY'],
    ['Bearer', 'MISSING_KEY'],
    ['Bearer one two', 'MALFORMED_KEY'],
  ])('401 without a verification for %j', async (authorization, code) => {
    const send = await guarded({ onOutage: 'allow' });
    const response = await send({ headers: { ...(authorization && { authorization }) } });
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    await expectRefusal(response, 401, code);
    expect(asked).toEqual([]);
  });

  test('401 for a key that does not exist, is disabled or has expired', async () => {
    const disabled = await createKey({ enabled: false });
    const expired = await createKey({ expires: service.clock.now() + 1 });
    service.clock.advance(2);
    const send = await guarded();
    for (const [key, code] of [
      ['no_such_key', 'NOT_FOUND'],
      [disabled.key, 'DISABLED'],
      [expired.key, 'EXPIRED'],
    ] as const) {
      const response = await send(bearer(key));
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      await expectRefusal(response, 401, code);
    }
  });

  test('403 for a key without the permission, which may depend on the request', async () => {
    const { key } = await createKey({ permissions: ['documents.read'] });
    const send = await guarded({
      permissions: async (request) => middleware.header(request, 'x-needs') ?? null,
    });
    expect((await send(bearer(key, { 'x-needs': 'documents.read' }))).status).toBe(200);
    runs = 0;
    const response = await send(bearer(key, { 'x-needs': 'documents.write' }));
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"');
    await expectRefusal(response, 403, 'INSUFFICIENT_PERMISSIONS');
  });

  test('429 for a key at its limit, with Retry-After; RateLimit headers are in every response', async () => {
    const limit = { name: 'requests', limit: 2, duration: 60_000, autoApply: true };
    const { key } = await createKey({ ratelimits: [limit] });
    const send = await guarded();
    const now = service.clock.now();
    const seconds = String(Math.ceil((60_000 - (now % 60_000)) / 1000));
    const limitHeaders = (response: Response) =>
      ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'].map((name) =>
        response.headers.get(name),
      );
    expect(limitHeaders(await send(bearer(key)))).toEqual(['2', '1', seconds, null]);
    expect(limitHeaders(await send(bearer(key)))).toEqual(['2', '0', seconds, null]);
    runs = 0;
    const response = await send(bearer(key));
    expect(limitHeaders(response)).toEqual(['2', '0', seconds, seconds]);
    await expectRefusal(response, 429, 'RATE_LIMITED');
  });

  test('429 for a key without enough credits; their cost may depend on the request', async () => {
    const { key } = await createKey({ credits: { remaining: 5 } });
    const send = await guarded({
      credits: (request) => ({ cost: Number(middleware.header(request, 'x-cost')) }),
    });
    expect((await send(bearer(key, { 'x-cost': '3' }))).status).toBe(200);
    runs = 0;
    const response = await send(bearer(key, { 'x-cost': '3' }));
    expect(response.headers.has('retry-after')).toBe(false);
    await expectRefusal(response, 429, 'USAGE_EXCEEDED');
  });

  test('limits and tags may depend on the request; getKey may read another header', async () => {
    const { key } = await createKey();
    const send = await guarded({
      getKey: (request) => middleware.header(request, 'x-api-key'),
      ratelimits: (request) => [
        { name: middleware.header(request, 'x-limit') ?? '', limit: 3, duration: 60_000 },
      ],
      tags: async () => ['middleware'],
    });
    const response = await send({ headers: { 'x-api-key': key, 'x-limit': 'exports' } });
    expect(response.headers.get('ratelimit-remaining')).toBe('2');
    expect(asked).toEqual([
      { key, ratelimits: [{ name: 'exports', limit: 3, duration: 60_000 }], tags: ['middleware'] },
    ]);
    runs = 0;
    await expectRefusal(await send(bearer(key)), 401, 'MISSING_KEY');
  });

  test('500 for a configuration error, whose details the caller does not see', async () => {
    const { key } = await createKey();
    const mistakes: [Partial<Options>, unknown][] = [
      [{ rootKey: 'unkey_of_nobody' }, UnauthorizedErrorResponse],
      [{ permissions: 'a b' }, BadRequestErrorResponse],
      [{ ratelimits: [{ name: 'nobody.has.this' }] }, PreconditionFailedErrorResponse],
      [{ permissions: () => Promise.reject(new RangeError('no')) }, RangeError],
    ];
    for (const [mistake, errorClass] of mistakes) {
      const errors: unknown[] = [];
      const onError = (error: unknown) => void errors.push(error);
      const send = await guarded({ ...mistake, onError, onOutage: 'allow' });
      await expectRefusal(await send(bearer(key)), 500, 'INTERNAL_ERROR');
      expect(errors).toEqual([expect.any(errorClass)]);
    }
  });

  describe('an outage', () => {
    async function outages(): Promise<[Partial<Options>, unknown][]> {
      const closed = createServer();
      const deadURL = await listening(closed);
      await new Promise((resolve) => closed.close(resolve));
      const silentURL = await listening(createServer(() => {}));
      const brokenURL = await listening(
        createServer((_, response) => void response.writeHead(500).end('down')),
      );
      const busyURL = await listening(
        createServer(
          (_, response) =>
            void response.writeHead(429, { 'retry-after': '60' }).end('{"meta":{},"error":{}}'),
        ),
      );
      const retry = false;
      return [
        [{ serverURL: deadURL, retry, fetch: undefined }, ConnectionError],
        [{ serverURL: silentURL, timeoutMs: 30, fetch: undefined }, TimeoutError],
        [{ serverURL: brokenURL, retry, fetch: undefined }, Error],
        [{ serverURL: busyURL, retry, fetch: undefined }, TooManyRequestsErrorResponse],
      ];
    }

    test('is 503 with Retry-After, and the handler does not run', async () => {
      for (const [outage, errorClass] of await outages()) {
        const errors: unknown[] = [];
        const onError = (error: unknown) => void errors.push(error);
        const send = await guarded({ ...outage, onError });
        const response = await send(bearer('some_key'));
        const busy = errorClass === TooManyRequestsErrorResponse;
        expect(response.headers.get('retry-after')).toBe(busy ? '60' : '5');
        await expectRefusal(response, 503, 'UNAVAILABLE');
        expect(errors).toEqual([expect.any(errorClass)]);
      }
    });

    test('lets requests through with onOutage: allow, marked and with the cause', async () => {
      for (const [outage, errorClass] of await outages()) {
        if (errorClass === TooManyRequestsErrorResponse) continue;
        const errors: unknown[] = [];
        const onError = (error: unknown) => void errors.push(error);
        const send = await guarded({ ...outage, onError, onOutage: 'allow' });
        const response = await send(bearer('some_key'));
        const { caller } = (await response.json()) as { caller: object };
        expect(caller).toEqual({ isUnverified: true, responseHeaders: {}, cause: expect.any(Object) });
        expect(errors).toEqual([expect.any(errorClass)]);
      }
    });
  });

  test('a 408, 429 or 500 of the service, which callers can cause, lets no request through', async () => {
    const own = '{"meta":{},"error":{}}';
    const answers: [number, string][] = [
      [408, own],
      [408, 'late'],
      [429, own],
      [429, 'busy'],
      [500, own],
    ];
    for (const [status, body] of answers) {
      const serverURL = await listening(
        createServer((_, response) => void response.writeHead(status).end(body)),
      );
      const outage: Partial<Options> = { serverURL, retry: false, fetch: undefined };
      const send = await guarded({ ...outage, onOutage: 'allow' });
      await expectRefusal(await send(bearer('some_key')), 503, 'UNAVAILABLE');
    }
  });

  test('onRefused replaces the response to a refused request; it cannot let the request through', async () => {
    const send = await guarded({
      onRefused: ({ reason, verification }, request) => ({
        status: 404,
        headers: { 'x-reason': `${reason} ${verification?.code} ${middleware.header(request, 'x-name')}` },
        body: 'There is nothing here.',
      }),
    });
    const response = await send(bearer('no_such_key', { 'x-name': 'Ada' }));
    expect(response.status).toBe(404);
    expect(response.headers.get('x-reason')).toBe('NOT_FOUND NOT_FOUND Ada');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe('There is nothing here.');
    expect(runs).toBe(0);
  });

  test('HEAD and OPTIONS need a key as well', async () => {
    const { key } = await createKey();
    const send = await guarded();
    for (const method of ['HEAD', 'OPTIONS']) {
      expect((await send({ method })).status).toBe(401);
      expect(runs).toBe(0);
      expect((await send({ method, ...bearer(key) })).status).toBe(200);
      expect(runs).toBe(1);
      runs = 0;
    }
  });

  test('one client serves all requests', async () => {
    const { key } = await createKey();
    process.env.UNKEY_ROOT_KEY = service.rootKey;
    try {
      const send = await guarded({ rootKey: undefined });
      expect((await send(bearer(key))).status).toBe(200);
      process.env.UNKEY_ROOT_KEY = 'unkey_of_nobody';
      expect((await send(bearer(key))).status).toBe(200);
    } finally {
      delete process.env.UNKEY_ROOT_KEY;
    }
  });

  test('many requests at once each get their own caller', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => createKey()));
    const send = await guarded();
    const bodies = await Promise.all(made.map(async ({ key }) => (await send(bearer(key))).json()));
    expect(bodies).toEqual(made.map(({ keyId }) => ({ caller: expect.objectContaining({ keyId }) })));
  });
});
