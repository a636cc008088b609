import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  APIError,
  ConfigurationError,
  ConnectionError,
  type Fetch,
  ResponseValidationError,
  TimeoutError,
  Unkey,
  UnkeyCore,
} from '../index.ts';
import { type Principal, protect, type Refusal, type VerifiedKey, type WebOptions } from './web.ts';

const now = Date.UTC(2026, 10, 15, 12, 0, 0);
const valid = { valid: true, code: 'VALID', keyId: 'key_1' };

interface Step {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Responses of a service, one after the other; the last one again and again. */
function scripted(...steps: Step[]) {
  const bodies: Record<string, unknown>[] = [];
  const fetch: Fetch = async (_url, init) => {
    const { status = 200, body, headers } = steps[Math.min(bodies.length, steps.length - 1)] ?? {};
    bodies.push(JSON.parse(init.body ?? ''));
    const text =
      typeof body === 'string' ? body : JSON.stringify({ meta: { requestId: 'req_1' }, ...(body as object) });
    return new Response(text, { status, headers: { date: new Date(now).toUTCString(), ...headers } });
  };
  return { fetch, bodies };
}

function answering(...steps: Step[]): { fetch: Fetch } {
  return { fetch: scripted(...steps).fetch };
}

function verdict(data: unknown): Step {
  return { body: { data } };
}

function failure(status: number, code: string, headers: Record<string, string> = {}): Step {
  return { status, headers, body: { error: { detail: `Because of ${code}.`, type: `https://x/y/${code}` } } };
}

function asking(authorization: string | null = 'Bearer secret_key', init: RequestInit = {}): Request {
  return new Request('http://shop.test/things?team=a', {
    headers: authorization === null ? {} : { authorization },
    ...init,
  });
}

/** The result of a request: the caller, or the response. */
async function outcomeOf(options: WebOptions, request = asking()) {
  const errors: unknown[] = [];
  const refusals: Refusal[] = [];
  const guard = protect({
    ...(!options.unkey && { rootKey: 'root_secret', serverURL: 'http://127.0.0.1:9', retry: false }),
    onError: (error) => void errors.push(error),
    onRefused: (refusal) => void refusals.push(refusal),
    ...options,
  } as WebOptions);
  const caller = await guard(request);
  const response = caller instanceof Response ? caller : undefined;
  const text = await response?.clone().text();
  return {
    caller: caller instanceof Response ? undefined : caller,
    status: response?.status,
    headers: response?.headers ?? new Headers(),
    text: text ?? '',
    code: text?.startsWith('{') ? JSON.parse(text).error?.code : undefined,
    errors,
    refusal: refusals[0],
  };
}

describe('the verdict on a key', () => {
  test.each([
    ['NOT_FOUND', 401, 'Bearer error="invalid_token"'],
    ['DISABLED', 401, 'Bearer error="invalid_token"'],
    ['EXPIRED', 401, 'Bearer error="invalid_token"'],
    ['INSUFFICIENT_PERMISSIONS', 403, 'Bearer error="insufficient_scope"'],
    ['FORBIDDEN', 403, null],
    ['RATE_LIMITED', 429, null],
    ['USAGE_EXCEEDED', 429, null],
    ['SOMETHING_NEWER', 403, null],
    // Not to be confused with what an object has by itself.
    ['constructor', 403, null],
  ])('%s is %d', async (code, status, challenge) => {
    const data = { valid: false, code, keyId: 'key_1' };
    const outcome = await outcomeOf(answering(verdict(data)));
    expect(outcome).toMatchObject({ caller: undefined, status, code, errors: [] });
    expect(outcome.headers.get('www-authenticate')).toBe(challenge);
    expect(outcome.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(outcome.headers.has('retry-after')).toBe(false);
    expect(outcome.refusal).toMatchObject({ reason: code, status, verification: data });
  });

  test('VALID lets the caller in, with all that is known of the key', async () => {
    const data = {
      ...valid,
      name: 'Laptop',
      permissions: ['a'],
      identity: { id: 'id_1', externalId: 'u' },
      newer: 1,
    };
    const { caller, errors } = await outcomeOf(answering(verdict(data)));
    expect(caller).toEqual({ ...data, requestId: 'req_1', responseHeaders: {}, isUnverified: false });
    expect(errors).toEqual([]);
  });

  test('unknown members of newer services do not change the verdict', async () => {
    const newer = { isUnverified: true, responseHeaders: 1, reason: 'NOT_FOUND', status: 401, cause: 'x' };
    const { caller, errors } = await outcomeOf(answering(verdict({ ...valid, ...newer })));
    expect(caller).toMatchObject({ keyId: 'key_1', isUnverified: false, responseHeaders: {} });
    expect(errors).toEqual([]);
  });

  test.each([
    ['valid is a text', { ...valid, valid: 'true' }],
    ['valid is a number', { ...valid, valid: 1 }],
    ['valid is missing', { code: 'VALID', keyId: 'key_1' }],
    ['there is no key id', { valid: true, code: 'VALID' }],
    ['there is no code', { valid: false }],
    ['data is null', null],
    ['data is missing', undefined],
    ['limits are none', { ...valid, ratelimits: 7 }],
    ['a limit is none', { ...valid, ratelimits: [null, null] }],
  ])('a response is refused when %s', async (_, data) => {
    for (const onOutage of ['deny', 'allow'] as const) {
      const outcome = await outcomeOf({ ...answering(verdict(data)), onOutage });
      expect(outcome).toMatchObject({ caller: undefined, status: 500, code: 'INTERNAL_ERROR' });
      expect(outcome.errors).toHaveLength(1);
    }
  });

  test('a response that contradicts itself is refused', async () => {
    expect(await outcomeOf(answering(verdict({ ...valid, valid: false })))).toMatchObject({ status: 403 });
  });
});

describe('RateLimit headers', () => {
  const limit = { id: 'rl_1', name: 'requests', limit: 10, duration: 60_000, autoApply: true };
  const passing = { ...limit, exceeded: false, remaining: 4, reset: now + 30_000 };
  const scarce = { ...limit, name: 'writes', exceeded: false, limit: 5, remaining: 0, reset: now + 9_000 };
  const exceeded = { ...scarce, exceeded: true, reset: now + 7_001 };
  const longer = { ...exceeded, limit: 3, reset: now + 90_000 };

  function rateLimitOf(headers: Headers) {
    return ['limit', 'remaining', 'reset'].map((name) => headers.get(`ratelimit-${name}`));
  }

  test('tell of the limit that refused, and when to come again', async () => {
    const data = { valid: false, code: 'RATE_LIMITED', ratelimits: [passing, exceeded, scarce] };
    const { headers } = await outcomeOf(answering(verdict(data)));
    expect(rateLimitOf(headers)).toEqual(['5', '0', '8']);
    expect(headers.get('retry-after')).toBe('8');
  });

  test('tell of the longest wait when several limits refused', async () => {
    const data = { valid: false, code: 'RATE_LIMITED', ratelimits: [exceeded, longer, passing] };
    const { headers } = await outcomeOf(answering(verdict(data)));
    expect(rateLimitOf(headers)).toEqual(['3', '0', '90']);
    expect(headers.get('retry-after')).toBe('90');
  });

  test('of a key without credits ask for no wait that would not help', async () => {
    const data = { valid: false, code: 'USAGE_EXCEEDED', credits: 0, ratelimits: [passing] };
    const { headers } = await outcomeOf(answering(verdict(data)));
    expect(rateLimitOf(headers)).toEqual(['10', '4', '30']);
    expect(headers.has('retry-after')).toBe(false);
  });

  test('are there for responses to valid keys: of the tightest limit', async () => {
    const { caller } = await outcomeOf(answering(verdict({ ...valid, ratelimits: [passing, scarce] })));
    expect(rateLimitOf(new Headers(caller?.responseHeaders))).toEqual(['5', '0', '9']);
  });
});

describe('a request without a key', () => {
  test.each([
    [null, 'MISSING_KEY', 'Bearer'],
    ['', 'MISSING_KEY', 'Bearer'],
    ['Basic dXNlcjpwYXNz', 'MISSING_KEY', 'Bearer'],
    ['Bearer', 'MISSING_KEY', 'Bearer'],
    ['Bearer one two', 'MALFORMED_KEY', 'Bearer error="invalid_token"'],
    [`Bearer ${'x'.repeat(513)}`, 'MALFORMED_KEY', 'Bearer error="invalid_token"'],
  ])('gets a response without a call of the service: %j', async (authorization, code, challenge) => {
    const { fetch, bodies } = scripted(verdict(valid));
    const outcome = await outcomeOf({ fetch, onOutage: 'allow' }, asking(authorization));
    expect(outcome).toMatchObject({ caller: undefined, status: 401, code, errors: [] });
    expect(outcome.headers.get('www-authenticate')).toBe(challenge);
    expect(bodies).toEqual([]);
  });

  test.each([undefined, null, ''])('is one whose getKey finds %j', async (found) => {
    const outcome = await outcomeOf({ ...answering(verdict(valid)), getKey: () => found });
    expect(outcome).toMatchObject({ status: 401, code: 'MISSING_KEY' });
  });

  test('is one whose getKey finds something else than a text', async () => {
    const outcome = await outcomeOf({ ...answering(verdict(valid)), getKey: () => ['a', 'b'] as never });
    expect(outcome).toMatchObject({ status: 401, code: 'MALFORMED_KEY' });
  });
});

describe('what is asked', () => {
  test('the key alone, unless told otherwise', async () => {
    const { fetch, bodies } = scripted(verdict(valid));
    await outcomeOf({ fetch });
    expect(bodies).toEqual([{ key: 'secret_key' }]);
  });

  test('values are sent as they are', async () => {
    const { fetch, bodies } = scripted(verdict(valid));
    const asked = {
      permissions: 'a OR b',
      ratelimits: [{ name: 'requests', cost: 2 }],
      credits: { cost: 3 },
      tags: ['x=y'],
      migrationId: 'old',
    };
    await outcomeOf({ fetch, ...asked });
    expect(bodies).toEqual([{ key: 'secret_key', ...asked }]);
  });

  test('functions get the request, and may be slow', async () => {
    const { fetch, bodies } = scripted(verdict(valid));
    await outcomeOf({
      fetch,
      getKey: async (request) => request.headers.get('authorization')?.slice(7),
      permissions: (request) => `team.${new URL(request.url).searchParams.get('team')}`,
      ratelimits: async () => [{ name: 'requests' }],
      credits: (request) => ({ cost: request.method === 'GET' ? 0 : 1 }),
      tags: async (request) => [new URL(request.url).pathname],
      migrationId: () => null,
    });
    expect(bodies).toEqual([
      {
        key: 'secret_key',
        permissions: 'team.a',
        ratelimits: [{ name: 'requests' }],
        credits: { cost: 0 },
        tags: ['/things'],
      },
    ]);
  });

  test.each(['getKey', 'permissions', 'ratelimits', 'credits', 'tags', 'unkey'])(
    'a function %s that fails lets nobody in, not even during an outage',
    async (name) => {
      const cause = new TimeoutError('Another service was slow.', { retryable: true });
      const { fetch, bodies } = scripted(verdict(valid));
      for (const fail of [
        () => Promise.reject(cause),
        () => {
          throw cause;
        },
      ]) {
        const options = { ...(name !== 'unkey' && { fetch }), onOutage: 'allow', [name]: fail };
        const outcome = await outcomeOf(options as unknown as WebOptions);
        expect(outcome).toMatchObject({
          caller: undefined,
          status: 500,
          code: 'INTERNAL_ERROR',
          errors: [cause],
        });
      }
      expect(bodies).toEqual([]);
    },
  );
});

describe('a mistake of ours is not shown as the caller’s', () => {
  test.each([
    [401, 'key_not_found'],
    [403, 'insufficient_permissions'],
    [400, 'permissions_query_syntax_error'],
    [404, 'workspace_not_found'],
    [412, 'precondition_failed'],
    [302, 'moved'],
  ])('%d of the service', async (status, code) => {
    for (const onOutage of ['deny', 'allow'] as const) {
      const outcome = await outcomeOf({ ...answering(failure(status, code)), onOutage });
      expect(outcome).toMatchObject({ caller: undefined, status: 500, code: 'INTERNAL_ERROR' });
      expect(outcome.errors).toEqual([expect.any(APIError)]);
      expect(outcome.refusal?.cause).toBe(outcome.errors[0]);
      expect(outcome.text).not.toMatch(new RegExp(`${code}|Because|secret`));
    }
  });

  test('a page of some proxy', async () => {
    const page = { body: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } };
    const outcome = await outcomeOf({ ...answering(page), onOutage: 'allow' });
    expect(outcome).toMatchObject({ caller: undefined, status: 500, code: 'INTERNAL_ERROR' });
    expect(outcome.errors).toEqual([expect.any(ResponseValidationError)]);
  });

  test('but a key that a migration cannot read is', async () => {
    const outcome = await outcomeOf({ ...answering(failure(400, 'malformed')), migrationId: 'old' });
    expect(outcome).toMatchObject({ status: 401, code: 'MALFORMED_KEY', errors: [] });
  });
});

describe('an outage', () => {
  const outages: [string, Step, string][] = [
    ['500', failure(500, 'unexpected_error'), '5'],
    ['503', failure(503, 'service_unavailable', { 'retry-after': '17' }), '17'],
    ['502 of a proxy', { status: 502, body: '<html>Bad gateway</html>' }, '5'],
    ['408', failure(408, 'request_timeout'), '5'],
    ['a workspace over its limit', failure(429, 'workspace_rate_limited', { 'retry-after': '0' }), '1'],
  ];

  test.each(outages)('is 503 with a time to wait: %s', async (_, step, seconds) => {
    const outcome = await outcomeOf(answering(step));
    expect(outcome).toMatchObject({ caller: undefined, status: 503, code: 'UNAVAILABLE' });
    expect(outcome.headers.get('retry-after')).toBe(seconds);
    expect(outcome.errors).toEqual([expect.any(APIError)]);
    expect(outcome.refusal?.cause).toBe(outcome.errors[0]);
  });

  // A 500 of the service itself is a fault in one request, which its caller may have caused.
  const ofService = outages.filter(([name]) => name.startsWith('5') && name !== '500');
  test.each(ofService)('lets keys pass unverified where that is wanted: %s', async (_, step) => {
    const { caller, errors } = await outcomeOf({ ...answering(step), onOutage: 'allow' });
    expect(caller).toEqual({ isUnverified: true, cause: errors[0], responseHeaders: {} });
    expect(errors).toEqual([expect.any(APIError)]);
  });

  // Made-up keys can use up the workspace's own limit.
  test.each(outages.filter((outage) => !ofService.includes(outage)))(
    'that callers can cause lets nobody in: %s',
    async (_, step) => {
      const outcome = await outcomeOf({ ...answering(step), onOutage: 'allow' });
      expect(outcome).toMatchObject({ caller: undefined, status: 503, code: 'UNAVAILABLE' });
    },
  );

  const servers: { close(): void; closeAllConnections(): void }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function silentServer(): Promise<{ url: string; close(): Promise<void> }> {
    const server = createServer(() => {});
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, close: () => new Promise((resolve) => server.close(() => resolve())) };
  }

  test('is a port without a listener', async () => {
    const { url, close } = await silentServer();
    await close();
    const denied = await outcomeOf({ serverURL: url });
    expect(denied).toMatchObject({ caller: undefined, status: 503, code: 'UNAVAILABLE' });
    expect(denied.errors).toEqual([expect.any(ConnectionError)]);
    const { caller, errors } = await outcomeOf({ serverURL: url, onOutage: 'allow' });
    expect(caller).toEqual({ isUnverified: true, cause: errors[0], responseHeaders: {} });
  });

  test('a service that does not respond in time', async () => {
    const { url } = await silentServer();
    const unkey = new UnkeyCore({ rootKey: 'root_secret', serverURL: url });
    for (const client of [{ serverURL: url }, { unkey }]) {
      const denied = await outcomeOf({ ...client, timeoutMs: 20 });
      expect(denied).toMatchObject({ caller: undefined, status: 503, code: 'UNAVAILABLE' });
      expect(denied.errors).toEqual([expect.any(TimeoutError)]);
    }
  });

  test('is not a caller who has disconnected', async () => {
    const { url } = await silentServer();
    const controller = new AbortController();
    const waiting = outcomeOf(
      {
        serverURL: url,
        onOutage: 'allow',
        hooks: { beforeRequest: () => setTimeout(() => controller.abort(), 0) as never },
      },
      asking(undefined, { signal: controller.signal }),
    );
    expect(await waiting).toMatchObject({ caller: undefined, status: 499, code: 'ABORTED' });
    const { fetch, bodies } = scripted(verdict(valid));
    const gone = await outcomeOf(
      { fetch, onOutage: 'allow' },
      asking(undefined, { signal: AbortSignal.abort() }),
    );
    expect(gone).toMatchObject({ caller: undefined, status: 499 });
    expect(bodies).toEqual([]);
  });

  test('is not a client that was closed', async () => {
    const unkey = new UnkeyCore({ rootKey: 'root_secret', ...answering(verdict(valid)) });
    unkey.close();
    const outcome = await outcomeOf({ unkey, onOutage: 'allow' });
    expect(outcome).toMatchObject({ caller: undefined, status: 500 });
  });
});

describe('onRefused', () => {
  const refusedKey = answering(verdict({ valid: false, code: 'EXPIRED' }));

  test('replaces what it gives, and keeps the rest', async () => {
    const outcome = await outcomeOf({
      ...refusedKey,
      onRefused: async ({ reason }, request) => ({
        headers: { 'X-Reason': reason, 'content-TYPE': 'application/problem+json' },
        body: { title: new URL(request.url).pathname },
      }),
    });
    expect(outcome.status).toBe(401);
    expect(outcome.text).toBe('{"title":"/things"}');
    expect(outcome.headers.get('x-reason')).toBe('EXPIRED');
    expect(outcome.headers.get('content-type')).toBe('application/problem+json');
    expect(outcome.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  test('may send a text, or nothing', async () => {
    const text = await outcomeOf({ ...refusedKey, onRefused: () => ({ status: 418, body: 'No.' }) });
    expect(text).toMatchObject({ status: 418, text: 'No.' });
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const nothing = await outcomeOf({ ...refusedKey, onRefused: () => ({ body: null }) });
    expect(nothing).toMatchObject({ status: 401, text: '' });
    expect(nothing.headers.has('content-type')).toBe(false);
  });

  test('may give a response', async () => {
    const response = Response.redirect('http://shop.test/login');
    const guard = protect({ rootKey: 'r', ...refusedKey, onRefused: () => response });
    expect(await guard(asking())).toBe(response);
  });

  test.each([
    ['it throws', () => Promise.reject(new Error('no'))],
    ['its body cannot be written', () => ({ body: 7n })],
  ])('changes nothing when %s', async (_, onRefused) => {
    const outcome = await outcomeOf({ ...refusedKey, onRefused: onRefused as WebOptions['onRefused'] });
    expect(outcome).toMatchObject({ caller: undefined, status: 401, code: 'EXPIRED' });
    expect(outcome.errors).toEqual([expect.any(Error)]);
  });
});

describe('onError', () => {
  test('may return a response, which allows nobody; onRefused replaces it', async () => {
    const broken = answering(failure(500, 'x'));
    const onError = () => ({ status: 502, body: 'of onError' });
    expect(await outcomeOf({ ...broken, onError })).toMatchObject({ status: 502, text: 'of onError' });
    expect(await outcomeOf({ ...broken, onError, onRefused: () => ({ status: 418 }) })).toMatchObject({
      status: 418,
      text: 'of onError',
    });
    const whole = async () => new Response('whole', { status: 501 });
    expect(await outcomeOf({ ...broken, onError: whole })).toMatchObject({ status: 501, text: 'whole' });
    const unreachable = answering(failure(503, 'x'));
    const allowed = await outcomeOf({ ...unreachable, onError: whole, onOutage: 'allow' });
    expect(allowed.caller).toMatchObject({ isUnverified: true });
  });

  test('that fails is logged, with the error that it was called for', async () => {
    const lines: string[] = [];
    const logged = vi.spyOn(console, 'error').mockImplementation((line) => void lines.push(line));
    const onError = () => Promise.reject(new Error('The log is full.'));
    await outcomeOf({ ...answering(failure(500, 'broken')), onError });
    logged.mockRestore();
    expect(lines).toEqual([
      'unkey-ts: the key could not be verified. APIError: Because of broken.',
      'unkey-ts: the key could not be verified. Error: The log is full.',
    ]);
  });

  test('gets the request, and changes nothing by failing', async () => {
    const onError = vi.fn(() => Promise.reject(new Error('The log is full.')));
    const request = asking();
    const denied = await outcomeOf({ ...answering(failure(500, 'x')), onError }, request);
    expect(denied).toMatchObject({ caller: undefined, status: 503 });
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(APIError), request);
    const allowed = await outcomeOf({ ...answering(failure(503, 'x')), onError, onOutage: 'allow' });
    expect(allowed.caller).toMatchObject({ isUnverified: true });
  });

  test('left out, failures are a line on the error stream, without secrets', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const echo = failure(401, 'x');
      const body = { error: { detail: 'No root_secret and no secret_key here.' } };
      await outcomeOf({ ...answering({ ...echo, body }), onError: undefined });
      expect(error).toHaveBeenCalledOnce();
      expect(error.mock.calls[0]?.[0]).toMatch(
        /^unkey-ts: .*APIError: No \[redacted\] and no \[redacted\] here\.$/,
      );
      await outcomeOf({ onError: undefined }, asking(undefined, { signal: AbortSignal.abort() }));
      await outcomeOf({ ...answering(verdict({ valid: false, code: 'NOT_FOUND' })), onError: undefined });
      expect(error).toHaveBeenCalledOnce();
    } finally {
      error.mockRestore();
    }
  });
});

describe('options', () => {
  test.each([
    [{ permission: 'documents.read' }, /Unknown option 'permission'/],
    [{ handleInvalidKey: () => {} }, /Unknown option 'handleInvalidKey'/],
    [{ onOutage: 'Allow' }, /onOutage/],
    [{ onOutage: true }, /onOutage/],
    [
      { unkey: new UnkeyCore({ rootKey: 'a' }), serverURL: 'http://127.0.0.1:9' },
      /'serverURL' has no effect/,
    ],
    [{ serverURL: 'ftp://x' }, /serverURL/],
    [{ timeoutMs: Number.NaN }, /timeoutMs NaN/],
  ])('%j is refused at once, in production as well', (options, message) => {
    vi.stubEnv('NODE_ENV', 'production');
    vi.stubEnv('UNKEY_ROOT_KEY', 'root');
    try {
      expect(() => protect(options as unknown as WebOptions)).toThrow(message);
      expect(() => protect(options as unknown as WebOptions)).toThrow(ConfigurationError);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('a client is an option, or found for each request', async () => {
    const { fetch, bodies } = scripted(verdict(valid));
    const clients = [new UnkeyCore({ rootKey: 'a', fetch }), new Unkey({ rootKey: 'b', fetch })];
    for (const client of clients) {
      for (const unkey of [client, () => client]) {
        expect(await protect({ unkey })(asking())).toMatchObject({ keyId: 'key_1' });
      }
    }
    expect(bodies).toHaveLength(4);
  });
});

test('types: an unverified caller is only where outages let requests pass', () => {
  const never = () => new UnkeyCore();
  expectTypeOf(protect({ unkey: never })).returns.resolves.toEqualTypeOf<Response | VerifiedKey>();
  expectTypeOf(protect({ unkey: never, onOutage: 'deny' })).returns.resolves.toEqualTypeOf<
    Response | VerifiedKey
  >();
  expectTypeOf(protect({ unkey: never, onOutage: 'allow' })).returns.resolves.toEqualTypeOf<
    Response | Principal
  >();
  expectTypeOf<VerifiedKey['keyId']>().toEqualTypeOf<string>();
  expectTypeOf<Principal['keyId']>().toEqualTypeOf<string | undefined>();
  protect({
    unkey: never,
    permissions: (request) => {
      expectTypeOf(request).toEqualTypeOf<Request>();
      return null;
    },
  });
  // @ts-expect-error the name is permissions
  expect(() => protect({ unkey: never, permission: 'a' })).toThrow();
  // @ts-expect-error either a client or the options of one
  expect(() => protect({ unkey: never, rootKey: 'a' })).toThrow();
});
