import { describe, expect, test, vi } from 'vitest';
import { ConfigurationError, type Fetch, Unkey, UnkeyCore } from '../../packages/sdk/src/index.ts';
import * as nextMiddleware from '../../packages/sdk/src/middleware/next.ts';
import { protect, type WebOptions } from '../../packages/sdk/src/middleware/web.ts';
import {
  type LimitOptions,
  Ratelimit,
  type RatelimitOptions,
} from '../../packages/sdk/src/ratelimit/index.ts';
import { failureOf } from './failure-of.ts';

/** Values that a program passes when a variable, a table or a request lacks the expected value. */
const missing = [undefined, '', Number.NaN] as const;

function recorded(data: unknown) {
  const bodies: unknown[] = [];
  const fetch: Fetch = async (_url, init) => {
    bodies.push(JSON.parse(init.body ?? ''));
    return Response.json({ meta: { requestId: 'req_1' }, data });
  };
  return { fetch, bodies };
}

const request = () => new Request('http://shop.test/', { headers: { authorization: 'Bearer some_key' } });
const valid = { valid: true, code: 'VALID', keyId: 'key_1' };

async function statusOf(options: object): Promise<{ status: number; errors: unknown[]; sent: number }> {
  const { fetch, bodies } = recorded(valid);
  const errors: unknown[] = [];
  const guard = protect({
    rootKey: 'root_key',
    fetch,
    onError: (error: unknown) => void errors.push(error),
    ...options,
  } as WebOptions);
  const caller = await guard(request());
  return { status: caller instanceof Response ? caller.status : 200, errors, sent: bodies.length };
}

describe('middleware', () => {
  const members = ['permissions', 'ratelimits', 'credits', 'tags', 'migrationId'];
  const wrong: [string, unknown][] = members.flatMap((name) =>
    [...missing, 5, {}, true].map((value): [string, unknown] => [name, value]),
  );
  const incomplete: [string, unknown][] = [
    ['ratelimits', [{ name: 'requests', limit: undefined, duration: 1000 }]],
    ['ratelimits', [{ name: 'requests', limit: Number.NaN, duration: 1000 }]],
    ['ratelimits', [{ name: '' }]],
    ['ratelimits', [undefined]],
    ['ratelimits', [null]],
    ['credits', { cost: undefined }],
    ['credits', { cost: Number.NaN }],
    ['credits', { cost: -1 }],
    ['credits', { cost: '1' }],
    ['tags', [undefined]],
  ];

  test.each([...wrong, ...incomplete])('%s: %j throws when the middleware is created', (name, value) => {
    const options = { rootKey: 'root_key', [name]: value } as unknown as WebOptions;
    expect(() => protect(options)).toThrow(ConfigurationError);
    expect(() => nextMiddleware.withUnkey(() => new Response(), options)).toThrow(ConfigurationError);
  });

  test.each([...wrong, ...incomplete])('a function %s that returns %j is a 500', async (name, value) => {
    for (const result of [() => value, async () => value]) {
      const { status, errors, sent } = await statusOf({ [name]: result, onOutage: 'allow' });
      expect({ status, sent }).toEqual({ status: 500, sent: 0 });
      expect(errors).toEqual([expect.any(ConfigurationError)]);
    }
  });

  test.each(members)('a function %s whose promise rejects is a 500', async (name) => {
    const { status, sent } = await statusOf({ [name]: () => Promise.reject(new Error('no')) });
    expect({ status, sent }).toEqual({ status: 500, sent: 0 });
  });

  test.each(members)('%s: null requires nothing, as a value and from a function', async (name) => {
    for (const value of [null, () => null, async () => null]) {
      const { fetch, bodies } = recorded(valid);
      expect(await protect({ rootKey: 'root_key', fetch, [name]: value })(request())).toMatchObject(valid);
      expect(bodies).toEqual([{ key: 'some_key' }]);
    }
  });

  test.each(['onOutage', 'timeoutMs', 'getKey', 'onRefused', 'onError', 'unkey'])(
    '%s: null, an empty string and NaN throw',
    (name) => {
      for (const value of [null, '', Number.NaN, Promise.resolve('allow')]) {
        const options = { rootKey: 'root_key', [name]: value } as unknown as WebOptions;
        expect(() => protect(options)).toThrow(ConfigurationError);
      }
    },
  );

  test.each([undefined, null, '', Number.NaN])('a key that is %s is a 401', async (key) => {
    expect(await statusOf({ getKey: () => key, onOutage: 'allow' })).toMatchObject({ status: 401, sent: 0 });
  });

  test('a key whose promise rejects, and a client that is undefined, are a 500', async () => {
    expect(await statusOf({ getKey: () => Promise.reject(new Error('no')) })).toMatchObject({ status: 500 });
    expect(await statusOf({ rootKey: undefined, fetch: undefined, unkey: () => undefined })).toMatchObject({
      status: 500,
    });
  });

  test('undefined does not compile where it would require less', () => {
    const path = process.env.SURELY_NOT_SET;
    // @ts-expect-error the variable may be undefined
    expect(() => protect({ rootKey: 'root_key', permissions: path })).toThrow(ConfigurationError);
    // @ts-expect-error the function may return undefined
    protect({ rootKey: 'root_key', permissions: () => path });
  });
});

describe('Ratelimit', () => {
  const allowed = { success: true, limit: 3, remaining: 2, reset: 0 };
  const create = (options: object = {}, fetch: Fetch = recorded(allowed).fetch) =>
    new Ratelimit({
      rootKey: 'root_key',
      namespace: 'emails',
      limit: 3,
      duration: '1m',
      fetch,
      ...options,
    } as RatelimitOptions);

  test.each(['namespace', 'limit', 'duration'])('%s: a missing value throws', (name) => {
    for (const value of [...missing, null, Promise.resolve(3)]) {
      expect(() => create({ [name]: value })).toThrow(ConfigurationError);
    }
  });

  test.each(['fallback', 'denials', 'timeoutMs'])('%s: null, an empty string and NaN throw', (name) => {
    for (const value of [null, '', Number.NaN, {}]) {
      expect(() => create({ [name]: value })).toThrow(ConfigurationError);
    }
  });

  test.each([...missing, null, 5, {}])(
    'the identifier %j is an error, and nothing is sent',
    async (value) => {
      const { fetch, bodies } = recorded(allowed);
      const error = await failureOf(create({}, fetch).limit(value as string));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(bodies).toEqual([]);
    },
  );

  test.each(['cost', 'limit', 'idempotencyKey'])('%s: a missing value is an error', async (name) => {
    for (const value of [...missing, null, Promise.resolve(1)]) {
      if (name === 'idempotencyKey' && value === undefined) continue;
      const { fetch, bodies } = recorded(allowed);
      const error = await failureOf(create({}, fetch).limit('user_1', { [name]: value } as LimitOptions));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(bodies).toEqual([]);
    }
  });

  test('a fallback without a decision does not allow', async () => {
    const down: Fetch = () => Promise.reject(new Error('down'));
    for (const value of [undefined, null, {}, { success: undefined }, { success: 'yes' }]) {
      for (const fallback of [() => value, async () => value, () => Promise.reject(new Error('no'))]) {
        const error = await failureOf(create({ fallback, retry: false }, down).limit('user_1'));
        expect(error).toMatchObject({ name: 'ConnectionError' });
      }
    }
  });
});

describe('unknown option names', () => {
  const probable: [string, string][] = [
    ['serverUrl', 'serverURL'],
    ['server_url', 'serverURL'],
    ['baseURL', 'serverURL'],
    ['baseUrl', 'serverURL'],
    ['apiKey', 'rootKey'],
    ['rootkey', 'rootKey'],
    ['root_key', 'rootKey'],
    ['token', 'rootKey'],
    ['timeout', 'timeoutMs'],
    ['timeoutMS', 'timeoutMs'],
    ['retries', 'retry'],
    ['retryConfig', 'retry'],
    ['maxRetries', 'retry'],
    ['httpClient', 'fetch'],
    ['debugLogger', 'debug'],
    ['hook', 'hooks'],
    ['header', 'headers'],
    ['fetchOption', 'fetchOptions'],
  ];

  test.each(probable)('%s: did you mean %s', (name, meant) => {
    vi.stubEnv('NODE_ENV', 'production');
    try {
      const options = { rootKey: 'root_key', [name]: undefined };
      const words = `Unknown option '${name}': did you mean ${meant}?`;
      expect(() => new Unkey(options)).toThrow(words);
      expect(() => protect(options as WebOptions)).toThrow(words);
      expect(() => new UnkeyCore(options)).toThrow(`Unknown option '${name}'.`);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test.each([
    ['permission', 'permissions'],
    ['ratelimit', 'ratelimits'],
    ['handleInvalidKey', 'onRefused'],
    ['tag', 'tags'],
  ])('%s of middleware: did you mean %s', (name, meant) => {
    const options = { rootKey: 'root_key', [name]: undefined } as WebOptions;
    expect(() => protect(options)).toThrow(`Unknown option '${name}': did you mean ${meant}?`);
  });

  test('the error for a name that resembles no option lists the known ones', () => {
    expect(() => new Unkey({ constructor: 1 } as object)).toThrow(
      /^Unknown option 'constructor'\. Known options: /,
    );
  });
});

describe('option values', () => {
  const wrong: [string, unknown][] = [
    ['timeoutMs', Number.NaN],
    ['timeoutMs', '500'],
    ['timeoutMs', null],
    ['timeoutMs', -1],
    ['retry', 5],
    ['retry', true],
    ['retry', null],
    ['retry', { maxAttempts: Number.NaN }],
    ['retry', { maxAttempts: '3' }],
    ['retry', { maxAttempts: 1.5 }],
    ['retry', { statusCodes: ['429'] }],
    ['retry', { statusCodes: ['3XX'] }],
    ['retry', { statusCodes: [99] }],
    ['retry', { statusCodes: 429 }],
    ['retry', { initialIntervalMs: Number.NaN }],
    ['retry', { maxElapsedMs: -1 }],
    ['retry', { retryConnectionErrors: 'no' }],
    ['serverURL', 5],
    ['serverURL', 'http://127.0.0.1:99999'],
    ['serverURL', 'http://127.0.0.1:port'],
    ['serverURL', 'https://evil.example\\.unkey.com'],
    ['serverURL', 'https://api.unkey.com\\path'],
    ['serverURL', 'https://api.unkey.com/a\\b'],
    ['headers', 'a: b'],
    ['fetchOptions', 5],
    ['maxResponseBytes', Number.NaN],
    ['maxResponseBytes', '1mb'],
  ];
  const ofClient: [string, unknown][] = [
    ['rootKey', 5],
    ['rootKey', null],
    ['rootKey', Promise.resolve('root_key')],
    ['fetch', {}],
    ['hooks', () => {}],
    ['hooks', [null]],
    ['hooks', { onError: 5 }],
    ['debug', 'yes'],
    ['debug', null],
    ['debug', {}],
  ];
  const ofCall: [string, unknown][] = [
    ['signal', 'now'],
    ['signal', {}],
    ['idempotencyKey', ''],
    ['idempotencyKey', 5],
    ['idempotencyKey', 'two words'],
  ];
  const show = ([name, value]: [string, unknown]): [string, string, unknown] => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
    value,
  ];

  test.each([...wrong, ...ofClient].map(show))('%s: %s throws in the constructor', (name, _, value) => {
    expect(() => new Unkey({ rootKey: 'root_key', [name]: value } as object)).toThrow(ConfigurationError);
  });

  test.each([...wrong, ...ofCall].map(show))('%s: %s rejects a call', async (name, _, value) => {
    const { fetch, bodies } = recorded({});
    const unkey = new Unkey({ rootKey: 'root_key', fetch });
    const error = await failureOf(unkey.apis.getApi({ apiId: 'api_1' }, { [name]: value } as object));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(bodies).toEqual([]);
  });

  test.each([0, 1, Number.POSITIVE_INFINITY])('maxAttempts: %d is valid', (maxAttempts) => {
    expect(new Unkey({ rootKey: 'root_key', retry: { maxAttempts } })).toBeInstanceOf(Unkey);
  });

  test('a message does not show values that may be secrets', () => {
    const rootKey = { secret: 'needle_needle' };
    expect(() => new Unkey({ rootKey } as object)).toThrow(
      /^Invalid rootKey: expected string or function\.$/,
    );
  });

  test('a port that fetch blocks is not retried', async () => {
    const unkey = new Unkey({ rootKey: 'root_key', serverURL: 'http://127.0.0.1:6000' });
    const error = await failureOf(unkey.apis.getApi({ apiId: 'api_1' }));
    expect(error).toMatchObject({ name: 'ConnectionError', attempts: 1, retryable: false });
    expect(error.message).toContain('bad port');
  });
});

describe('paths', () => {
  const outside = [
    '../../metrics',
    '/../../metrics',
    '/v2/../../metrics',
    '/v2/%2e%2e/metrics',
    '/v2/.%2e/metrics',
    '/v2/a/../../metrics',
    '/v2/./a',
    '//evil.example/x',
    '/v2//evil.example',
    '/v2\\..\\metrics',
    '/v2/keys?a=b',
    '/v2/keys#a',
    '/',
    '',
    '/v2/',
    '/v2/a b',
    'https://evil.example/',
  ];

  test.each(outside)('%j cannot leave /v2', async (path) => {
    const fetch = vi.fn<Fetch>();
    for (const Client of [Unkey, UnkeyCore]) {
      const error = await failureOf(new Client({ rootKey: 'root_key', fetch }).request(path as '/', {}));
      expect(error).toBeInstanceOf(ConfigurationError);
    }
    expect(fetch).not.toHaveBeenCalled();
  });

  test.each([
    ['/v2/things.getThing', '/v2/things.getThing'],
    ['/things.getThing', '/v2/things.getThing'],
    ['/v2/things/get-thing', '/v2/things/get-thing'],
  ] as const)('%s is %s', async (path, expected) => {
    const fetch = vi.fn<Fetch>(async () => Response.json({ meta: {}, data: {} }));
    await new UnkeyCore({ rootKey: 'root_key', serverURL: 'http://127.0.0.1:2', fetch }).request(path);
    expect(fetch.mock.calls[0]?.[0]).toBe(`http://127.0.0.1:2${expected}`);
  });

  test('known operations are checked by the compiler, and free paths begin with a slash', () => {
    const unkey = new UnkeyCore({ rootKey: 'root_key', fetch: async () => Response.json({}) });
    const compiles = () => {
      // @ts-expect-error a key is a string
      unkey.request('keys.verifyKey', { key: 5 });
      // @ts-expect-error misspelt operation
      unkey.request('keys.verifykey', { key: 'a' });
      // @ts-expect-error misspelt member
      unkey.request('keys.verifyKey', { key: 'a', permission: 'b' });
      unkey.request('liveness', null);
      unkey.request('/v2/keys.newer', { any: 'body' });
    };
    expect(compiles).toBeTypeOf('function');
  });
});
