import { inspect } from 'node:util';
import { HTTPClient, Unkey } from 'unkey-ts/compat/api';
import * as errors from 'unkey-ts/compat/api/models/errors';
import { Ratelimit } from 'unkey-ts/compat/ratelimit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeClock, type Service, startService } from '../service.ts';

/** What `unkey-ts/compat` does otherwise than the published packages, on purpose. */

let service: Service;
let rootKey: string;
let key: string;
beforeAll(async () => {
  service = await startService({ clock: fakeClock(Date.UTC(2200, 0, 1)) });
  ({ rootKey } = service);
  const unkey = new Unkey({ rootKey, serverURL: service.url });
  const { data } = await unkey.apis.createApi({ name: 'differences' });
  ({ key } = (await unkey.keys.createKey({ apiId: data.apiId, credits: { remaining: 100 } })).data);
});
afterAll(() => service.close());

/** Sends requests, and loses the first response of each client, as a proxy does. */
function losing(): HTTPClient & { sent: number } {
  const client = Object.assign(new HTTPClient(), { sent: 0 });
  const send = client.request.bind(client);
  client.request = async (request) => {
    client.sent += 1;
    const response = await send(request);
    return client.sent === 1 ? new Response('lost', { status: 502 }) : response;
  };
  return client;
}

const creditsLeft = async () => {
  const { data } = await new Unkey({ rootKey, serverURL: service.url }).keys.whoami({ key });
  return data.credits?.remaining ?? 0;
};

describe('a verification whose response is lost', () => {
  test('is not repeated by default', async () => {
    const [before, httpClient] = [await creditsLeft(), losing()];
    const unkey = new Unkey({ rootKey, serverURL: service.url, httpClient });
    await expect(unkey.keys.verifyKey({ key })).rejects.toBeInstanceOf(errors.APIError);
    expect([httpClient.sent, before - (await creditsLeft())]).toEqual([1, 1]);
  });

  test('is repeated and counted once if retries were asked for', async () => {
    const [before, httpClient] = [await creditsLeft(), losing()];
    const backoff = { initialInterval: 1, maxInterval: 5, exponent: 1, maxElapsedTime: 60_000 };
    const retryConfig = { strategy: 'backoff', backoff } as const;
    const unkey = new Unkey({ rootKey, serverURL: service.url, httpClient, retryConfig });
    expect((await unkey.keys.verifyKey({ key })).data.valid).toBe(true);
    expect([httpClient.sent, before - (await creditsLeft())]).toEqual([2, 1]);
  });
});

test('keys are in no debug output, no error and no printed client', async () => {
  const lines: string[] = [];
  const log = (...values: unknown[]) => void lines.push(values.join(' '));
  const debugLogger = { group: log, groupEnd: () => {}, log };
  const echo = new HTTPClient({
    fetcher: async (input) => {
      const request = input as Request;
      const text = `${await request.text()} ${request.headers.get('authorization')}`;
      return new Response(text, { status: 502 });
    },
  });
  const unkey = new Unkey({
    rootKey,
    serverURL: service.url,
    debugLogger,
    httpClient: echo,
    retryConfig: { strategy: 'none' },
  });
  const error = await unkey.keys.verifyKey({ key }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(errors.APIError);
  expect(lines.join('\n')).toContain('/v2/keys.verifyKey');
  const shown = [...lines, inspect(error, { depth: 9 }), inspect(unkey, { depth: 9 }), JSON.stringify(error)];
  for (const secret of [rootKey, key]) expect(shown.filter((text) => text.includes(secret))).toEqual([]);
});

test('without a root key the first call rejects', async () => {
  const { UNKEY_ROOT_KEY } = process.env;
  delete process.env.UNKEY_ROOT_KEY;
  try {
    const unkey = new Unkey({ serverURL: service.url });
    await expect(unkey.keys.whoami({ key })).rejects.toBeInstanceOf(errors.InvalidRequestError);
  } finally {
    if (UNKEY_ROOT_KEY !== undefined) process.env.UNKEY_ROOT_KEY = UNKEY_ROOT_KEY;
  }
});

describe('a limiter', () => {
  const denied = { success: false, limit: 1, remaining: 0, reset: 0 };

  test('ends its request when its timeout has elapsed', async () => {
    const { fetch } = globalThis;
    const signals: AbortSignal[] = [];
    globalThis.fetch = (_input, init) => {
      if (init?.signal) signals.push(init.signal);
      return new Promise(() => {});
    };
    try {
      const timeout = { ms: 5, fallback: denied };
      const limiter = new Ratelimit({ rootKey, namespace: 'silent', limit: 1, duration: '1s', timeout });
      expect(await limiter.limit('ann')).toEqual(denied);
      await expect.poll(() => signals.map(({ aborted }) => aborted)).toEqual([true]);
    } finally {
      globalThis.fetch = fetch;
    }
  });

  test('whose fallback fails rejects, or asks onError', async () => {
    const { fetch } = globalThis;
    globalThis.fetch = () => new Promise(() => {});
    const fallback = () => {
      throw new Error('no fallback');
    };
    try {
      const config = {
        rootKey,
        namespace: 'a',
        limit: 1,
        duration: '1s',
        timeout: { ms: 5, fallback },
      } as const;
      await expect(new Ratelimit(config).limit('ann')).rejects.toThrow('no fallback');
      expect(await new Ratelimit({ ...config, onError: () => denied }).limit('ann')).toEqual(denied);
    } finally {
      globalThis.fetch = fetch;
    }
  });
});
