import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import * as sdk from '../../packages/sdk/src/index.ts';
import {
  APIError,
  type CallOptions,
  type ClientOptions,
  ConfigurationError,
  type Fetch,
  GoneErrorResponse,
  NotFoundErrorResponse,
  ResponseValidationError,
  TimeoutError,
  TooManyRequestsErrorResponse,
  Unkey,
  UnkeyError,
} from '../../packages/sdk/src/index.ts';
import { type Service, startService } from '../service.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { failureOf } from './failure-of.ts';
import { ok, page, refusal, respond, type ScriptedPeer, stall, startPeer } from './scripted-peer.ts';

/**
 * Known weaknesses of the published clients, and tests that this one does not have them. Each has a number:
 *
 * |  # | weakness                                                    | shown                                     |
 * | -- | ----------------------------------------------------------- | ----------------------------------------- |
 * |  1 | credits cannot be sent or read                              | here                                      |
 * |  2 | pages end after the first                                   | here; pages.test.ts                       |
 * |  3 | no deadline by default                                      | here; deadline.test.ts                    |
 * |  4 | a repeated write creates twice                              | here; created-once.test.ts                |
 * |  5 | a dozen attempts after permanent failures                   | here; retries.test.ts                     |
 * |  6 | 429 and Retry-After are ignored                             | here; retries.test.ts                     |
 * |  7 | pauses do not grow exponentially                            | here; retries.test.ts                     |
 * |  8 | a signal and a deadline exclude each other                  | here; deadline.test.ts                    |
 * |  9 | debug lines contain keys; "off" is on                       | here; hooks-and-debug.test.ts             |
 * | 10 | clients and errors show the root key when printed           | here; errors.test.ts                      |
 * | 11 | needs a `process`, and drops the caller's fetch on the edge | here; calls.test.ts, the consumers' tests |
 * | 12 | valid responses are rejected                                | here                                      |
 * | 13 | unknown options and new fields are dropped                  | here; calls.test.ts                       |
 * | 14 | typed errors that are never thrown                          | here; every-operation.test.ts             |
 * | 15 | foreign responses are a bare SyntaxError; results reject    | here; errors.test.ts                      |
 * | 16 | errors: JSON as message, no id, three roots, not exported   | here; errors.test.ts                      |
 * | 17 | headers of a response are not accessible                    | here; calls.test.ts                       |
 * | 18 | large and slow to load                                      | size.test.ts and the benchmarks           |
 * | 19 | a thousand unclear names                                    | here                                      |
 * | 20 | an empty Cookie header                                      | here                                      |
 * | 21 | hooks are private                                           | here; hooks-and-debug.test.ts             |
 * | 22 | the README is wrong                                         | readme.test.ts                            |
 * | 23 | a middleware that lets every request through                | middleware.test.ts                        |
 * | 24 | a rate limiter that forgets the cost, hangs and grows       | ratelimit.test.ts                         |
 * | 25 | a cache that leaks                                          | there is no cache                         |
 * | 26 | two clients where one is needed                             | there is one kind of call                 |
 */

let peer: ScriptedPeer;
let service: Service;
beforeAll(async () => {
  peer = await startPeer();
  service = await startService();
});
afterAll(async () => {
  await peer.close();
  await service.close();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const rootKey = 'unkey_rootkey_needle';
const scripted = (options: ClientOptions = {}): Unkey =>
  new Unkey({ rootKey, serverURL: peer.url, ...options });
const real = (): Unkey => new Unkey({ rootKey: service.rootKey, serverURL: service.url });
const getApi = (unkey: Unkey, options?: CallOptions) => unkey.apis.getApi({ apiId: 'api_1' }, options);
const never: Fetch = () => new Promise(() => {});

test('1: credits are set, changed, spent and read under their own name', async () => {
  const unkey = real();
  const { apiId } = (await unkey.apis.createApi({ name: 'credits' })).data;
  const { keyId, key } = (await unkey.keys.createKey({ apiId, credits: { remaining: 10 } })).data;
  expect((await unkey.keys.verifyKey({ key, credits: { cost: 3 } })).data.credits).toBe(7);
  await unkey.keys.updateKey({ keyId, credits: { remaining: 5 } });
  expect((await unkey.keys.getKey({ keyId })).data.credits).toMatchObject({ remaining: 5 });
  await unkey.keys.updateKey({ keyId, credits: null });
  expect((await unkey.keys.getKey({ keyId })).data.credits).toBeUndefined();
});

test('2: pages after the first are read, with the options of the call', async () => {
  const unkey = real();
  for (const name of ['a', 'b', 'c']) await unkey.permissions.createRole({ name: `weak-${name}` });
  const first = await unkey.permissions.listRoles({ limit: 1 });
  expect((await first.next())?.data).toHaveLength(1);
  expect(await unkey.permissions.listRoles({ limit: 1 }).toArray()).toHaveLength(3);
});

test('3: a call has a deadline by default', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const failed = failureOf(scripted({ fetch: never }).keys.createKey({ apiId: 'api_1' }));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await failed).toBeInstanceOf(TimeoutError);
});

test('4: a key whose response is lost is created once', async () => {
  const proxy = await startCuttingProxy(service.url);
  try {
    const { apiId } = (await real().apis.createApi({ name: 'once' })).data;
    proxy.cuts({ at: 'response', bytes: 50 });
    const unkey = new Unkey({ rootKey: service.rootKey, serverURL: proxy.url });
    const { data } = await unkey.keys.createKey({ apiId });
    expect(proxy.lost).toBe(1);
    expect(await real().apis.listKeys({ apiId }).toArray()).toMatchObject([{ keyId: data.keyId }]);
  } finally {
    await proxy.close();
  }
});

test('5: a call that always fails makes three attempts, a verification one', async () => {
  const retry = { initialIntervalMs: 0 };
  peer.plays(refusal(500));
  expect(await failureOf(getApi(scripted({ retry })))).toMatchObject({ attempts: 3 });
  expect(await failureOf(scripted({ retry }).keys.verifyKey({ key: 'k' }))).toMatchObject({ attempts: 1 });
  expect(peer.requests).toHaveLength(4);
});

test('6: a 429 is retried after Retry-After, unless that exceeds the deadline', async () => {
  const delays: number[] = [];
  const hooks = { onRetry: ({ delayMs }: { delayMs: number }) => void delays.push(delayMs) };
  peer.plays(refusal(429, {}, { 'retry-after': '0.002' }), ok());
  await getApi(scripted({ hooks }));
  expect(delays).toEqual([2]);
  peer.plays(refusal(429, {}, { 'retry-after': '60' }));
  const error = await failureOf(getApi(scripted({ hooks })));
  expect(error).toBeInstanceOf(TooManyRequestsErrorResponse);
  expect(error).toMatchObject({ attempts: 1 });
});

test('7: pauses grow by their factor, with full jitter', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const delays: number[] = [];
  const hooks = { onRetry: ({ delayMs }: { delayMs: number }) => void delays.push(delayMs) };
  const retry = { maxAttempts: 5, initialIntervalMs: 2, exponent: 3, maxIntervalMs: 20 };
  peer.plays(refusal(500));
  await failureOf(getApi(scripted({ hooks, retry })));
  expect(delays).toEqual([1, 3, 9, 10]);
});

test('8: a signal and a deadline work together; timeoutMs: 0 is no deadline; a pause can be aborted', async () => {
  const { signal } = new AbortController();
  peer.plays(stall);
  expect(await failureOf(getApi(scripted({ timeoutMs: 30 }), { signal }))).toBeInstanceOf(TimeoutError);

  const started = vi.spyOn(globalThis, 'setTimeout');
  const respondEmpty: Fetch = async () => new Response('{"meta":{},"data":{}}');
  await getApi(scripted({ fetch: respondEmpty, timeoutMs: 77 }), { timeoutMs: 0 });
  expect(started.mock.calls.filter(([, delayMs]) => delayMs === 77)).toEqual([]);

  const controller = new AbortController();
  peer.plays(refusal(503, {}, { 'retry-after': '9' }), ok());
  const hooks = { onRetry: () => void setImmediate(() => controller.abort()) };
  await failureOf(getApi(scripted({ hooks }), { signal: controller.signal }));
  expect(peer.requests).toHaveLength(1);
});

test('9: debug lines contain no key, and UNKEY_DEBUG=false is off', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => {});
  peer.plays(ok({ key: 'prod_created_needle' }));
  vi.stubEnv('UNKEY_DEBUG', 'false');
  await scripted().keys.verifyKey({ key: 'prod_verified_needle' });
  expect(written).not.toHaveBeenCalled();
  vi.stubEnv('UNKEY_DEBUG', '1');
  await scripted().keys.verifyKey({ key: 'prod_verified_needle' });
  expect(written).toHaveBeenCalledTimes(1);
  expect(JSON.stringify(written.mock.calls)).not.toContain('needle');
});

test('10: neither a client nor an error shows a key when it is printed', async () => {
  const unkey = scripted();
  peer.plays(refusal(401, { detail: `Who is ${rootKey}?` }));
  const error = await failureOf(getApi(unkey));
  for (const value of [unkey, error]) {
    expect(inspect(value, { depth: 20, showHidden: true })).not.toContain(rootKey);
    expect(JSON.stringify(value)).not.toContain(rootKey);
  }
});

test('11: works without a process, and with the caller’s fetch wherever it runs', async () => {
  const fetch = vi.fn<Fetch>(async () => new Response('{"meta":{},"data":{}}'));
  vi.stubEnv('NEXT_RUNTIME', 'edge');
  const { process } = globalThis;
  Reflect.deleteProperty(globalThis, 'process');
  try {
    await getApi(new Unkey({ rootKey, fetch }));
  } finally {
    Object.defineProperty(globalThis, 'process', { value: process, configurable: true, writable: true });
  }
  expect(fetch).toHaveBeenCalledTimes(1);
});

test('12: responses with nulls, floats, missing members and new values are accepted', async () => {
  const data = { valid: false, code: 'FROM_THE_FUTURE', credits: 1.5, name: null, enabled: 'perhaps' };
  peer.plays(ok(data));
  expect((await scripted().keys.verifyKey({ key: 'k' })).data).toEqual(data);
  for (const odd of [null, [], 'text', 0]) {
    peer.plays(ok(odd));
    expect((await getApi(scripted())).data).toEqual(odd);
  }
  peer.plays(respond(200, { meta: { requestId: 'r' }, data: {} }, { 'content-type': 'text/plain' }));
  expect((await getApi(scripted())).data).toEqual({});
  peer.plays(page(null, { hasMore: false }));
  expect(await scripted().permissions.listRoles().toArray()).toEqual([]);
});

test('13: an unknown option is an error, and new fields of a response are kept', async () => {
  const options = { timeoutMS: 5 } as CallOptions;
  expect(() => scripted(options as ClientOptions)).toThrow(ConfigurationError);
  expect(await failureOf(getApi(scripted(), options))).toBeInstanceOf(ConfigurationError);
  peer.plays(respond(200, { meta: { requestId: 'r', region: 'fra' }, data: { color: 'red' }, extra: [1] }));
  expect(await getApi(scripted())).toEqual({
    meta: { requestId: 'r', region: 'fra' },
    data: { color: 'red' },
    extra: [1],
  });
});

test('14: every operation has the class of a status, with either content type', async () => {
  for (const type of ['application/json', 'application/problem+json', 'application/json; charset=utf-8']) {
    peer.plays(refusal(404, {}, { 'content-type': type }));
    const unkey = scripted();
    const error = await failureOf(unkey.identities.deleteIdentity({ identity: 'nobody' }));
    expect(error).toBeInstanceOf(NotFoundErrorResponse);
    peer.plays(refusal(410, {}, { 'content-type': type }));
    expect(await failureOf(getApi(unkey))).toBeInstanceOf(GoneErrorResponse);
  }
});

test('15: HTML from a proxy is an error with its status, and safe() never rejects', async () => {
  const html = { 'content-type': 'text/html' };
  const retry = { initialIntervalMs: 0 };
  peer.plays(respond(502, '<html>', html));
  expect(await failureOf(getApi(scripted({ retry })))).toMatchObject({ name: 'APIError', status: 502 });
  peer.plays(respond(200, '<html>', html));
  const result = await getApi(scripted({ retry })).safe();
  expect(result.error).toBeInstanceOf(ResponseValidationError);
  expect(result.error).toMatchObject({ status: 200, body: '<html>' });
});

test('16: an error has the message of the service and the request id; all have one base class', async () => {
  const error = await failureOf(real().apis.getApi({ apiId: 'api_missing' }));
  expect(error.message).toBe(error.error?.detail);
  expect(error.message).not.toContain('{');
  expect(error.requestId).toMatch(/^req_/);
  expect(JSON.parse(error.body ?? '')).toEqual(error.data);
  for (const Class of [NotFoundErrorResponse, APIError, UnkeyError, Error])
    expect(error).toBeInstanceOf(Class);
  const errors = Object.entries(sdk).filter(
    ([name]) => /Error(Response)?$/.test(name) && name !== 'isUnkeyError',
  );
  expect(errors).toHaveLength(21);
  for (const [, Class] of errors) {
    expect(Class === UnkeyError || Object.prototype.isPrototypeOf.call(UnkeyError, Class)).toBe(true);
  }
});

test('17: headers of a response and of an error are accessible', async () => {
  const headers = { 'ratelimit-limit': '9', 'ratelimit-remaining': '3', 'ratelimit-reset': '7' };
  const rateLimit = { limit: 9, remaining: 3, resetAfterMs: 7000 };
  peer.plays(ok({}, headers));
  const { response } = await getApi(scripted()).withResponse();
  expect(response).toMatchObject({ status: 200, rateLimit });
  peer.plays(refusal(404, {}, { ...headers, 'retry-after': '3' }));
  const error = await failureOf(getApi(scripted()));
  expect(error.rateLimit).toEqual(rateLimit);
  expect(error.headers?.get('Retry-After')).toBe('3');
});

test('19: there are few exports, and their names are words', () => {
  const names = Object.keys(sdk);
  expect(names.length).toBeLessThan(40);
  for (const name of names) expect(name).toMatch(/^[A-Za-z]{4,32}$/);
  expect(Object.keys(scripted())).toEqual(['apis', 'identities', 'keys', 'permissions', 'ratelimit']);
});

test('20: only headers with a value are sent', async () => {
  peer.plays(ok());
  await getApi(scripted());
  expect(peer.requests[0]?.headers).not.toHaveProperty('cookie');
  expect(Object.values(peer.requests[0]?.headers ?? {})).not.toContain('');
});

test('21: hooks are a public option', async () => {
  const beforeRequest = vi.fn();
  peer.plays(ok());
  await getApi(scripted({ hooks: { beforeRequest } }));
  expect(beforeRequest).toHaveBeenCalledTimes(1);
});
