import { inspect } from 'node:util';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import * as sdk from '../../packages/sdk/src/index.ts';
import {
  APIError,
  type ClientOptions,
  ConfigurationError,
  ConnectionError,
  type Fetch,
  isUnkeyError,
  ResponseValidationError,
  Unkey,
  UnkeyCore,
  UnkeyError,
} from '../../packages/sdk/src/index.ts';
import { protect } from '../../packages/sdk/src/middleware/web.ts';
import { Ratelimit } from '../../packages/sdk/src/ratelimit/index.ts';
import { failureOf } from './failure-of.ts';
import {
  halfResponse,
  noContent,
  refusal,
  refusedURL,
  reset,
  resetAfterHead,
  respond,
  type Step,
  startPeer,
} from './scripted-peer.ts';

const peer = await startPeer();
afterAll(() => peer.close());
afterEach(() => {
  vi.unstubAllEnvs();
});

const rootKey = 'unkey_rootkey_needle_1';
const verifiedKey = 'prod_verified_needle_2';
const createdKey = 'prod_created_needle_3';

const client = (options: ClientOptions = {}): Unkey =>
  new Unkey({ rootKey, serverURL: peer.url, retry: false, ...options });

/** Everything that a program can print of an error or a client. */
function printed(value: unknown): string {
  const { stack, message } = (value ?? {}) as Error;
  return [
    inspect(value, { depth: 20, showHidden: false }),
    JSON.stringify(value),
    String(value),
    stack,
    message,
  ].join('\n');
}

function expectNoSecret(value: unknown, ...more: string[]): void {
  for (const needle of [rootKey, verifiedKey, createdKey, ...more]) {
    expect(printed(value)).not.toContain(needle);
    for (let cause = (value as Error).cause; cause; cause = (cause as Error).cause) {
      expect(printed(cause)).not.toContain(needle);
    }
  }
}

const exported: Readonly<Record<string, unknown>> = { ...sdk };
const classes: [number, string][] = [
  [400, 'BadRequestErrorResponse'],
  [401, 'UnauthorizedErrorResponse'],
  [403, 'ForbiddenErrorResponse'],
  [404, 'NotFoundErrorResponse'],
  [405, 'MethodNotAllowedErrorResponse'],
  [408, 'RequestTimeoutErrorResponse'],
  [409, 'ConflictErrorResponse'],
  [410, 'GoneErrorResponse'],
  [412, 'PreconditionFailedErrorResponse'],
  [413, 'ContentTooLargeErrorResponse'],
  [422, 'UnprocessableEntityErrorResponse'],
  [429, 'TooManyRequestsErrorResponse'],
  [500, 'InternalServerErrorResponse'],
  [503, 'ServiceUnavailableErrorResponse'],
];

describe('an error status has its class and its fields', () => {
  test.each(classes)('%i: %s', async (status, name) => {
    const errors = [{ location: 'body.key', message: 'too short', fix: 'a longer one' }];
    peer.plays(
      refusal(
        status,
        { errors },
        {
          'x-request-id': 'of_header',
          'ratelimit-limit': '9',
          'ratelimit-remaining': '3',
          'ratelimit-reset': '7',
        },
      ),
    );
    const error = await failureOf(client().keys.verifyKey({ key: verifiedKey }));
    const Class = exported[name] as typeof APIError;
    for (const type of [Class, APIError, UnkeyError, Error]) expect(error).toBeInstanceOf(type);
    for (const [other, otherName] of classes) {
      if (other !== status) expect(error).not.toBeInstanceOf(exported[otherName]);
    }
    expect(isUnkeyError(error)).toBe(true);
    expect({ ...error }).toEqual({
      status,
      code: 'key_not_found',
      type: 'https://unkey.com/docs/errors/unkey/data/key_not_found',
      requestId: 'req_peer',
      operation: 'keys.verifyKey',
      attempts: 1,
      retryable: [408, 429, 500, 503].includes(status),
      foreign: false,
      errors,
    });
    expect(error.name).toBe(name);
    expect(error.constructor.name).toBe(name);
    expect(error.message).toBe('What went wrong.');
    expect(error.stack).toContain(`${name}: What went wrong.`);
    expect(error.statusCode).toBe(status);
    expect(error.headers?.get('Content-Type')).toBe('application/problem+json');
    expect(error.body).toBe(JSON.stringify(error.data));
    expect(error.error).toMatchObject({ title: 'A title', status });
    expect(error.meta).toEqual({ requestId: 'req_peer' });
    expect(error.rateLimit).toEqual({ limit: 9, remaining: 3, resetAfterMs: 7000 });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name, message: 'What went wrong.', status });
    // UnkeyCore throws APIError only, and `instanceof` works with the classes of statuses.
    const small = await failureOf(
      new UnkeyCore({ rootKey, serverURL: peer.url, retry: false }).request('keys.verifyKey', { key: 'k' }),
    );
    expect(small).toBeInstanceOf(Class);
    expect(small.name).toBe('APIError');
  });

  test.each([418, 451, 502, 504, 599])('%i: APIError', async (status) => {
    peer.plays(refusal(status));
    const error = await failureOf(client().apis.getApi({ apiId: 'api_1' }));
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ name: 'APIError', status, retryable: status >= 500 });
  });
});

describe('a response that is not one of the API is an error with its status', () => {
  const html = { 'content-type': 'text/html; charset=utf-8' };
  const foreign: [string, Step, number, typeof UnkeyError][] = [
    ['HTML with 200', respond(200, '<html>', html), 200, ResponseValidationError],
    ['HTML with 502', respond(502, '<html>', html), 502, APIError],
    ['an empty body', respond(200, ''), 200, ResponseValidationError],
    ['an empty body with 500', respond(500, '', {}), 500, APIError],
    ['no content', noContent, 204, ResponseValidationError],
    ['null', respond(200, 'null'), 200, ResponseValidationError],
    ['null with 500', respond(500, 'null'), 500, APIError],
    ['a list', respond(200, []), 200, ResponseValidationError],
    ['a list with 400', respond(400, [1]), 400, APIError],
    ['a string', respond(200, '"meta"'), 200, ResponseValidationError],
    ['half of the JSON', respond(200, '{"meta":{"requestId":"r'), 200, ResponseValidationError],
    ['bytes that are no UTF-8', respond(200, Buffer.from([0xff, 0xfe, 0x80])), 200, ResponseValidationError],
    ['a redirect', respond(307, '', { location: 'http://127.0.0.1:1/' }), 307, APIError],
    ['a redirect that makes it a GET', respond(302, '', { location: '/' }), 302, APIError],
    [
      'an error whose parts are of other types',
      respond(400, { meta: 1, error: { detail: {}, type: [], errors: {} } }),
      400,
      APIError,
    ],
    ['an error that is a string', respond(404, { error: 'not found' }), 404, APIError],
  ];

  test.each(foreign)('%s', async (_, step, status, Class) => {
    peer.plays(step);
    const error = await failureOf(client().apis.getApi({ apiId: 'api_1' }));
    expect(error).toBeInstanceOf(Class);
    expect(error).toMatchObject({ status, code: undefined, errors: [], attempts: 1 });
    expect(error.message).toMatch(/^Not a response of the API \(\d+, .+\): check serverURL\.$/);
    expect(typeof error.body).toBe('string');
    // A root key does not follow a redirect.
    expect(peer.requests).toHaveLength(1);
    expect(await client().apis.getApi({ apiId: 'api_1' }).safe()).toMatchObject({ ok: false });
  });

  test.each<[string, Step]>([
    ['a reset', reset],
    ['a reset after the head', resetAfterHead],
    ['half of a response', halfResponse],
    [
      'headers without an end',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(20_000)}\r\n\r\n`),
    ],
    ['no HTTP', (socket) => socket.end('hello\r\n\r\n')],
  ])('%s is a ConnectionError with the reason', async (_, step) => {
    peer.plays(step);
    const error = await failureOf(client().apis.getApi({ apiId: 'api_1' }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      status: undefined,
      retryable: true,
      operation: 'apis.getApi',
      attempts: 1,
    });
    expect(error.message).toMatch(/^No response: .{4}/);
    expect(error.message).not.toContain('fetch failed');
    expect(error.cause).toBeInstanceOf(Error);
    expectNoSecret(error);
  });

  test('a refused connection is named in the message', async () => {
    const error = await failureOf(client({ serverURL: await refusedURL() }).apis.getApi({ apiId: 'api_1' }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('no key is in the output of an error or a client', () => {
  test.each([400, 401, 404, 418, 500])('when a response with %i repeats them everywhere', async (status) => {
    const echo = `${rootKey} and ${verifiedKey} are wrong`;
    const errors = [{ location: 'body.key', message: echo, fix: echo, received: [echo] }];
    peer.plays(refusal(status, { detail: echo, errors }));
    const error = await failureOf(client().keys.verifyKey({ key: verifiedKey }));
    expectNoSecret(error);
    expect(error.message).toBe('[redacted] and [redacted] are wrong');
    expect(error.errors[0]).toMatchObject({ location: 'body.key', message: error.message });
    peer.plays(refusal(status, { detail: undefined, title: echo }));
    expectNoSecret(await failureOf(client().keys.whoami({ key: verifiedKey })));
  });

  test('when a key is as short as a word of the response, the response is still parsed', async () => {
    for (const key of ['e', '"', 'meta', 'error', 'message', '\\']) {
      peer.plays(refusal(404, { errors: [{ location: 'body.key', message: 'error' }] }));
      const error = await failureOf(client().keys.verifyKey({ key }));
      expect(error).toMatchObject({ code: 'key_not_found', requestId: 'req_peer' });
      expect(error.errors).toHaveLength(1);
    }
  });

  test('when the response with a created key is incomplete', async () => {
    const created = JSON.stringify({ data: { key: createdKey, keyId: 'key_1' } });
    for (const body of [created, created.slice(0, -1)]) {
      peer.plays(respond(200, body));
      const error = await failureOf(client().keys.createKey({ apiId: 'api_1' }));
      expect(error).toBeInstanceOf(ResponseValidationError);
      expectNoSecret(error);
      // It is available on request.
      expect(error.body).toBe(body);
    }
  });

  test.each([`${rootKey}\n`, `${rootKey}\r\nx-evil: 1`, `${rootKey}\u{1f511}`, `\u0000${rootKey}`])(
    'when the root key cannot be sent: %j',
    async (wrong) => {
      let thrown: unknown;
      try {
        new Unkey({ rootKey: wrong, serverURL: peer.url });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(ConfigurationError);
      expectNoSecret(thrown);
      const error = await failureOf(client({ rootKey: async () => wrong }).apis.getApi({ apiId: 'api_1' }));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toBe('Invalid rootKey: it has a character that no header can have.');
      expectNoSecret(error);
    },
  );

  test('when a header cannot be sent', async () => {
    const headers = { authorization: `Bearer ${rootKey}\n` };
    const error = await failureOf(client().apis.getApi({ apiId: 'api_1' }, { headers }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain('Invalid authorization');
    expectNoSecret(error);
  });

  test('when serverURL has a user and a password', async () => {
    const serverURL = 'https://someone:hunter2@example.com';
    expect(() => client({ serverURL })).toThrow(ConfigurationError);
    const error = await failureOf(client().apis.getApi({ apiId: 'api_1' }, { serverURL }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expectNoSecret(error, 'hunter2', 'someone');
  });

  test('when the caller’s own fetch puts them into its message', async () => {
    const fetch = async () => {
      throw `cannot send ${rootKey}`;
    };
    const error = await failureOf(client({ fetch }).keys.verifyKey({ key: verifiedKey }));
    expect(error.message).toBe('No response: cannot send [redacted]');
  });

  test('when a client, a call or a response is printed', async () => {
    const unkey = client();
    peer.plays(respond(200, { meta: { requestId: 'r' }, data: {} }));
    const call = unkey.keys.verifyKey({ key: verifiedKey });
    expectNoSecret(unkey);
    expectNoSecret(call);
    expectNoSecret(await call.withResponse());
    expect(inspect(unkey, { depth: 20, showHidden: true })).not.toContain(rootKey);
  });
});

test.each(['x trace', '', 'x:trace', 'x\n', 'é'])(
  '%j is an invalid header name: not an outage',
  async (name) => {
    const error = await failureOf(client().apis.getApi({ apiId: 'api_1' }, { headers: { [name]: 'a' } }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ retryable: false, attempts: 0 });
  },
);

test('a fetch that returns no response is an UnkeyError', async () => {
  const fetch = async () => ({ status: 200, text: async () => '{"meta":{}}' }) as Response;
  const error = await failureOf(client({ fetch }).apis.getApi({ apiId: 'api_1' }));
  expect(error).toBeInstanceOf(UnkeyError);
  expect(error).toMatchObject({ operation: 'apis.getApi', attempts: 1, cause: expect.any(TypeError) });
});

describe('a missing root key', () => {
  const request = () => new Request('http://x/', { headers: { authorization: 'Bearer some_key' } });
  const limits = { namespace: 'n', limit: 1, duration: 1000 };

  test.each([undefined, ''])(
    '%j: is an error of the first call, so that builds work without secrets',
    async (missing) => {
      vi.stubEnv('UNKEY_ROOT_KEY', '');
      const fetch = vi.fn<Fetch>();
      const options = { rootKey: missing, fetch };
      const errors: unknown[] = [];
      const guard = protect({ ...options, onError: (error) => void errors.push(error) });
      const small = new UnkeyCore(options);
      for (const call of [
        () => new Unkey(options).apis.getApi({ apiId: 'api_1' }),
        () => small.request('keys.verifyKey', { key: 'k' }),
        () => new Ratelimit({ ...options, ...limits }).limit('user_1'),
      ]) {
        const error = await failureOf(call());
        expect(error).toBeInstanceOf(ConfigurationError);
        expect(error.message).toMatch(/rootKey.*UNKEY_ROOT_KEY/);
      }
      expect((await guard(request())) as Response).toMatchObject({ status: 500 });
      expect(errors).toEqual([expect.any(ConfigurationError)]);
      expect(fetch).not.toHaveBeenCalled();
    },
  );

  test('may be set in the environment later', async () => {
    vi.stubEnv('UNKEY_ROOT_KEY', '');
    const unkey = client({ rootKey: undefined });
    vi.stubEnv('UNKEY_ROOT_KEY', 'late_root_key');
    peer.plays(respond(200, { meta: {}, data: {} }));
    await unkey.apis.getApi({ apiId: 'api_1' });
    expect(peer.requests[0]?.headers.authorization).toBe('Bearer late_root_key');
  });

  test('differs from an invalid one, which throws in the constructor', () => {
    for (const Client of [Unkey, UnkeyCore]) {
      expect(() => new Client({ rootKey: 'two\nlines' })).toThrow(ConfigurationError);
    }
  });
});

describe('a constructed error has the status of its class', () => {
  test.each(classes)('%i: %s', (status, name) => {
    const Class = exported[name] as typeof sdk.NotFoundErrorResponse;
    const retryable = [408, 429, 500, 503].includes(status);
    const plain = new Class('gone');
    for (const type of [Class, APIError, UnkeyError]) expect(plain).toBeInstanceOf(type);
    expect(plain).toMatchObject({ name, message: 'gone', status, statusCode: status, retryable });

    const meta = { requestId: 'req_1' };
    const error = { title: 'A title', detail: 'What went wrong.', type: 'https://x/y/key_not_found' };
    const response = new Response('', { status, headers: { 'retry-after': '3' } });
    for (const details of [{ response }, { headers: response.headers, status, body: '{}' }]) {
      const built = new Class({ meta, error }, details);
      expect(built).toBeInstanceOf(Class);
      expect(built).toMatchObject({ message: 'What went wrong.', status, retryable, retryAfterMs: 3000 });
      expect(built).toMatchObject({ code: 'key_not_found', requestId: 'req_1', meta, error, foreign: false });
    }
    for (const [other, otherName] of classes) {
      if (other !== status) expect(plain).not.toBeInstanceOf(exported[otherName]);
    }
  });

  test('without a response', () => {
    expect(new sdk.TimeoutError('x').retryable).toBe(true);
    expect(new ConnectionError('x').retryable).toBe(true);
    expect(new ConfigurationError('x').retryable).toBe(false);
    expect(new sdk.AbortError('x').retryable).toBe(false);
    expect(new APIError('x', { status: 502 })).toMatchObject({ status: 502, retryable: true });
  });
});

test('errors of another copy of the package are of the same classes', async () => {
  const { fileURLToPath } = await import('node:url');
  const dist = fileURLToPath(new URL('../../packages/sdk/dist/index.js', import.meta.url));
  const copy: typeof sdk = await import(dist);
  peer.plays(refusal(404));
  const theirs = await failureOf(
    new copy.Unkey({ rootKey, serverURL: peer.url }).apis.getApi({ apiId: 'api_1' }),
  );
  expect(Object.getPrototypeOf(theirs)).not.toBe(sdk.NotFoundErrorResponse.prototype);
  for (const Class of [sdk.NotFoundErrorResponse, APIError, UnkeyError]) expect(theirs).toBeInstanceOf(Class);
  for (const Class of [sdk.GoneErrorResponse, ConnectionError]) expect(theirs).not.toBeInstanceOf(Class);
  for (const other of [new Error('x'), null, undefined, 'text', {}])
    expect(other).not.toBeInstanceOf(UnkeyError);
  class Mine extends UnkeyError {}
  expect(theirs).not.toBeInstanceOf(Mine);
  expect(new Mine('mine')).toBeInstanceOf(Mine);
});
