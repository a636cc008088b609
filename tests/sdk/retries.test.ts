import { type Operation, type OperationId, operationIds, operations } from '@unkey-ts/contract';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import {
  type ClientOptions,
  ConnectionError,
  type IdempotentCallOptions,
  type RetryContext,
  type RetryOptions,
  Unkey,
  UnkeyCore,
  type UnkeyError,
} from '../../packages/sdk/src/index.ts';
import { protect } from '../../packages/sdk/src/middleware/web.ts';
import { nodeFetch } from '../../packages/sdk/src/node/index.ts';
import { Ratelimit } from '../../packages/sdk/src/ratelimit/index.ts';
import { failureOf } from './failure-of.ts';
import {
  halfResponse,
  ok,
  refusal,
  refusedURL,
  reset,
  resetAfterHead,
  respond,
  type Step,
  stall,
  startPeer,
} from './scripted-peer.ts';

const peer = await startPeer();
afterAll(() => peer.close());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Pauses of 0 ms, so that no test waits, and the number of attempts after an ambiguous failure. */
const retry: RetryOptions = { initialIntervalMs: 0, maxAttempts: 3 };
const options = (): ClientOptions => ({ rootKey: 'root_key', serverURL: peer.url, retry });
const client = (more: ClientOptions = {}): Unkey => new Unkey({ ...options(), ...more });

function asAnyone(id: OperationId): Operation {
  return operations[id];
}

/** The attempts of the client when an operation fails once in this way. */
async function attemptsAfter(
  step: Step,
  call: () => PromiseLike<unknown>,
): Promise<{ attempts: number; isSuccess: boolean }> {
  peer.plays(step, ok());
  const isSuccess = await Promise.resolve(call()).then(
    () => true,
    () => false,
  );
  return { attempts: peer.requests.length, isSuccess };
}

const once = { attempts: 1, isSuccess: false };
const twice = { attempts: 2, isSuccess: true };

const ambiguous: [string, Step][] = [
  ['a reset', reset],
  ['a reset after the head', resetAfterHead],
  ['half of a response', halfResponse],
  ['a 500', refusal(500)],
  ['a 502 from a proxy', respond(502, '<html>', { 'content-type': 'text/html' })],
  ['a 504 from a proxy', respond(504, '', {})],
  ['a 408', refusal(408)],
];
const unprocessed: [string, Step][] = [
  ['a 429', refusal(429)],
  ['a 503', refusal(503)],
  ['a 429 with Retry-After', refusal(429, {}, { 'retry-after': '0' })],
  ['a 409 with Retry-After: the first request is still running', refusal(409, {}, { 'retry-after': '0' })],
];

describe('an ambiguous failure is retried', () => {
  const expected = (id: OperationId) => (asAnyone(id).mode === 'spend' ? once : twice);
  const request = (id: OperationId): object | null =>
    asAnyone(id).method === 'GET' ? null : (asAnyone(id).example.request as object);

  test.each(operationIds)('%s: unless it spends', async (id) => {
    for (const [, step] of ambiguous) {
      const call = () => client().request<object>(`/v2/${id}`, request(id));
      expect(await attemptsAfter(step, call)).toEqual(expected(id));
    }
  });

  test.each(operationIds)(
    '%s: by UnkeyCore unless it spends, creates, or changes by an amount',
    async (id) => {
      const small = () => new UnkeyCore(options()).request<object>(`/v2/${id}`, request(id));
      expect(await attemptsAfter(reset, small)).toEqual(asAnyone(id).idempotent === true ? twice : once);
      expect(peer.requests[0]?.headers).not.toHaveProperty('idempotency-key');
    },
  );

  test.each(operationIds)(
    '%s: with a generated idempotency key exactly if the service stores its response',
    async (id) => {
      await attemptsAfter(reset, () => client().request<object>(`/v2/${id}`, request(id)));
      const keys = peer.requests.map(({ headers }) => headers['idempotency-key']);
      if (asAnyone(id).idempotency === 'durable') {
        expect(keys).toEqual([expect.stringMatching(/^\d+(-\d+){3}$/), keys[0]]);
      } else {
        expect(new Set(keys)).toEqual(new Set([undefined]));
      }
    },
  );
});

describe('a call that spends', () => {
  const spending: [string, (unkey: Unkey, options?: IdempotentCallOptions) => PromiseLike<unknown>][] = [
    ['verifyKey', (unkey, options) => unkey.keys.verifyKey({ key: 'a_key' }, options)],
    [
      'limit',
      (unkey, options) =>
        unkey.ratelimit.limit({ namespace: 'n', identifier: 'i', limit: 1, duration: 1000 }, options),
    ],
    [
      'multiLimit',
      (unkey, options) =>
        unkey.ratelimit.multiLimit([{ namespace: 'n', identifier: 'i', limit: 1, duration: 1000 }], options),
    ],
  ];

  describe.each(spending)('%s', (_, spend) => {
    test.each(ambiguous)('is not retried after %s', async (_what, step) => {
      expect(await attemptsAfter(step, () => spend(client()))).toEqual(once);
    });
    test.each(unprocessed)('is retried after %s', async (_what, step) => {
      expect(await attemptsAfter(step, () => spend(client()))).toEqual(twice);
    });
    test.each(ambiguous)('with an idempotencyKey is retried after %s', async (_what, step) => {
      const call = () => spend(client(), { idempotencyKey: 'mine' });
      expect(await attemptsAfter(step, call)).toEqual(twice);
      expect(peer.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', 'mine']);
    });
    test('is retried after a refused connection', async () => {
      const serverURL = await refusedURL();
      const error = await failureOf(spend(client({ serverURL })));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ attempts: 3, retryable: true });
    });
    // The messages of runtimes for failures that this machine cannot produce.
    test.each([
      ['connect ECONNREFUSED 10.0.0.1:443', 3],
      ['getaddrinfo ENOTFOUND api.example.com', 3],
      ['getaddrinfo EAI_AGAIN api.example.com', 3],
      ['connect EHOSTUNREACH 10.0.0.1:443', 3],
      ['connect ENETUNREACH 10.0.0.1:443', 3],
      ['Connect Timeout Error', 3],
      ['Unable to connect. Is the computer able to access the url?', 3],
      ['tcp connect error: Connection refused (os error 111)', 3],
      ['read EHOSTUNREACH', 1],
      ['write ENETUNREACH', 1],
      ['read ECONNRESET', 1],
      ['other side closed', 1],
    ])('after the error %j of the runtime makes %d attempts', async (words, attempts) => {
      const fetch = async () => {
        throw new TypeError('fetch failed', { cause: new Error(words) });
      };
      expect(await failureOf(spend(client({ fetch })))).toMatchObject({ name: 'ConnectionError', attempts });
    });
  });
});

describe('an unknown operation', () => {
  test.each([
    'things.makeThing',
    'keys.updateCreditsBy',
    'keys.addCredits',
    'things.removeOne',
    'keys.useKey',
    'things.getThing',
    'things.setThing',
  ])('%s is not retried after an ambiguous failure', async (id) => {
    expect(await attemptsAfter(reset, () => client().request(`/v2/${id}`, {}))).toEqual(once);
    expect(await attemptsAfter(refusal(503), () => client().request(`/v2/${id}`, {}))).toEqual(twice);
  });
  test('is retried if it is a GET', async () => {
    expect(await attemptsAfter(reset, () => client().request('/v2/things.status', null))).toEqual(twice);
  });
  test('is retried with an idempotencyKey, which all attempts carry', async () => {
    const call = () => client().request('/v2/things.makeThing', {}, { idempotencyKey: 'mine' });
    expect(await attemptsAfter(reset, call)).toEqual(twice);
    expect(peer.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', 'mine']);
  });
  test.each(['/v2/keys.verifyKey', '/keys.verifyKey'] as const)(
    'may be a path, and a known one stays known: %s',
    async (path) => {
      expect(await attemptsAfter(reset, () => client().request<object>(path, { key: 'k' }))).toEqual(once);
      expect(peer.requests[0]?.path).toBe('/v2/keys.verifyKey');
    },
  );
});

describe('the idempotency key', () => {
  test('is new for each call', async () => {
    peer.plays(ok());
    const unkey = client();
    for (let call = 0; call < 20; call++) await unkey.apis.createApi({ name: 'a' });
    const keys = peer.requests.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(20);
  });

  test('of the caller is sent instead', async () => {
    await attemptsAfter(reset, () => client().apis.createApi({ name: 'a' }, { idempotencyKey: 'mine' }));
    expect(peer.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', 'mine']);
  });

  test('that the option headers removes protects nothing, so there are no retries', async () => {
    const headers = { 'Idempotency-Key': null };
    const create = () => client().apis.createApi({ name: 'a' }, { headers });
    expect(await attemptsAfter(reset, create)).toEqual(once);
    expect(peer.requests[0]?.headers).not.toHaveProperty('idempotency-key');
  });

  test('may be passed as a header, too', async () => {
    const headers = { 'Idempotency-Key': 'mine' };
    const verify = () => client().keys.verifyKey({ key: 'k' }, { headers });
    expect(await attemptsAfter(reset, verify)).toEqual(twice);
  });
});

describe.each([
  undefined,
  'https://api.unkey.com',
  'https://API.unkey.com:443/',
  'http://api.unkey.com/prefix',
])('the hosted service (%s), which ignores the idempotency key', (serverURL) => {
  async function attempts(
    call: (unkey: Unkey) => PromiseLike<unknown>,
    failure: () => Promise<Response>,
  ): Promise<number> {
    const sent = vi.fn(failure);
    const { serverURL: _, ...rest } = options();
    const unkey = new Unkey({ ...rest, ...(serverURL !== undefined && { serverURL }), fetch: sent });
    await failureOf(call(unkey));
    return sent.mock.calls.length;
  }
  const lost = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('read ECONNRESET') }));
  const envelope = { meta: {}, error: {} };
  const failed = () => Promise.resolve(Response.json(envelope, { status: 500 }));
  const busy = () => Promise.resolve(Response.json(envelope, { status: 503 }));

  test('gets a creating call once after an ambiguous failure', async () => {
    const calls = operationIds.filter((id) => asAnyone(id).idempotency === 'durable');
    for (const id of calls) {
      const call = (unkey: Unkey) =>
        unkey.request<object>(`/v2/${id}`, asAnyone(id).example.request as object);
      expect(await attempts(call, lost)).toBe(1);
      expect(await attempts(call, failed)).toBe(1);
      expect(await attempts(call, busy)).toBe(3);
    }
  });
  test('gets a spending call once after an ambiguous failure, even with an idempotencyKey', async () => {
    const verify = (unkey: Unkey) => unkey.keys.verifyKey({ key: 'k' }, { idempotencyKey: 'mine' });
    expect(await attempts(verify, lost)).toBe(1);
    expect(await attempts(verify, busy)).toBe(3);
  });
  test('gets a read twice', async () => {
    expect(await attempts((unkey) => unkey.keys.getKey({ keyId: 'key_1' }), lost)).toBe(3);
  });
});

describe('attempts', () => {
  const getApi = (unkey: Unkey, options?: IdempotentCallOptions) =>
    unkey.apis.getApi({ apiId: 'api_1' }, options);

  test.each<[string, RetryOptions | false | undefined, RetryOptions | false | undefined, number]>([
    ['three times', undefined, undefined, 3],
    ['the maximum of the client', { maxAttempts: 5 }, undefined, 5],
    ['the maximum of the call', { maxAttempts: 5 }, { maxAttempts: 2 }, 2],
    ['once with retry: false', false, undefined, 1],
    ['once with retry: false for the call', { maxAttempts: 5 }, false, 1],
    ['the maximum of the call, although the client forbids retries', false, { maxAttempts: 2 }, 2],
    ['the maximum of the client, when the call sets another option', { maxAttempts: 2 }, { exponent: 1 }, 2],
    ['once when maxAttempts is 0', { maxAttempts: 0 }, undefined, 1],
  ])('%s', async (_, ofClient, ofCall, attempts) => {
    const hurried = (policy: RetryOptions | false | undefined) =>
      policy && { initialIntervalMs: 0, ...policy };
    peer.plays(refusal(500));
    const unkey = client({ retry: hurried(ofClient) ?? (ofClient === false ? false : retry) });
    const error = await failureOf(getApi(unkey, { retry: ofCall === false ? false : hurried(ofCall) }));
    expect(error).toMatchObject({ status: 500, attempts });
    expect(peer.requests).toHaveLength(attempts);
  });

  test.each([400, 401, 403, 404, 405, 409, 410, 412, 413, 422, 307, 302, 304])(
    'once at a %i',
    async (status) => {
      peer.plays(refusal(status));
      await failureOf(getApi(client()));
      expect(peer.requests).toHaveLength(1);
    },
  );

  test('at the configured statuses only', async () => {
    const statusCodes = [404, '5XX'] as const;
    const chosen = { retry: { ...retry, statusCodes } };
    expect(await attemptsAfter(refusal(404), () => getApi(client(chosen)))).toEqual(twice);
    expect(await attemptsAfter(refusal(501), () => getApi(client(chosen)))).toEqual(twice);
    expect(await attemptsAfter(refusal(429), () => getApi(client(chosen)))).toEqual(once);
  });

  test('once after a lost connection with retryConnectionErrors: false', async () => {
    const chosen = { retry: { ...retry, retryConnectionErrors: false } };
    expect(await attemptsAfter(reset, () => getApi(client(chosen)))).toEqual(once);
    expect(await attemptsAfter(refusal(500), () => getApi(client(chosen)))).toEqual(twice);
  });

  test('once after a complete response that is not the API’s', async () => {
    const proxy = respond(200, '<html>', { 'content-type': 'text/html' });
    expect(await attemptsAfter(proxy, () => getApi(client()))).toEqual(once);
  });

  test('the response has the number of attempts', async () => {
    peer.plays(reset, refusal(503), ok());
    const { response } = await getApi(client()).withResponse();
    expect(response.attempts).toBe(3);
  });
});

describe('pauses', () => {
  /** A refusal without a network, because fake timers would stop its timers, too. */
  const refused =
    (status: number, retryAfter?: string): NonNullable<ClientOptions['fetch']> =>
    async () => {
      const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      return new Response('{}', { status, headers });
    };

  /** The pauses before the attempts of a call that never succeeds, without waiting for them. */
  async function pauses(
    fetch: NonNullable<ClientOptions['fetch']>,
    policy: RetryOptions = {},
  ): Promise<number[]> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'], now: Date.now() });
    const found: number[] = [];
    const onRetry = ({ delayMs }: RetryContext) => void found.push(delayMs);
    const unkey = client({ timeoutMs: 0, retry: policy, fetch, hooks: { onRetry } });
    const failed = failureOf(unkey.apis.getApi({ apiId: 'api_1' }));
    await vi.runAllTimersAsync();
    await failed;
    return found;
  }

  test('any time up to initialIntervalMs × exponent^n, at most maxIntervalMs', async () => {
    const random = vi.spyOn(Math, 'random');
    for (const drawn of [0, 0.5, 0.999]) {
      random.mockReturnValue(drawn);
      const found = await pauses(refused(500), { maxAttempts: 7 });
      expect(found).toEqual([200, 400, 800, 1600, 2000, 2000].map((longest) => longest * drawn));
    }
    random.mockReturnValue(0.5);
    const chosen = { maxAttempts: 5, initialIntervalMs: 10, exponent: 3, maxIntervalMs: 100 };
    expect(await pauses(refused(500), chosen)).toEqual([5, 15, 45, 50]);
  });

  test('spread over the whole interval', async () => {
    const found: number[] = [];
    for (let call = 0; call < 30; call++) {
      found.push(...(await pauses(refused(500), { maxAttempts: 2 })));
    }
    expect(found).toHaveLength(30);
    for (const pause of found) expect(pause).toBeLessThan(200);
    expect(new Set(found).size).toBeGreaterThan(25);
  });

  test.each([429, 503, 500, 408])('Retry-After in seconds, on a %i', async (status) => {
    const found = await pauses(refused(status, '17'), { maxAttempts: 2, maxIntervalMs: 1000 });
    expect(found).toEqual([17_000]);
  });

  test('Retry-After as a date', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2030, 0, 1, 12, 0, 0) });
    const found = await pauses(refused(429, 'Tue, 01 Jan 2030 12:00:09 GMT'), { maxAttempts: 2 });
    expect(found).toEqual([9000]);
  });

  test.each(['0', '-5', 'Tue, 01 Jan 2019 12:00:09 GMT'])(
    'none when Retry-After is over: %s',
    async (text) => {
      expect(await pauses(refused(429, text))).toEqual([0, 0]);
    },
  );

  test.each(['soon', ''])('the usual pause for an invalid Retry-After: %j', async (text) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const found = await pauses(refused(429, text), { maxAttempts: 2 });
    expect(found).toEqual([100]);
  });

  test('a Retry-After that is longer than the deadline ends the call at once, with the refusal', async () => {
    peer.plays(refusal(429, {}, { 'retry-after': '11' }));
    const error = await failureOf(client().apis.getApi({ apiId: 'api_1' }));
    expect(error).toMatchObject({ status: 429, attempts: 1, retryable: true });
  });

  test('a Retry-After of years does not become a pause of 0 ms, even without a deadline', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const fetch = vi.fn(refused(429, '99999999'));
    const controller = new AbortController();
    const unkey = client({ timeoutMs: 0, fetch });
    const failed = failureOf(unkey.apis.getApi({ apiId: 'api_1' }, { signal: controller.signal }));
    await vi.advanceTimersByTimeAsync(86_400_000);
    controller.abort();
    expect(await failed).toMatchObject({ name: 'AbortError', attempts: 1 });
    // A longer timer fires immediately.
    expect(Math.max(...timers.mock.calls.map(([, delayMs]) => delayMs ?? 0))).toBe(2 ** 31 - 1);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test('maxElapsedMs: no attempt starts later', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const policy = { maxAttempts: 100, maxElapsedMs: 1000 };
    const found = await pauses(refused(500), policy);
    // 100 + 200 + 400 = 700; another 800 would be too late.
    expect(found).toEqual([100, 200, 400]);
  });
});

describe('until the deadline', () => {
  const connectionRefused: NonNullable<ClientOptions['fetch']> = async () => {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });
  };
  const own503: NonNullable<ClientOptions['fetch']> = async () =>
    Response.json({ meta: {}, error: {} }, { status: 503 });
  const success = async () => Response.json({ meta: {}, data: { valid: true } });

  /** A service that comes back after a while, on the clock of the test. */
  async function verifyDuring(
    down: NonNullable<ClientOptions['fetch']>,
    { backAfterMs, ...options }: ClientOptions & { backAfterMs: number },
  ) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const startedAt = performance.now();
    const fetch: NonNullable<ClientOptions['fetch']> = (...request) =>
      performance.now() - startedAt < backAfterMs ? down(...request) : success();
    const unkey = new Unkey({ rootKey: 'root_key', serverURL: peer.url, fetch, ...options });
    const result = unkey.keys
      .verifyKey({ key: 'a_key' })
      .withResponse()
      .then(
        ({ response }) => ({ isSuccess: true, attempts: response.attempts }),
        ({ attempts, name }: UnkeyError) => ({ isSuccess: false, attempts, name }),
      );
    await vi.advanceTimersByTimeAsync(60_000);
    return { ...(await result), tookMs: performance.now() - startedAt };
  }

  test.each([
    ['a refused connection', connectionRefused],
    ['a 503 of the service', own503],
  ])('%s: a restart causes no error, whatever the pauses', async (_, down) => {
    for (const drawn of [0, 0.3, 0.99]) {
      vi.spyOn(Math, 'random').mockReturnValue(drawn);
      if (drawn === 0) continue;
      for (const backAfterMs of [100, 600, 1500, 2500]) {
        expect(await verifyDuring(down, { backAfterMs })).toMatchObject({ isSuccess: true });
        vi.useRealTimers();
      }
    }
  });

  test('a service that stays down fails the call with its own error, without a busy loop', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    for (const retry of [undefined, { initialIntervalMs: 0 }]) {
      const { attempts, ...result } = await verifyDuring(connectionRefused, { backAfterMs: 1e6, retry });
      expect(result).toMatchObject({ isSuccess: false, name: 'ConnectionError' });
      expect(attempts).toBeGreaterThan(5);
      expect(attempts).toBeLessThan(100);
      vi.useRealTimers();
    }
  });

  test.each<[string, Response | undefined, number]>([
    ['429', Response.json({ meta: {}, error: {} }, { status: 429 }), 3],
    ['503 of a proxy', new Response('no upstream', { status: 503 }), 1],
    ['a reset', undefined, 1],
  ])('not after %s', async (_, response, attempts) => {
    const down = async () => response?.clone() ?? Promise.reject(new Error('read ECONNRESET'));
    expect(await verifyDuring(down, { backAfterMs: 1e6 })).toMatchObject({ isSuccess: false, attempts });
  });

  test('maxAttempts bounds it, and without any deadline it is three', async () => {
    const away = { backAfterMs: 1e6 };
    const bounded = { ...away, retry: { maxAttempts: 2 } };
    expect(await verifyDuring(connectionRefused, bounded)).toMatchObject({ attempts: 2 });
    vi.useRealTimers();
    expect(await verifyDuring(connectionRefused, { ...away, timeoutMs: 0 })).toMatchObject({ attempts: 3 });
  });

  test('maxElapsedMs alone: attempts for that long, after any failure that is retried', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const fetch = vi.fn(async () => Response.json({ meta: {}, error: {} }, { status: 500 }));
    const retry = { maxElapsedMs: 5000 };
    const unkey = new Unkey({ rootKey: 'root_key', serverURL: peer.url, fetch, retry, timeoutMs: 0 });
    const failed = failureOf(unkey.apis.getApi({ apiId: 'api_1' }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await failed).toMatchObject({ status: 500 });
    expect(fetch.mock.calls.length).toBeGreaterThan(5);
  });
});

describe('the wait that a response requests', () => {
  async function retryAfterOf(headers: Record<string, string>, status = 429) {
    peer.plays(refusal(status, {}, headers));
    const error = await failureOf(client({ retry: false }).apis.getApi({ apiId: 'api_1' }));
    return error.retryAfterMs;
  }

  test('Retry-After-Ms takes precedence over Retry-After; errors have it', async () => {
    expect(await retryAfterOf({ 'retry-after-ms': '250', 'retry-after': '9' })).toBe(250);
    expect(await retryAfterOf({ 'retry-after-ms': 'soon', 'retry-after': '9' })).toBe(9000);
    expect(await retryAfterOf({ 'retry-after': '9' })).toBe(9000);
    expect(await retryAfterOf({})).toBeUndefined();
  });

  test('of two headers the first counts, with either transport', async () => {
    const now = Date.now();
    const later = new Date(now + 3_600_000).toUTCString();
    const step =
      (first: string, second: string): Step =>
      (socket) =>
        void socket.end(
          `HTTP/1.1 429 Busy\r\nretry-after: ${first}\r\nretry-after: ${second}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
        );
    for (const fetch of [undefined, nodeFetch()]) {
      peer.plays(step('3', '9'));
      expect(await failureOf(client({ retry: false, fetch }).liveness())).toMatchObject({
        retryAfterMs: 3000,
      });
      peer.plays(step(later, 'Tue, 01 Jan 2019 12:00:09 GMT'));
      const error = await failureOf(client({ retry: false, fetch }).liveness());
      expect(error.retryAfterMs).toBeGreaterThan(3_500_000);
    }
  });

  test('RateLimit-Reset counts on a 429 without Retry-After', async () => {
    const limits = { 'ratelimit-limit': '9', 'ratelimit-remaining': '0', 'ratelimit-reset': '60' };
    peer.plays(refusal(429, {}, limits), ok());
    expect(await failureOf(client().apis.getApi({ apiId: 'api_1' }))).toMatchObject({ attempts: 1 });
    peer.plays(refusal(500, {}, limits), ok());
    await client().apis.getApi({ apiId: 'api_1' });
  });
});

describe('spendOnce', () => {
  const body = {
    valid: true,
    code: 'VALID',
    keyId: 'key_1',
    success: true,
    limit: 1,
    remaining: 0,
    reset: 0,
  };
  const request = () => new Request('http://x/', { headers: { authorization: 'Bearer some_key' } });
  const shared = { rootKey: 'root_key', serverURL: peer.url, retry, spendOnce: true };
  const spends: [string, () => PromiseLike<unknown>][] = [
    ['verifyKey', () => client({ spendOnce: true }).keys.verifyKey({ key: 'k' })],
    ['middleware', () => protect(shared)(request())],
    [
      'Ratelimit',
      () => new Ratelimit({ ...shared, namespace: 'n', limit: 1, duration: 1000 }).limit('user_1'),
    ],
  ];

  test.each(spends)(
    '%s is retried after a lost connection, with one idempotency key per call',
    async (_, spend) => {
      peer.plays(reset, ok(body));
      await spend();
      const keys = peer.requests.map(({ headers }) => headers['idempotency-key']);
      expect(keys).toEqual([expect.stringMatching(/^\d+(-\d+){3}$/), keys[0]]);
    },
  );
});

test('no script of failures makes more attempts than allowed, and a spending call is never retried after an ambiguous failure', async () => {
  const failures: [string, Step, boolean][] = [
    ['reset', reset, true],
    ['resetAfterHead', resetAfterHead, true],
    ['halfResponse', halfResponse, true],
    ['500', refusal(500), true],
    ['502', respond(502, '<html>', {}), true],
    ['429', refusal(429, {}, { 'retry-after': '0' }), false],
    ['503', refusal(503), false],
    ['404', refusal(404), false],
    ['ok', ok(), false],
  ];
  const script = fc.array(fc.constantFrom(...failures), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      script,
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      async (played, most, isSpending) => {
        const [first, ...rest] = played.map(([, step]) => step);
        peer.plays(first as Step, ...rest);
        const unkey = client({ retry: { ...retry, maxAttempts: most } });
        const call = isSpending ? unkey.keys.verifyKey({ key: 'k' }) : unkey.apis.createApi({ name: 'a' });
        const result = await call.withResponse().then(
          ({ response }) => response.attempts,
          ({ attempts }: UnkeyError) => attempts,
        );
        const { length } = peer.requests;
        expect(result).toBe(length);
        expect(length).toBeLessThanOrEqual(most);
        if (!isSpending) return;
        const doubtful = played.findIndex(([, , isDoubtful]) => isDoubtful);
        if (doubtful >= 0) expect(length).toBeLessThanOrEqual(doubtful + 1);
      },
    ),
    { seed: 20_261_123, numRuns: 150 },
  );
});

test('a stalled response is not retried: the deadline covers all attempts', async () => {
  peer.plays(stall);
  expect(await failureOf(client({ timeoutMs: 2000 }).apis.getApi({ apiId: 'api_1' }))).toMatchObject({
    name: 'TimeoutError',
    attempts: 1,
  });
  expect(peer.requests).toHaveLength(1);
});
