import { inspect } from 'node:util';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import {
  type ClientOptions,
  type DebugFields,
  type Hooks,
  NotFoundErrorResponse,
  Unkey,
  UnkeyCore,
  UnkeyError,
} from '../../packages/sdk/src/index.ts';
import { ok, refusal, reset, startPeer } from './scripted-peer.ts';

const peer = await startPeer();
afterAll(() => peer.close());
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const rootKey = 'unkey_rootkey_needle_1';
const verifiedKey = 'prod_verified_needle_2';
const createdKey = 'prod_created_needle_3';

const client = (options: ClientOptions = {}): Unkey =>
  new Unkey({ rootKey, serverURL: peer.url, retry: { initialIntervalMs: 0 }, ...options });

describe('hooks', () => {
  function recording(events: string[], name = ''): Hooks {
    return {
      beforeRequest: ({ operation, method, attempt }) =>
        void events.push(`${name}before ${method} ${operation} ${attempt}`),
      afterResponse: ({ status, request, durationMs }) =>
        void events.push(`${name}after ${status} ${request.attempt} ${durationMs >= 0}`),
      onError: (error, { attempt }) =>
        void events.push(`${name}error ${error.name} ${error.attempts} ${attempt}`),
      onRetry: ({ delayMs, request }) => void events.push(`${name}retry ${delayMs} ${request.attempt}`),
    };
  }

  test('are called in order, for every attempt', async () => {
    const events: string[] = [];
    peer.plays(reset, refusal(503), ok());
    await client({ hooks: recording(events) }).apis.getApi({ apiId: 'api_1' });
    expect(events).toEqual([
      'before POST apis.getApi 1',
      'error ConnectionError 1 1',
      'retry 0 1',
      'before POST apis.getApi 2',
      'after 503 2 true',
      'error ServiceUnavailableErrorResponse 2 2',
      'retry 0 2',
      'before POST apis.getApi 3',
      'after 200 3 true',
    ]);
  });

  test('may be several: they run in sequence, each awaited', async () => {
    const events: string[] = [];
    const slow: Hooks = {
      async beforeRequest() {
        await new Promise((resolve) => setImmediate(resolve));
        events.push('slow');
      },
    };
    peer.plays(ok());
    await client({ hooks: [slow, recording(events, 'second ')] }).liveness();
    expect(events).toEqual(['slow', 'second before GET liveness 1', 'second after 200 1 true']);
  });

  test('may change url, headers and body, for this attempt', async () => {
    const bodies: unknown[] = [];
    const hooks: Hooks = {
      beforeRequest(request) {
        bodies.push(request.body);
        if (request.attempt > 1) return;
        request.url += '?first';
        request.headers['x-trace'] = 'abc';
        request.body = '{"changed":true}';
      },
    };
    peer.plays(reset, ok());
    await client({ hooks }).apis.getApi({ apiId: 'api_1' });
    expect(peer.requests[0]).toMatchObject({ path: '/v2/apis.getApi?first', body: '{"changed":true}' });
    expect(peer.requests[0]?.headers).toMatchObject({ 'x-trace': 'abc' });
    expect(peer.requests[1]).toMatchObject({ path: '/v2/apis.getApi', body: '{"apiId":"api_1"}' });
    expect(peer.requests[1]?.headers).not.toHaveProperty('x-trace');
    expect(bodies).toEqual(['{"apiId":"api_1"}', '{"apiId":"api_1"}']);
  });

  test('do not see the root key, and may send another one', async () => {
    const seen: unknown[] = [];
    const hooks: Hooks = {
      beforeRequest(request) {
        seen.push(inspect(request, { depth: 20 }), JSON.stringify(request));
        request.headers.authorization = 'Bearer other';
      },
    };
    peer.plays(ok());
    await client({ hooks }).keys.verifyKey({ key: verifiedKey });
    for (const text of seen) {
      expect(text).not.toContain(rootKey);
      expect(text).not.toContain(verifiedKey);
    }
    expect(peer.requests[0]?.headers.authorization).toBe('Bearer other');
  });

  test.each(['beforeRequest', 'afterResponse', 'onError', 'onRetry'] as const)(
    'that throw fail the call: %s',
    async (name) => {
      for (const thrown of [new Error('of mine'), 'of mine']) {
        peer.plays(refusal(503));
        const fail = () => {
          throw thrown;
        };
        for (const hooks of [{ [name]: fail }, { [name]: async () => fail() }]) {
          const result = await client({ hooks }).apis.getApi({ apiId: 'api_1' }).safe();
          expect(result.error).toBeInstanceOf(UnkeyError);
          expect(result.error).toMatchObject({ operation: 'apis.getApi', attempts: 1, cause: thrown });
          expect(result.error?.message).toBe(`The hook ${name} failed: of mine`);
        }
        expect(peer.requests.length).toBe(name === 'beforeRequest' ? 0 : 2);
      }
    },
  );

  test('see the body of a response, which printing does not show', async () => {
    const seen: unknown[] = [];
    const bodies: string[] = [];
    const hooks: Hooks = {
      afterResponse(response) {
        bodies.push(response.body);
        seen.push(inspect(response, { depth: 20 }), JSON.stringify(response));
      },
    };
    peer.plays(ok({ key: createdKey, keyId: 'key_1' }));
    await client({ hooks }).keys.createKey({ apiId: 'api_1' });
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ data: { key: createdKey } });
    for (const text of seen) expect(text).not.toContain(createdKey);
  });

  test('keep `this`: an object with methods and state works', async () => {
    class Counter implements Hooks {
      count = 0;
      beforeRequest(): void {
        this.count += 1;
      }
    }
    const hooks = new Counter();
    peer.plays(ok());
    await client({ hooks }).liveness();
    expect(hooks.count).toBe(1);
    await new UnkeyCore({ rootKey, serverURL: peer.url, hooks }).request('keys.verifyKey', { key: 'k' });
    expect(hooks.count).toBe(2);
  });
});

describe('debug lines', () => {
  async function linesOf(
    options: ClientOptions,
    work: (unkey: Unkey) => PromiseLike<unknown>,
  ): Promise<string[]> {
    const lines: string[] = [];
    const debug = { debug: (line: string) => void lines.push(line) };
    await Promise.resolve(work(client({ debug, ...options }))).catch(() => undefined);
    return lines;
  }

  test('have method, path, status, request id, duration and attempt of every attempt', async () => {
    peer.plays(reset, refusal(503, {}, { 'x-request-id': 'req_503' }), ok({}, { 'x-request-id': 'req_200' }));
    const lines = await linesOf({}, (unkey) => unkey.apis.getApi({ apiId: 'api_1' }));
    expect(lines).toEqual([
      expect.stringMatching(/^unkey: POST \/v2\/apis\.getApi ConnectionError, \d+ ms, attempt 1$/),
      expect.stringMatching(/^unkey: POST \/v2\/apis\.getApi 503, req_503, \d+ ms, attempt 2$/),
      expect.stringMatching(/^unkey: POST \/v2\/apis\.getApi 200, req_200, \d+ ms, attempt 3$/),
    ]);
  });

  test('have the same as fields, for structured logs', async () => {
    const fields: unknown[] = [];
    peer.plays(reset, ok({}, { 'x-request-id': 'req_200' }));
    const debug = { debug: (_: string, each: DebugFields) => void fields.push(each) };
    await client({ debug }).apis.getApi({ apiId: 'api_1' });
    const shared = { operation: 'apis.getApi', method: 'POST', durationMs: expect.any(Number) };
    expect(fields).toEqual([
      { ...shared, attempt: 1, error: 'ConnectionError' },
      { ...shared, attempt: 2, status: 200, requestId: 'req_200' },
    ]);
  });

  test('never contain a key, whatever the response', async () => {
    const needles = [rootKey, verifiedKey, createdKey];
    const echo = needles.join(' ');
    const responses = [
      ok({ key: createdKey, plaintext: createdKey }, { 'x-echo': echo }),
      refusal(401, { detail: echo, title: echo, type: echo }, { 'x-echo': echo }),
      reset,
    ] as const;
    for (const step of responses) {
      peer.plays(step);
      const lines = await linesOf({ headers: { 'x-mine': rootKey } }, async (unkey) => {
        await unkey.keys.verifyKey({ key: verifiedKey }).safe();
        await unkey.keys.createKey({ apiId: 'api_1', name: verifiedKey }).safe();
      });
      expect(lines.length).toBeGreaterThanOrEqual(2);
      for (const needle of needles) expect(lines.join('\n')).not.toContain(needle);
    }
  });

  test.each([
    ['1', true],
    ['true', true],
    ['ON', true],
    ['yes', true],
    ['0', false],
    ['false', false],
    ['off', false],
    ['no', false],
    ['', false],
    ['10', false],
  ])('UNKEY_DEBUG=%s: %s', async (value, isOn) => {
    vi.stubEnv('UNKEY_DEBUG', value);
    const written = vi.spyOn(console, 'error').mockImplementation(() => {});
    const others = (['log', 'debug', 'info', 'warn'] as const).map((name) => vi.spyOn(console, name));
    peer.plays(ok());
    await client().liveness();
    expect(written).toHaveBeenCalledTimes(isOn ? 1 : 0);
    await client({ debug: true }).liveness();
    expect(written).toHaveBeenCalledTimes(isOn ? 2 : 1);
    await client({ debug: false }).liveness();
    expect(written).toHaveBeenCalledTimes(isOn ? 2 : 1);
    for (const other of others) expect(other).not.toHaveBeenCalled();
  });

  test('are written in addition to hooks, which are still called', async () => {
    peer.plays(refusal(404));
    const onError = vi.fn();
    const lines = await linesOf({ hooks: { onError } }, (unkey) => unkey.apis.getApi({ apiId: 'api_1' }));
    expect(lines).toHaveLength(1);
    expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(NotFoundErrorResponse);
  });
});
