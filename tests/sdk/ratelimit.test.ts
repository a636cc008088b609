import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { UnkeyCore } from '../../packages/sdk/src/core.ts';
import { AbortError, ConfigurationError, TimeoutError, UnkeyError } from '../../packages/sdk/src/errors.ts';
import type { AbortSignalLike } from '../../packages/sdk/src/platform.ts';
import {
  type Duration,
  Ratelimit,
  type RatelimitOptions,
  type RatelimitResult,
  toHeaders,
} from '../../packages/sdk/src/ratelimit/index.ts';
import { ForbiddenErrorResponse, GoneErrorResponse } from '../../packages/sdk/src/status-errors.ts';
import { type Service, startService } from '../service.ts';

const hour = 3_600_000;

let service: Service;
let now: number;
beforeAll(async () => {
  service = await startService();
  now = service.clock.now();
});
afterAll(() => service.close());

// The monotonic clock stands still unless a test moves it, so that no result depends on the speed of the test.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The service with the `Date` of its own clock, which is not the machine's. */
const requests: { readonly body: Record<string, unknown>; readonly headers: Record<string, string> }[] = [];
beforeEach(() => {
  requests.length = 0;
});
async function dated(url: string, init: RequestInit): Promise<Response> {
  requests.push({
    body: JSON.parse(String(init.body)),
    headers: init.headers as Record<string, string>,
  });
  const { status, headers, body } = await fetch(url, init);
  const withDate = new Headers(headers);
  withDate.set('date', new Date(service.clock.now()).toUTCString());
  return new Response(body, { status, headers: withDate });
}

const client = (): UnkeyCore =>
  new UnkeyCore({ rootKey: service.rootKey, serverURL: service.url, fetch: dated as never });

function limiter(options: Partial<RatelimitOptions> & { namespace: string }): Ratelimit {
  return new Ratelimit({ unkey: client(), limit: 3, duration: '1h', ...options } as RatelimitOptions);
}

describe('limit', () => {
  test('counts down, denies, and returns the end of the window', async () => {
    const unit = limiter({ namespace: 'counts.down', denials: false });
    const reset = now + hour;
    for (const remaining of [2, 1, 0]) {
      expect(await unit.limit('user_1')).toEqual({
        success: true,
        limit: 3,
        remaining,
        reset,
        isFallback: false,
        isCached: false,
        requestId: expect.stringMatching(/^req_/),
      });
    }
    expect(await unit.limit('user_1')).toMatchObject({ success: false, limit: 3, remaining: 0, reset });
    expect(await unit.limit('user_2')).toMatchObject({ success: true, remaining: 2 });
  });

  test('makes its own client from a root key, a server and a fetch', async () => {
    const unit = new Ratelimit({
      rootKey: () => service.rootKey,
      serverURL: service.url,
      namespace: 'own.client',
      limit: 5,
      duration: 60_000,
    });
    expect(await unit.limit('user_1', { cost: 2 })).toMatchObject({ success: true, remaining: 3 });
  });

  test('takes a cost, a cost of 0, and another limit for one call', async () => {
    const unit = limiter({ namespace: 'costs' });
    expect(await unit.limit('user_1', { cost: 2 })).toMatchObject({ remaining: 1 });
    expect(await unit.limit('user_1', { cost: 0 })).toMatchObject({ success: true, remaining: 1 });
    const wider = { limit: 100, duration: '1h' } as const;
    expect(await unit.limit('user_1', { limit: wider })).toMatchObject({ limit: 100, remaining: 97 });
    expect(requests.map(({ body }) => body)).toEqual([
      { namespace: 'costs', identifier: 'user_1', cost: 2, limit: 3, duration: hour },
      { namespace: 'costs', identifier: 'user_1', cost: 0, limit: 3, duration: hour },
      { namespace: 'costs', identifier: 'user_1', cost: 1, limit: 100, duration: hour },
    ]);
  });

  test('with an idempotencyKey counts once, and returns the same result again', async () => {
    const unit = limiter({ namespace: 'idempotent', limit: 1 });
    const first = await unit.limit('user_1', { idempotencyKey: 'order-1' });
    expect(first).toMatchObject({ success: true, remaining: 0 });
    expect(await unit.limit('user_1', { idempotencyKey: 'order-1' })).toEqual(first);
    expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['order-1', 'order-1']);
  });

  test('rejects with the error of the client, class and all', async () => {
    const { key } = await service.newRootKey(service.workspaceId, ['api.*.read_api']);
    const unit = new Ratelimit({
      rootKey: key,
      serverURL: service.url,
      namespace: 'forbidden',
      limit: 1,
      duration: '1m',
      fallback: { success: true },
    });
    const error = await unit.limit('user_1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ForbiddenErrorResponse);
    expect(error).not.toBeInstanceOf(GoneErrorResponse);
    expect(error).toMatchObject({ status: 403, requestId: expect.stringMatching(/^req_/) });
  });
});

describe('cached denials', () => {
  test('need no request when this process itself used up the limit', async () => {
    const unit = limiter({ namespace: 'memory.spares' });
    for (let call = 0; call < 3; call++) await unit.limit('user_1');
    const cached = await unit.limit('user_1');
    expect(cached).toEqual({
      success: false,
      limit: 3,
      remaining: 0,
      reset: now + hour,
      isFallback: false,
      isCached: true,
    });
    expect(requests).toHaveLength(3);
    expect(await limiter({ namespace: 'memory.spares', denials: false }).limit('user_1')).toMatchObject({
      success: false,
      reset: cached.reset,
      isCached: false,
    });
  });

  test('of a cost of 10 do not deny a cost of 1', async () => {
    const unit = limiter({ namespace: 'memory.cost' });
    expect(await unit.limit('user_1', { cost: 10 })).toMatchObject({ success: false });
    expect(await unit.limit('user_1')).toMatchObject({ success: true, remaining: 2 });
    expect(await unit.limit('user_1', { cost: 10 })).toMatchObject({ success: false, isCached: true });
    expect(await unit.limit('user_1', { cost: 2 })).toMatchObject({ success: true, remaining: 0 });
  });

  test('expire after five seconds, and when an override is set through the limiter', async () => {
    const unit = limiter({ namespace: 'memory.fresh' });
    for (let call = 0; call < 3; call++) await unit.limit('user_1');
    await service.call('ratelimit.setOverride', {
      namespace: 'memory.fresh',
      identifier: 'user_*',
      limit: 4,
      duration: hour,
    });
    expect(await unit.limit('user_1')).toMatchObject({ success: false, isCached: true });
    vi.advanceTimersByTime(5001);
    expect(await unit.limit('user_1')).toMatchObject({ success: true, limit: 4, isCached: false });

    await unit.limit('user_1');
    const { data } = await unit.overrides.set('user_1', { limit: 9, duration: '1h' });
    expect(await unit.limit('user_1')).toMatchObject({
      success: true,
      limit: 9,
      overrideId: data.overrideId,
    });
  });

  test('are not used for calls with an idempotencyKey', async () => {
    const unit = limiter({ namespace: 'memory.idempotent', limit: 1 });
    const first = await unit.limit('user_1', { idempotencyKey: 'order-2' });
    await unit.limit('user_1');
    expect(await unit.limit('user_1', { idempotencyKey: 'order-2' })).toEqual(first);
  });
});

describe('overrides', () => {
  test('are set, found, listed and deleted in the namespace of the limiter', async () => {
    const unit = limiter({ namespace: 'overrides' });
    await unit.limit('user_1');
    const { data: made } = await unit.overrides.set('vip_*', { limit: 1000, duration: '1m' });
    const stored = { overrideId: made.overrideId, identifier: 'vip_*', limit: 1000, duration: 60_000 };
    expect((await unit.overrides.get('vip_7')).data).toEqual(stored);
    await unit.overrides.set('blocked', { limit: 0, duration: 1000 });
    expect(await unit.limit('blocked')).toMatchObject({ success: false, limit: 0 });
    const listed: unknown[] = [];
    for await (const override of unit.overrides.list({ limit: 1 })) listed.push(override);
    expect(listed).toContainEqual(stored);
    expect(listed).toHaveLength(2);
    await unit.overrides.delete('vip_*');
    expect(await unit.overrides.get('vip_7').safe()).toMatchObject({ ok: false, error: { status: 404 } });
  });
});

describe('when the service does not respond', () => {
  let peer: Server;
  let peerURL: string;
  let handler: RequestListener;
  let received: number;
  beforeAll(async () => {
    peer = createServer((request, response) => {
      received++;
      handler(request, response);
    });
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    peerURL = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    received = 0;
  });
  afterAll(() => {
    peer.closeAllConnections();
    peer.close();
  });

  const unreachable = (options: Partial<RatelimitOptions> = {}): Ratelimit =>
    new Ratelimit({
      rootKey: 'root_test',
      serverURL: peerURL,
      namespace: 'peer',
      limit: 3,
      duration: '1m',
      retry: false,
      ...options,
    } as RatelimitOptions);

  const failing: RequestListener = (_, response) => {
    response
      .writeHead(503, { 'content-type': 'application/json' })
      .end('{"meta":{"requestId":"req_1"},"error":{}}');
  };
  const denying: RequestListener = (_, response) => {
    const data = { success: false, limit: 3, remaining: 0, reset: Date.now() + 60_000 };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ meta: { requestId: 'req_1' }, data }));
  };

  test('it rejects at the deadline, and the request is aborted and not retried', async () => {
    const signals: AbortSignalLike[] = [];
    const unit = unreachable({
      timeoutMs: 20,
      retry: {},
      fetch: (_, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const error = await unit.limit('user_1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ message: expect.stringContaining('20 ms') });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('a fallback result has isFallback and the cause', async () => {
    handler = () => {};
    const result = await unreachable({ timeoutMs: 20, fallback: { success: true } }).limit('user_1');
    expect(result).toMatchObject({ success: true, limit: 3, remaining: 0, isFallback: true });
    expect(result.cause).toBeInstanceOf(TimeoutError);
  });

  test.each<[string, Exclude<RatelimitOptions['fallback'], undefined>]>([
    ['a value', { success: false, limit: 7, remaining: 1, reset: 5 }],
    ['a function', () => ({ success: false, limit: 7, remaining: 1, reset: 5 })],
    ['an asynchronous function', async () => ({ success: false, limit: 7, remaining: 1, reset: 5 })],
  ])('the fallback may be %s', async (_, fallback) => {
    handler = failing;
    expect(await unreachable({ fallback }).limit('user_1')).toMatchObject({
      success: false,
      limit: 7,
      remaining: 1,
      reset: 5,
      isFallback: true,
      isCached: false,
      cause: { status: 503, requestId: 'req_1' },
    });
  });

  test('the fallback receives the identifier and the cause', async () => {
    handler = failing;
    const fallback = vi.fn(() => ({ success: true }));
    await unreachable({ fallback }).limit('user_1');
    expect(fallback).toHaveBeenCalledExactlyOnceWith('user_1', expect.objectContaining({ status: 503 }));
  });

  test.each<[string, unknown]>([
    [
      'throws',
      () => {
        throw new Error('of its own');
      },
    ],
    ['rejects', () => Promise.reject(new Error('of its own'))],
    ['returns nothing', () => undefined],
    ['returns true', () => true],
  ])('a fallback that %s does not hide the original error', async (_, fallback) => {
    handler = failing;
    const error = await unreachable({ fallback } as never)
      .limit('user_1')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnkeyError);
    expect(error).toMatchObject({ status: 503 });
  });

  test.each([
    [408, false],
    [429, false],
    [500, false],
    [500, true],
    [502, true],
    [503, false],
  ])(
    '%i (foreign: %s): the fallback does not replace what the refused caller can cause',
    async (status, foreign) => {
      handler = (_, response) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(foreign ? '<h1>down</h1>' : '{"meta":{"requestId":"req_1"},"error":{}}');
      };
      const fallback = vi.fn(() => ({ success: true }));
      await unreachable({ fallback })
        .limit('user_1')
        .catch(() => {});
      expect(fallback).toHaveBeenCalledTimes(foreign || status > 500 ? 1 : 0);
    },
  );

  test('a fallback result is never cached', async () => {
    handler = failing;
    const unit = unreachable({ fallback: { success: false } });
    expect(await unit.limit('user_1')).toMatchObject({ success: false, isFallback: true });
    expect(await unit.limit('user_1')).toMatchObject({ success: false, isFallback: true });
    expect(received).toBe(2);
  });

  test("another process's denial is not replayed", async () => {
    handler = denying;
    const unit = unreachable();
    for (const count of [1, 2]) {
      expect(await unit.limit('user_1')).toMatchObject({ success: false, isCached: false });
      expect(received).toBe(count);
    }
  });

  test('a caller that aborts gets AbortError, not the fallback', async () => {
    handler = () => {};
    const controller = new AbortController();
    const call = unreachable({ fallback: { success: true } }).limit('user_1', { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(AbortError);
  });

  test('a response without a decision is an error, and allows nothing', async () => {
    handler = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"meta":{},"data":{}}');
    };
    const call = unreachable({ fallback: { success: true } }).limit('user_1');
    await expect(call).rejects.toMatchObject({ name: 'ResponseValidationError' });
  });
});

describe('the constructor', () => {
  const given = { rootKey: 'root_test', namespace: 'n', limit: 1, duration: '1m' } as const;

  test.each<Record<string, unknown>>([
    { duration: '1.5s' },
    { duration: '10sec' },
    { duration: '1w' },
    { duration: 0 },
    { duration: '31d' },
    { limit: 0 },
    { limit: 1.5 },
    { limit: '10' },
    { namespace: '' },
    { namespace: undefined },
    { rootKey: 'two\nlines' },
    { fallbak: {} },
    { timeoutMs: Number.NaN },
    { retry: { attempts: 1 } },
  ])('refuses %j at once', (wrong) => {
    expect(() => new Ratelimit({ ...given, ...wrong } as RatelimitOptions)).toThrow(ConfigurationError);
  });

  test.each([
    ['baseUrl', 'serverURL'],
    ['timeout', 'timeoutMs'],
    ['onError', 'fallback'],
    ['cache', 'denials'],
    ['async', 'remove it'],
    ['disableTelemetry', 'remove it'],
  ])('names the replacement of %s of @unkey/ratelimit', (name, instead) => {
    const wrong = { ...given, [name]: undefined } as RatelimitOptions;
    expect(() => new Ratelimit(wrong)).toThrow(new RegExp(`'${name}'.*${instead}`));
  });

  test('takes a client or the options of one, not both', () => {
    const unkey = new UnkeyCore({ rootKey: 'root_test' });
    // @ts-expect-error the root key would have no effect
    expect(() => new Ratelimit({ ...given, unkey })).toThrow(ConfigurationError);
  });

  test('shows no root key when it is printed', async () => {
    const { inspect } = await import('node:util');
    const unit = new Ratelimit({ ...given, rootKey: 'root_secret' });
    expect(inspect(unit, { depth: 9, showHidden: true }) + JSON.stringify(unit)).not.toContain('root_secret');
  });

  test('a limit of one call is checked, too', async () => {
    const unit = new Ratelimit(given);
    const limit = { limit: 1, duration: '1.5s' as Duration };
    await expect(unit.limit('user_1', { limit })).rejects.toBeInstanceOf(ConfigurationError);
    // @ts-expect-error there is no such option
    await expect(unit.limit('user_1', { costs: 1 })).rejects.toBeInstanceOf(ConfigurationError);
  });
});

test('a test of an application needs only a fetch of its own', async () => {
  const data = { success: true, limit: 1, remaining: 0, reset: 0 };
  const unit = new Ratelimit({
    rootKey: 'test',
    namespace: 'test',
    limit: 1,
    duration: '1m',
    fetch: async () => Response.json({ meta: { requestId: 'test' }, data }),
  });
  expect(await unit.limit('anyone')).toMatchObject(data);
});

describe('toHeaders', () => {
  const result: RatelimitResult = {
    success: true,
    limit: 10,
    remaining: 4,
    reset: 61_500,
    isFallback: false,
    isCached: false,
  };

  test('returns limit, remaining and seconds until the window ends', () => {
    expect(toHeaders(result, 60_000)).toEqual({
      'RateLimit-Limit': '10',
      'RateLimit-Remaining': '4',
      'RateLimit-Reset': '2',
    });
  });

  test('adds Retry-After to a denial, at least 1', () => {
    expect(toHeaders({ ...result, success: false }, 60_000)).toMatchObject({ 'Retry-After': '2' });
    expect(toHeaders({ ...result, success: false }, 99_000)).toMatchObject({
      'RateLimit-Reset': '0',
      'Retry-After': '1',
    });
  });
});
