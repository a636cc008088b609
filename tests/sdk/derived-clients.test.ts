import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { Core } from '../../packages/sdk/src/functions/index.ts';
import { ConfigurationError, Unkey, UnkeyCore } from '../../packages/sdk/src/index.ts';
import { nodeFetch } from '../../packages/sdk/src/node/index.ts';
import { Ratelimit } from '../../packages/sdk/src/ratelimit/index.ts';
import { failureOf } from './failure-of.ts';
import { ok, refusal, startPeer } from './scripted-peer.ts';

const peer = await startPeer();
afterAll(() => peer.close());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const base = { rootKey: 'root_key', serverURL: peer.url, retry: false } as const;
const getApi = (unkey: Unkey) => unkey.apis.getApi({ apiId: 'api_1' });

describe('withOptions', () => {
  test('replaces what is given, merges headers, and leaves the client as it was', async () => {
    peer.plays(ok());
    const unkey = new Unkey({ ...base, headers: { 'x-one': '1', 'x-two': '1' } });
    const derived = unkey.withOptions({ rootKey: 'other', headers: { 'X-Two': '2', 'x-three': '3' } });
    await getApi(derived);
    await getApi(unkey);
    expect(derived).toBeInstanceOf(Unkey);
    const seen = peer.requests.map(({ headers }) =>
      ['authorization', 'x-one', 'x-two', 'x-three'].map((name) => headers[name]),
    );
    expect(seen).toEqual([
      ['Bearer other', '1', '2', '3'],
      ['Bearer root_key', '1', '1', undefined],
    ]);
  });

  test('undefined replaces nothing, null removes a header', async () => {
    peer.plays(ok());
    const unkey = new Unkey({ ...base, headers: { 'x-one': '1', 'x-two': '2' } });
    const headers = { 'x-one': undefined, 'x-two': null };
    await getApi(unkey.withOptions({ rootKey: undefined, serverURL: undefined, headers }));
    expect(peer.requests[0]?.headers).toMatchObject({ authorization: 'Bearer root_key', 'x-one': '1' });
    expect(peer.requests[0]?.headers).not.toHaveProperty('x-two');
  });

  test.each([
    [{ maxAttempts: 3 }, { initialIntervalMs: 0 }, 3],
    [false, { initialIntervalMs: 0, maxAttempts: 2 }, 2],
    [{ maxAttempts: 3 }, false, 1],
  ] as const)('retry %j and then %j: %d attempts', async (first, second, attempts) => {
    peer.plays(refusal(500));
    const derived = new Unkey({ ...base, retry: first }).withOptions({ retry: second });
    expect(await failureOf(getApi(derived))).toMatchObject({ attempts });
  });

  test('checks names and values, and keeps debug and spendOnce', async () => {
    const lines: string[] = [];
    const debug = { debug: (line: string) => void lines.push(line) };
    const unkey = new Unkey({ ...base, debug, spendOnce: true });
    expect(() => unkey.withOptions({ timeout: 5 } as object)).toThrow(ConfigurationError);
    expect(() => unkey.withOptions({ timeoutMs: Number.NaN })).toThrow(ConfigurationError);
    peer.plays(ok());
    await unkey.withOptions({ timeoutMs: 60_000 }).withOptions({}).keys.verifyKey({ key: 'k' });
    expect(lines).toHaveLength(1);
    expect(peer.requests[0]?.headers['idempotency-key']).toBeDefined();
  });

  test('a client is closed without the one that it came from', async () => {
    peer.plays(ok());
    const unkey = new Unkey(base);
    unkey.withOptions({}).close();
    await getApi(unkey);
    expect(new UnkeyCore(base).withOptions({ timeoutMs: 5 })).toBeInstanceOf(UnkeyCore);
  });
});

describe('addHooks', () => {
  test('adds hooks to later calls, and removes them again', async () => {
    peer.plays(ok());
    const events: string[] = [];
    const hooks = (name: string) => ({ beforeRequest: () => void events.push(name) });
    const unkey = new Unkey({ ...base, hooks: hooks('first') });
    const remove = unkey.addHooks(hooks('later'));
    await getApi(unkey);
    remove();
    remove();
    await getApi(unkey);
    expect(events).toEqual(['first', 'later', 'first']);
  });
});

describe('the response as fetch returned it', () => {
  test.each([
    ['fetch', undefined],
    ['nodeFetch', nodeFetch()],
  ])('of a call and of an error, with %s', async (_, fetch) => {
    const unkey = new Unkey({ ...base, fetch });
    peer.plays(ok({ id: 'api_1' }, { 'x-mine': 'a' }));
    const response = await getApi(unkey).asResponse();
    expect(response).toMatchObject({ status: 200, url: `${peer.url}/v2/apis.getApi` });
    expect(response.headers.get('x-mine')).toBe('a');
    peer.plays(refusal(404, {}, { 'x-mine': 'b' }));
    const error = await failureOf(getApi(unkey));
    expect(error.response).toMatchObject({ status: 404, url: `${peer.url}/v2/apis.getApi` });
    expect(error.response?.headers.get('x-mine')).toBe('b');
    expect(error.status).toBe(404);
    expect(JSON.stringify(error)).not.toContain('x-mine');
  });

  test('of a list is that of its first page; without a response there is none', async () => {
    peer.plays(ok([]));
    const unkey = new Unkey(base);
    expect(await unkey.permissions.listRoles().asResponse()).toMatchObject({ status: 200 });
    const down = unkey.withOptions({ fetch: () => Promise.reject(new Error('down')) });
    expect((await failureOf(getApi(down))).response).toBeUndefined();
    expect((await failureOf(getApi(down).asResponse())).name).toBe('ConnectionError');
  });
});

test('a method has the name of its operation', async () => {
  const unkey = new Unkey(base);
  expect(unkey.keys.verifyKey.name).toBe('verifyKey');
  expect(unkey.apis.listKeys.name).toBe('listKeys');
  expect(Object.keys(unkey.permissions)).toContain('setRolePermissions');
});

describe('in a browser', () => {
  test('no client with a root key is created unless that is allowed', () => {
    vi.stubGlobal('document', {});
    const limit = { namespace: 'n', limit: 1, duration: '1s' } as const;
    for (const create of [
      (options: object) => new Unkey({ ...base, ...options }),
      (options: object) => new UnkeyCore({ ...base, ...options }),
      (options: object) => new Core({ ...base, ...options }),
      (options: object) => new Ratelimit({ ...base, ...limit, ...options }),
    ]) {
      expect(() => create({})).toThrow(ConfigurationError);
      expect(() => create({})).toThrow('dangerouslyAllowBrowser');
      expect(() => create({ dangerouslyAllowBrowser: false })).toThrow(ConfigurationError);
      expect(() => create({ dangerouslyAllowBrowser: true })).not.toThrow();
    }
  });
});
