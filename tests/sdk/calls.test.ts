import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  AbortError,
  Call,
  type ClientOptions,
  ConfigurationError,
  type Fetch,
  NotFoundErrorResponse,
  TooManyRequestsErrorResponse,
  Unkey,
  UnkeyCore,
} from '../../packages/sdk/src/index.ts';
import { type Service, startService } from '../service.ts';
import { failureOf } from './failure-of.ts';
import { ok, refusal, type ScriptedPeer, stall, startPeer } from './scripted-peer.ts';

let peer: ScriptedPeer;
let service: Service;
beforeAll(async () => {
  peer = await startPeer();
  service = await startService();
});
afterAll(async () => {
  await service.close();
  await peer.close();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const client = (options: ClientOptions = {}): Unkey =>
  new Unkey({ rootKey: 'root_key', serverURL: peer.url, retry: false, ...options });
const getApi = (unkey: Unkey) => unkey.apis.getApi({ apiId: 'api_1' });

describe('a call', () => {
  test('is sent when it is made, and once, however often it is awaited', async () => {
    const fetch = vi.fn<Fetch>(async () => new Response('{"meta":{"requestId":"r"},"data":{}}'));
    const call = getApi(client({ fetch }));
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(1), 30_000);
    await Promise.all([
      call,
      call.then(),
      call.safe(),
      call.withResponse(),
      call.withResponse(),
      call.finally(),
    ]);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test('sends the request as it was at the time of the call', async () => {
    peer.plays(ok());
    const request = { apiId: 'api_1' };
    const call = client({ rootKey: async () => 'root_key' }).apis.getApi(request);
    request.apiId = 'api_2';
    await call;
    expect(peer.bodies()).toEqual([{ apiId: 'api_1' }]);
  });

  test('works wherever a promise works', async () => {
    peer.plays(ok({ id: 'api_1' }));
    const unkey = client();
    const data = { id: 'api_1' };
    expect(await Promise.all([getApi(unkey), getApi(unkey)])).toMatchObject([{ data }, { data }]);
    expect(await Promise.resolve(getApi(unkey))).toMatchObject({ data });
    expect(await getApi(unkey).then(({ data: { id } }) => id)).toBe('api_1');
    expect(Object.prototype.toString.call(getApi(unkey))).toBe('[object Call]');
    expect(getApi(unkey)).toBeInstanceOf(Call);
    const last = vi.fn();
    await getApi(unkey).finally(last);
    expect(last).toHaveBeenCalledTimes(1);
    peer.plays(refusal(404));
    expect(await getApi(unkey).catch(({ status }) => status)).toBe(404);
    expect(await Promise.allSettled([getApi(unkey)])).toMatchObject([{ status: 'rejected' }]);
  });

  test('never rejects with safe(), not even for a request that cannot be sent', async () => {
    peer.plays(refusal(404));
    const failed = await getApi(client()).safe();
    expect(failed).toEqual({ ok: false, error: expect.any(NotFoundErrorResponse) });
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    expect(await client().request('/v2/things.getThing', cyclic).safe()).toMatchObject({ ok: false });
    const failing = () => Promise.reject(new Error('vault'));
    expect(await getApi(client({ rootKey: failing })).safe()).toMatchObject({
      ok: false,
      error: { message: 'The function rootKey failed: vault', attempts: 0, operation: 'apis.getApi' },
    });
    peer.plays(ok({ id: 'api_1' }));
    expect(await getApi(client()).safe()).toMatchObject({ ok: true, value: { data: { id: 'api_1' } } });
  });

  test('that fails is one unhandled rejection without a handler, and none with one', async () => {
    const unhandled: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (error) => unhandled.push(error));
    try {
      const fetch: Fetch = async () => Response.json({ meta: {}, error: {} }, { status: 404 });
      await getApi(client({ fetch })).safe();
      await getApi(client({ fetch })).catch(() => undefined);
      await client({ fetch }).permissions.listRoles().safe();
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
      getApi(client({ fetch }));
      await vi.waitFor(() => expect(unhandled).toHaveLength(1), 30_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([expect.any(NotFoundErrorResponse)]);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });

  test('calls the rootKey function once per call, for all its attempts', async () => {
    let count = 0;
    const rootKey = () => `root_key_${++count}`;
    peer.plays(refusal(503), ok());
    const unkey = client({ rootKey, retry: { initialIntervalMs: 0 } });
    await getApi(unkey);
    await getApi(unkey);
    expect(peer.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer root_key_1',
      'Bearer root_key_1',
      'Bearer root_key_2',
    ]);
  });

  test.each([
    ['abc', 'Bearer abc'],
    ['bearer abc', 'bearer abc'],
    ['Bearer abc', 'Bearer abc'],
  ])('sends the root key %j as %j', async (rootKey, sent) => {
    peer.plays(ok());
    await getApi(client({ rootKey }));
    expect(peer.requests[0]?.headers.authorization).toBe(sent);
  });
});

describe('withResponse', () => {
  test('has status, headers, attempts and the limit of the workspace', async () => {
    const { workspaceId, rootKey } = await service.newWorkspace();
    await service.app.services.storage.write((store) =>
      store.workspaces.update(workspaceId, { requestsPerMinute: 2 }),
    );
    const unkey = new Unkey({ rootKey, serverURL: service.url, retry: false });
    const list = () => unkey.identities.listIdentities().withResponse();
    const { response } = await list();
    expect(response).toMatchObject({ status: 200, attempts: 1, rateLimit: { limit: 2, remaining: 1 } });
    expect(response.rateLimit?.resetAfterMs).toBeGreaterThan(0);
    expect(response.headers.get('Content-Type')).toContain('application/json');
    expect((await list()).response.rateLimit).toMatchObject({ remaining: 0 });
    const result = await unkey.identities.listIdentities().safe();
    expect(result.error).toBeInstanceOf(TooManyRequestsErrorResponse);
    expect(result.error?.rateLimit).toMatchObject({ limit: 2, remaining: 0 });
  });

  test('leaves the body as it was: no additional enumerable member', async () => {
    peer.plays(ok({ id: 'api_1' }));
    const response = await getApi(client()).withResponse();
    expect(Object.keys(response)).toEqual(['meta', 'data']);
    expect(response.response.rateLimit).toBeUndefined();
  });
});

describe('a client that is closed', () => {
  test('aborts its calls and refuses later ones, however it was closed', async () => {
    const ways: ((unkey: Unkey) => void)[] = [(unkey) => unkey.close(), (unkey) => unkey[Symbol.dispose]()];
    for (const close of ways) {
      peer.plays(stall);
      const unkey = client();
      const running = [getApi(unkey).safe(), unkey.permissions.listRoles().safe()];
      await peer.arrived(2);
      close(unkey);
      for (const { error } of await Promise.all(running)) expect(error).toBeInstanceOf(AbortError);
      const late = await getApi(unkey).safe();
      expect(late.error).toBeInstanceOf(AbortError);
      expect(late.error?.message).toBe('The client is closed.');
      expect(peer.requests).toHaveLength(2);
    }
  });

  test('by `await using` once its calls have ended', async () => {
    let answerIt: (response: Response) => void = () => {};
    const response = new Promise<Response>((resolve) => {
      answerIt = resolve;
    });
    const fetch: Fetch = () => response;
    const unkey = client({ fetch });
    const call = getApi(unkey);
    const closed = unkey[Symbol.asyncDispose]();
    answerIt(new Response('{"meta":{},"data":{"id":"api_1"}}'));
    await closed;
    expect((await call).data).toEqual({ id: 'api_1' });
    expect((await getApi(unkey).safe()).error).toBeInstanceOf(AbortError);
  });
});

describe('options', () => {
  const wrong: [string, object, RegExp][] = [
    [
      'a name that no option has',
      { timeout: 5 },
      /Unknown option 'timeout': did you mean timeoutMs\?.*Known options: .*timeoutMs/,
    ],
    [
      'an unknown retry option',
      { retry: { attempts: 5 } },
      /Unknown option 'attempts': did you mean maxAttempts\?/,
    ],
    ['a deadline that is no number', { timeoutMs: Number.NaN }, /timeoutMs NaN/],
    ['a deadline before now', { timeoutMs: -1 }, /timeoutMs -1/],
    ['a serverURL without a scheme', { serverURL: 'localhost:3000' }, /serverURL must be/],
    ['a serverURL with a query', { serverURL: 'https://example.com/?a=b' }, /serverURL must be/],
  ];

  test.each(wrong)('with %s throw in the constructor', async (_, options, message) => {
    expect(() => client(options)).toThrow(ConfigurationError);
    expect(() => client(options)).toThrow(message);
    peer.plays(ok());
    const { error } = await client().apis.getApi({ apiId: 'api_1' }, options).safe();
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error?.message).toMatch(message);
    expect(peer.requests).toHaveLength(0);
  });

  const never = () => {};
  test.each<[name: string, values: readonly unknown[]]>([
    ['rootKey', [null, 1, {}]],
    ['fetch', [null, 'text', {}]],
    ['dangerouslyAllowBrowser', [null, 1, 'true']],
    ['hooks', [null, 'text', never, [null], ['text'], [never], { onError: 1 }, [{}, { onRetry: 'text' }]]],
    ['timeoutMs', [null, '1', -1, Number.NaN]],
    ['retry', [null, true, 1, 'text']],
    ['serverURL', [null, 1]],
    ['headers', [null, 1, 'name: value']],
    ['maxResponseBytes', [null, '1', -1]],
    ['fetchOptions', [null, 1, 'text']],
    ['debug', [null, 1, 'text', {}, { debug: 'text' }]],
    ['spendOnce', [null, 1, 'true']],
  ])('%s with a value of another kind is named by the constructor', (name, values) => {
    for (const value of values) {
      expect(() => client({ [name]: value }), JSON.stringify(value)).toThrow(ConfigurationError);
      expect(() => client({ [name]: value })).toThrow(name);
    }
  });

  test.each<[name: string, values: readonly unknown[]]>([
    ['maxAttempts', [null, -1, 1.5, '1']],
    ['initialIntervalMs', [null, -1, '1']],
    ['maxIntervalMs', [null, -1, '1']],
    ['exponent', [null, -1, '1']],
    ['maxElapsedMs', [null, -1, '1']],
    ['retryConnectionErrors', [null, 1, 'true']],
    ['statusCodes', [null, '500', 500, [600], ['6XX'], ['500'], [500.5], [null]]],
  ])('retry.%s with a value of another kind is named by the constructor', (name, values) => {
    for (const value of values) {
      const retry: object = { [name]: value };
      expect(() => client({ retry }), JSON.stringify(value)).toThrow(ConfigurationError);
      expect(() => client({ retry })).toThrow(name);
    }
  });

  test.each(['production', 'development'])('with an unknown name are an error in %s', async (mode) => {
    vi.stubEnv('NODE_ENV', mode);
    const options: object = { timeout: 5 };
    expect(() => client(options)).toThrow(ConfigurationError);
    expect(() => client({ retry: { attempts: 1 } as object })).toThrow(ConfigurationError);
    expect(await failureOf(client().apis.getApi({ apiId: 'api_1' }, options))).toBeInstanceOf(
      ConfigurationError,
    );
    expect(() => new UnkeyCore({ rootKey: 'root_key', serverUrl: peer.url } as object)).toThrow(
      "Unknown option 'serverUrl'.",
    );
  });

  test('from the environment, and over it', async () => {
    vi.stubEnv('UNKEY_ROOT_KEY', 'of_environment');
    vi.stubEnv('UNKEY_SERVER_URL', `${peer.url}/prefix//`);
    peer.plays(ok());
    await getApi(new Unkey());
    await getApi(new Unkey({ rootKey: 'mine', serverURL: `${peer.url}/other` }));
    await new Unkey().apis.getApi({ apiId: 'api_1' }, { serverURL: peer.url });
    expect(peer.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/prefix/v2/apis.getApi', 'Bearer of_environment'],
      ['/other/v2/apis.getApi', 'Bearer mine'],
      ['/v2/apis.getApi', 'Bearer of_environment'],
    ]);
  });

  test('headers: those of the call override the client’s and the library’s, regardless of case; null removes one', async () => {
    peer.plays(ok());
    const unkey = client({ headers: { 'X-One': 'client', 'x-two': 'client', 'User-Agent': 'mine' } });
    const headers = { 'x-one': 'call', 'X-TWO': null, accept: undefined };
    await unkey.apis.getApi({ apiId: 'api_1' }, { headers });
    expect(peer.requests[0]?.headers).toMatchObject({
      'x-one': 'call',
      'user-agent': 'mine',
      accept: 'application/json',
      'content-type': 'application/json',
    });
    expect(peer.requests[0]?.headers).not.toHaveProperty('x-two');
    expect(peer.requests[0]?.headers).not.toHaveProperty('cookie');
  });

  test('fetchOptions are passed on, and override nothing that the client sets', async () => {
    const fetch = vi.fn<Fetch>(async () => new Response('{"meta":{},"data":{}}'));
    const unkey = client({ fetch, fetchOptions: { cache: 'no-store', mode: 'cors', redirect: 'follow' } });
    const own = { cache: 'reload', method: 'PUT', body: 'x' };
    await unkey.apis.getApi({ apiId: 'api_1' }, { fetchOptions: own });
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({
      cache: 'reload',
      mode: 'cors',
      redirect: 'manual',
      method: 'POST',
      body: '{"apiId":"api_1"}',
    });
  });
});

describe('a request', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'with %d is refused: JSON would make it null, which means never and unlimited',
    async (expires) => {
      peer.plays(ok());
      const { error } = await client().keys.updateKey({ keyId: 'key_1', expires }).safe();
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error?.message).toBe(`Invalid expires ${expires}: expected a finite number.`);
      expect(peer.requests).toHaveLength(0);
    },
  );

  test('that cannot be written as JSON is refused', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    for (const body of [{ big: 1n }, cyclic]) {
      const { error } = await client().request('/v2/things.getThing', body).safe();
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error?.message).toMatch(/^The request cannot be written as JSON: /);
    }
  });

  test('is sent as it is: null stays, undefined is left out, nothing is added, text is UTF-8', async () => {
    peer.plays(ok([]));
    const unkey = client();
    const text = 'žluťoučký 🔑 \u2028 "quoted" \\';
    await unkey.keys.updateKey({ keyId: text, name: null, expires: undefined, credits: { remaining: null } });
    await unkey.keys.createKey({ apiId: 'api_1' });
    await unkey.identities.listIdentities();
    expect(peer.requests.map(({ body }) => body)).toEqual([
      JSON.stringify({ keyId: text, name: null, credits: { remaining: null } }),
      '{"apiId":"api_1"}',
      '{}',
    ]);
  });

  test('of 5 MB, and a response as large', async () => {
    const large = 'ä'.repeat(2_500_000);
    peer.plays(ok({ large }));
    const { data } = await client().request<{ data: { large: string } }>('/v2/things.getThing', { large });
    expect(data.large).toBe(large);
    expect(peer.bodies()).toEqual([{ large }]);
  });

  test('without a body is a GET', async () => {
    peer.plays(ok());
    await client().liveness();
    await client().request('/v2/things.getThing', null);
    expect(peer.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v2/liveness', ''],
      ['GET', '/v2/things.getThing', ''],
    ]);
  });
});

test('process is not needed, and its environment need not be readable', () => {
  const { process } = globalThis;
  const forbidding = {
    get env(): never {
      throw new Error('not allowed');
    },
  };
  try {
    for (const other of [undefined, {}, forbidding]) {
      Object.defineProperty(globalThis, 'process', { value: other, configurable: true, writable: true });
      expect(() => new UnkeyCore({ rootKey: 'r' })).not.toThrow();
      expect(() => new Unkey({ rootKey: 'r' })).not.toThrow();
      expect(() => new Unkey()).not.toThrow();
    }
  } finally {
    Object.defineProperty(globalThis, 'process', { value: process, configurable: true, writable: true });
  }
});
