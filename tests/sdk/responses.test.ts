import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { operationIds, operations } from '@unkey-ts/contract';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import {
  APIError,
  type ClientOptions,
  type Fetch,
  NotFoundErrorResponse,
  ResponseValidationError,
  ServiceUnavailableErrorResponse,
  TimeoutError,
  Unkey,
  UnkeyCore,
} from '../../packages/sdk/src/index.ts';
import { protect } from '../../packages/sdk/src/middleware/web.ts';
import { nodeFetch } from '../../packages/sdk/src/node/index.ts';
import { Ratelimit } from '../../packages/sdk/src/ratelimit/index.ts';
import { failureOf } from './failure-of.ts';
import { ok, page, refusal, respond, startPeer } from './scripted-peer.ts';

const peer = await startPeer();
afterAll(() => peer.close());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

const rootKey = 'unkey_rootkey_needle';
const client = (options: ClientOptions = {}): Unkey =>
  new Unkey({ rootKey, serverURL: peer.url, retry: { initialIntervalMs: 0 }, ...options });
const getApi = (unkey: Unkey) => unkey.apis.getApi({ apiId: 'api_1' });

const open: (() => void)[] = [];
afterAll(() => {
  for (const close of open) close();
});

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an error response that is not one of the service', () => {
  const html = { 'content-type': 'text/html' };
  const foreign = [
    respond(404, '<html>', html),
    respond(404, { error: { detail: 'gone', type: 'https://x/key_not_found' } }),
    respond(404, { meta: { requestId: 'r' } }),
    respond(404, { meta: null, error: {} }),
    respond(404, { meta: {}, error: 'not found' }),
    respond(404, []),
  ];

  test('is an APIError with foreign: true, and no class of a status', async () => {
    for (const step of foreign) {
      peer.plays(step);
      const error = await failureOf(getApi(client()));
      expect(error).toBeInstanceOf(APIError);
      expect(error).not.toBeInstanceOf(NotFoundErrorResponse);
      expect(error).toMatchObject({
        name: 'APIError',
        status: 404,
        foreign: true,
        code: undefined,
        errors: [],
      });
    }
    peer.plays(refusal(404));
    expect(await failureOf(getApi(client()))).toMatchObject({
      name: 'NotFoundErrorResponse',
      foreign: false,
    });
  });

  test.each([503, 429, 409])('%i: a spend is not retried, a read is', async (status) => {
    const proxy = respond(status, 'no healthy upstream', {
      'content-type': 'text/plain',
      'retry-after': '0',
    });
    const small = new UnkeyCore({ rootKey, serverURL: peer.url, retry: { initialIntervalMs: 0 } });
    for (const unkey of [client(), small]) {
      peer.plays(proxy, ok({ valid: true }));
      const error = await failureOf(unkey.request('keys.verifyKey', { key: 'a_key' }));
      expect(error).toMatchObject({ status, foreign: true, attempts: 1 });
      peer.plays(proxy, ok());
      await unkey.request('apis.getApi', { apiId: 'api_1' });
      expect(peer.requests).toHaveLength(2);
      peer.plays(refusal(status, {}, { 'retry-after': '0' }), ok({ valid: true }));
      await unkey.request('keys.verifyKey', { key: 'a_key' });
      expect(peer.requests).toHaveLength(2);
    }
    expect(await failureOf(Promise.reject(new APIError('x', { status: 503 })))).toBeInstanceOf(
      ServiceUnavailableErrorResponse,
    );
  });

  test('in middleware it is an outage or an error, never a decision about the key', async () => {
    for (const [status, expected] of [
      [401, 500],
      [404, 500],
      [429, 503],
      [502, 503],
    ] as const) {
      peer.plays(respond(status, '<html>', html));
      const guard = protect({ rootKey, serverURL: peer.url, retry: false, onError: () => {} });
      const response = await guard(new Request('http://x/', { headers: { authorization: 'Bearer k' } }));
      expect((response as Response).status).toBe(expected);
    }
  });
});

describe('a successful response without the envelope is a ResponseValidationError', () => {
  const malformed: unknown[] = [
    { meta: {} },
    { meta: null, data: {} },
    { meta: 'text', data: {} },
    { data: {} },
    null,
    [],
    'text',
  ];
  const withoutData = operationIds.filter((id) => operations[id].output === null);
  const others = operationIds.filter((id) => operations[id].output !== null);

  test.each(others)('%s', async (id) => {
    for (const body of malformed) {
      peer.plays(respond(200, body));
      const { method, example } = operations[id];
      const error = await failureOf(
        (client() as { request(id: string, body: unknown): PromiseLike<unknown> }).request(
          id,
          method === 'GET' ? null : example.request,
        ),
      );
      expect(error).toBeInstanceOf(ResponseValidationError);
      expect(error).toMatchObject({ status: 200, foreign: true, retryable: false });
    }
  });

  test('an operation without data accepts a response without data', async () => {
    expect(withoutData).toEqual(['identities.deleteIdentity']);
    peer.plays(respond(200, { meta: {} }));
    await client().identities.deleteIdentity({ identity: 'id_1' });
    peer.plays(respond(200, { meta: {} }));
    await client().request('/v2/things.newer');
  });

  test.each(['text', null, 0])('a decision whose data is %j', async (data) => {
    peer.plays(ok(data));
    expect(await failureOf(client().keys.verifyKey({ key: 'k' }))).toBeInstanceOf(ResponseValidationError);
    const limiter = new Ratelimit({ unkey: client(), namespace: 'n', limit: 1, duration: 1000 });
    expect(await failureOf(limiter.limit('user_1'))).toBeInstanceOf(ResponseValidationError);
  });

  test.each([{}, 'text', 5])('a list whose data is %j', async (data) => {
    peer.plays(page(data, { hasMore: false }));
    const error = await failureOf(client().permissions.listRoles());
    expect(error).toBeInstanceOf(ResponseValidationError);
  });
});

describe('the size of a response is bounded', () => {
  const bytes = 1_000_000;
  const bodies: [string, RequestListener][] = [
    ['with a length', (_, response) => response.setHeader('content-length', bytes).end('a'.repeat(bytes))],
    [
      'in chunks',
      (_, response) => {
        for (let sent = 0; sent < bytes; sent += 10_000) response.write('a'.repeat(10_000));
        response.end();
      },
    ],
  ];

  test.each(bodies)('%s', async (_, listener) => {
    const serverURL = await serving(listener);
    for (const fetch of [undefined, nodeFetch({ maxResponseBytes: 50_000 }), nodeFetch()]) {
      const unkey = client({ serverURL, fetch, maxResponseBytes: 50_000 });
      const error = await failureOf(getApi(unkey));
      expect(error).toBeInstanceOf(ResponseValidationError);
      expect(error).toMatchObject({ message: 'The response has more than 50000 bytes.', attempts: 1 });
    }
    expect(await failureOf(getApi(client({ serverURL })))).toMatchObject({ foreign: true });
  });

  test('after decompression, and a call may set its own', async () => {
    const packed = gzipSync(JSON.stringify({ meta: {}, data: { large: 'a'.repeat(bytes) } }));
    const serverURL = await serving((_, response) =>
      response
        .writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(packed.length) })
        .end(packed),
    );
    const unkey = client({ serverURL, maxResponseBytes: 100_000 });
    expect(packed.length).toBeLessThan(100_000);
    expect(await failureOf(getApi(unkey))).toBeInstanceOf(ResponseValidationError);
    const { data } = await unkey.apis.getApi({ apiId: 'api_1' }, { maxResponseBytes: 2_000_000 });
    expect(data).toHaveProperty('large');
  });

  test('the default is 32 MiB, and an endless stream ends at it or at the deadline', async () => {
    const chunk = 'a'.repeat(2 ** 20);
    let sent = 0;
    const serverURL = await serving((_, response) => {
      sent = 0;
      const write = (): void => {
        while (!response.destroyed && response.write(chunk)) sent++;
        sent++;
      };
      response.on('drain', write);
      write();
    });
    for (const fetch of [undefined, nodeFetch()]) {
      const error = await failureOf(getApi(client({ serverURL, fetch, timeoutMs: 0 })));
      expect(error.message).toBe('The response has more than 33554432 bytes.');
      expect(sent).toBeLessThan(64);
    }
    const late = await failureOf(
      getApi(client({ serverURL, timeoutMs: 1, maxResponseBytes: Number.POSITIVE_INFINITY })),
    );
    expect(late).toBeInstanceOf(TimeoutError);
  });

  test('text is decoded correctly wherever chunks are split', async () => {
    const text = JSON.stringify({ meta: {}, data: { text: 'žluťoučký 🔑 '.repeat(50) } });
    const serverURL = await serving(async (_, response) => {
      for (const byte of Buffer.from(text)) {
        response.write(Buffer.of(byte));
        if (byte > 127) await new Promise(setImmediate);
      }
      response.end();
    });
    expect(await getApi(client({ serverURL }))).toEqual(JSON.parse(text));
  });
});

describe('secrets are redacted', () => {
  const key = 'prod_verified_needle';
  const everywhere = (secret: string) => ({
    detail: `detail ${secret}`,
    title: `title ${secret}`,
    type: `https://unkey.com/docs/errors/${secret}`,
    errors: [{ location: secret, message: `message ${secret}`, fix: secret, nested: { received: [secret] } }],
  });

  test.each([
    ['the key of the request', key, {}],
    ['the root key', rootKey, {}],
    ['another authorization', 'other_authorization', { authorization: 'Bearer other_authorization' }],
    ['a key that JSON escapes', 'a"b\\c"d\\e"f', {}],
  ])('%s, wherever an error response repeats it', async (_, secret, headers) => {
    const sent = secret.startsWith('a"') ? secret : key;
    for (const status of [400, 401, 418, 500]) {
      peer.plays(refusal(status, everywhere(secret)));
      const error = await failureOf(client({ retry: false }).keys.verifyKey({ key: sent }, { headers }));
      const shown = [
        error.message,
        error.type,
        error.code,
        error.error,
        error.errors,
        error.data,
        error.stack,
      ];
      for (const text of [JSON.stringify(shown), JSON.stringify(error), inspect(error), error.body ?? '']) {
        expect(text).toContain('[redacted]');
        expect(text).not.toContain(secret);
        expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
      }
    }
    peer.plays(respond(200, `no JSON ${secret}`));
    const error = await failureOf(client().keys.verifyKey({ key: sent }, { headers }));
    expect(error.body).toBe('no JSON [redacted]');
  });

  test('short ones are not: they are parts of other words', async () => {
    for (const short of ['t', 'e', 'error', '1234567']) {
      peer.plays(refusal(404, { detail: 'There is nothing, 1234567.' }));
      const unkey = client({ rootKey: short });
      const error = await failureOf(unkey.keys.verifyKey({ key: short }));
      expect(error.message).toBe('There is nothing, 1234567.');
    }
  });

  test('a key cannot make a response look foreign', async () => {
    for (const hostile of ['"error":{', '{"meta":{"requestId"', '"requestId"', 'requestId', 'application']) {
      peer.plays(refusal(404));
      const error = await failureOf(client().keys.verifyKey({ key: hostile }));
      expect(error).toMatchObject({ name: 'NotFoundErrorResponse', foreign: false, requestId: 'req_peer' });
    }
  });
});

describe('no response comes from a cache', () => {
  const enveloped = () => Response.json({ meta: {}, data: { valid: true, keyId: 'key_1' } });

  test('cache: no-store is set only in runtimes that support it', async () => {
    const fetch = vi.fn<Fetch>(async () => enveloped());
    await client({ fetch }).keys.verifyKey({ key: 'k' });
    expect(fetch.mock.calls[0]?.[1].cache).toBe('no-store');
    class Request {}
    for (const runtime of [Request, undefined]) {
      vi.stubGlobal('Request', runtime);
      await client({ fetch }).keys.verifyKey({ key: 'k' });
      expect(fetch.mock.lastCall?.[1]).not.toHaveProperty('cache');
    }
  });

  test('of a fetch that caches as Next.js 14 does', async () => {
    // Next.js patches the global fetch: the same URL, method, headers and body give the stored response.
    const stored = new Map<string, string>();
    let processed = 0;
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      const name = JSON.stringify([url, init.method, init.headers, init.body]);
      const text = stored.get(name);
      if (text !== undefined && init.cache !== 'no-store') return new Response(text);
      processed++;
      const response = await enveloped().text();
      stored.set(name, response);
      return new Response(response);
    });
    const guard = protect({ rootKey });
    const request = () => new Request('http://x/', { headers: { authorization: 'Bearer some_key' } });
    for (let call = 0; call < 3; call++) await guard(request());
    for (let call = 0; call < 3; call++) await new Unkey({ rootKey }).keys.verifyKey({ key: 'k' });
    expect(processed).toBe(6);
  });
});

describe('a client whose methods are replaced', () => {
  const request = () => new Request('http://x/', { headers: { authorization: 'Bearer some_key' } });
  const verified = { meta: { requestId: 'req_1' }, data: { valid: true, code: 'VALID', keyId: 'key_1' } };
  const limited = {
    meta: { requestId: 'req_1' },
    data: { success: false, limit: 1, remaining: 0, reset: 0 },
  };

  test('is used by middleware and limiters as it is', async () => {
    const unkey = client({ fetch: () => Promise.reject(new Error('The service was called.')) });
    vi.spyOn(unkey.keys, 'verifyKey').mockImplementation(() => Promise.resolve(verified) as never);
    vi.spyOn(unkey.ratelimit, 'limit').mockImplementation(() => Promise.resolve(limited) as never);
    expect(await protect({ unkey })(request())).toMatchObject({ keyId: 'key_1', requestId: 'req_1' });
    const limiter = new Ratelimit({ unkey, namespace: 'n', limit: 1, duration: 1000 });
    expect(await limiter.limit('user_1')).toMatchObject({ success: false, requestId: 'req_1' });
  });

  test('an object with request alone is enough', async () => {
    const unkey = { request: vi.fn(async (id: string) => (id === 'keys.verifyKey' ? verified : limited)) };
    expect(await protect({ unkey })(request())).toMatchObject({ keyId: 'key_1' });
    const limiter = new Ratelimit({ unkey, namespace: 'n', limit: 1, duration: 1000 });
    expect((await limiter.limit('user_1')).success).toBe(false);
    expect(unkey.request).toHaveBeenCalledTimes(2);
  });

  test.each([undefined, null, {}, { data: {} }, { data: { valid: 'yes', keyId: 'k' } }])(
    'one that resolves to %j allows nobody',
    async (value) => {
      const unkey = client();
      vi.spyOn(unkey.keys, 'verifyKey').mockImplementation(() => Promise.resolve(value) as never);
      const guard = protect({ unkey, onOutage: 'allow', onError: () => {} });
      expect(((await guard(request())) as Response).status).toBe(500);
    },
  );
});

describe('UNKEY_DEBUG and debug', () => {
  test.each(['environment', 'option'])('write a line for middleware and limiters: %s', async (way) => {
    const lines: string[] = [];
    vi.spyOn(console, 'error').mockImplementation((line) => void lines.push(line));
    if (way === 'environment') vi.stubEnv('UNKEY_DEBUG', '1');
    const debug = way === 'option' ? { debug: (line: string) => void lines.push(line) } : undefined;
    const options = { rootKey, serverURL: peer.url, ...(debug && { debug }) };
    peer.plays(ok({ valid: true, code: 'VALID', keyId: 'key_1', success: true }));
    const request = new Request('http://x/', { headers: { authorization: 'Bearer some_needle_key' } });
    await protect(options)(request);
    await new Ratelimit({ ...options, namespace: 'n', limit: 1, duration: 1000 }).limit('user_1');
    expect(lines).toEqual([
      expect.stringMatching(/^unkey: POST \/v2\/keys\.verifyKey 200/),
      expect.stringMatching(/^unkey: POST \/v2\/ratelimit\.limit 200/),
    ]);
    expect(lines.join()).not.toContain('needle');
  });
});
