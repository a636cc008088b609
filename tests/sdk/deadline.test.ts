import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import {
  AbortError,
  type CallOptions,
  type ClientOptions,
  type Fetch,
  TimeoutError,
  Unkey,
} from '../../packages/sdk/src/index.ts';
import { failureOf } from './failure-of.ts';
import { endlessBody, ok, refusal, slowBody, stall, startPeer } from './scripted-peer.ts';

const peer = await startPeer();
afterAll(() => peer.close());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const client = (options: ClientOptions = {}): Unkey =>
  new Unkey({ rootKey: 'root_key', serverURL: peer.url, ...options });
const getApi = (unkey: Unkey, options?: CallOptions) => unkey.apis.getApi({ apiId: 'api_1' }, options);

const never = () => new Promise<never>(() => {});
/** Ignores its signal, and never responds. */
const unresponsive: Fetch = never;

describe('timeoutMs ends a call', () => {
  test.each([
    ['without a response', stall],
    ['whose body never ends', endlessBody],
  ])('%s', async (_, step) => {
    peer.plays(step);
    const error = await failureOf(getApi(client({ timeoutMs: 60 })));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toBe('The call took longer than 60 ms.');
    expect(error).toMatchObject({ operation: 'apis.getApi', attempts: 1, retryable: true });
  });

  test.each<[string, ClientOptions, number]>([
    ['whose fetch ignores its signal', { fetch: unresponsive }, 1],
    [
      'whose body ignores the signal',
      { fetch: async () => ({ ...new Response(), status: 200, headers: new Headers(), text: never }) },
      1,
    ],
    ['whose root key does not come', { rootKey: never }, 0],
    ['whose hook beforeRequest hangs', { hooks: { beforeRequest: never } }, 1],
    ['whose hook afterResponse hangs', { hooks: { afterResponse: never } }, 1],
    ['whose hook onError hangs', { hooks: { onError: never }, retry: false }, 1],
    [
      'whose hook onRetry hangs',
      { hooks: { onRetry: never }, retry: { initialIntervalMs: 0, maxAttempts: 2 } },
      1,
    ],
  ])('%s', async (_, options, attempts) => {
    peer.plays(refusal(503));
    const error = await failureOf(getApi(client({ timeoutMs: 60, ...options })));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ operation: 'apis.getApi', attempts });
  });

  test('and no attempt starts after the deadline', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999);
    peer.plays(refusal(500));
    const retry = { initialIntervalMs: 5000, maxIntervalMs: 5000 };
    const error = await failureOf(getApi(client({ timeoutMs: 2000, retry })));
    expect(error).toMatchObject({ status: 500, attempts: 1 });
  });

  test.each([
    ['getApi', (unkey: Unkey) => getApi(unkey), 10_000],
    ['verifyKey', (unkey: Unkey) => unkey.keys.verifyKey({ key: 'k' }), 3000],
    [
      'limit',
      (unkey: Unkey) => unkey.ratelimit.limit({ namespace: 'n', identifier: 'i', limit: 1, duration: 1000 }),
      3000,
    ],
    ['multiLimit', (unkey: Unkey) => unkey.ratelimit.multiLimit([]), 3000],
  ])('%s by itself', async (_, call, timeoutMs) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const settled = vi.fn();
    const failed = failureOf(call(client({ fetch: unresponsive }))).then((error) => {
      settled();
      return error;
    });
    await vi.advanceTimersByTimeAsync(timeoutMs - 1);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await failed).toMatchObject({ name: 'TimeoutError', attempts: 1 });
  });

  test('of the client, unless the call has its own; 0 means no deadline', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const settled: string[] = [];
    const unkey = client({ fetch: unresponsive, timeoutMs: 100 });
    const call = (name: string, options?: CallOptions) =>
      failureOf(getApi(unkey, options)).then(() => settled.push(name));
    call('client');
    call('longer', { timeoutMs: 200 });
    call('none', { timeoutMs: 0 });
    call('endless', { timeoutMs: Number.POSITIVE_INFINITY });
    await vi.advanceTimersByTimeAsync(100);
    expect(settled).toEqual(['client']);
    await vi.advanceTimersByTimeAsync(100);
    expect(settled).toEqual(['client', 'longer']);
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(settled).toEqual(['client', 'longer']);
    unkey.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(settled).toEqual(['client', 'longer', 'none', 'endless']);
  });

  test('also one with a signal that never fires', async () => {
    peer.plays(stall);
    const { signal } = new AbortController();
    expect(await failureOf(getApi(client(), { signal, timeoutMs: 50 }))).toBeInstanceOf(TimeoutError);
  });
});

test('a slow body that ends in time is a success', async () => {
  peer.plays(slowBody({ meta: { requestId: 'r' }, data: { id: 'api_1', name: 'slow' } }, 20));
  expect((await getApi(client())).data).toEqual({ id: 'api_1', name: 'slow' });
});

describe('a signal ends a call', () => {
  test('before it starts: nothing is sent', async () => {
    peer.plays(ok());
    const fetch = vi.fn(unresponsive);
    const signal = AbortSignal.abort('enough');
    const error = await failureOf(getApi(client({ fetch }), { signal }));
    expect(error).toBeInstanceOf(AbortError);
    expect(error.cause).toBe('enough');
    expect(fetch).not.toHaveBeenCalled();
    await failureOf(getApi(client(), { signal }));
    expect(peer.requests).toHaveLength(0);
  });

  test('immediately, when it fires in the same tick as the call', async () => {
    const controller = new AbortController();
    const fetch = vi.fn(unresponsive);
    const failed = failureOf(getApi(client({ fetch }), { signal: controller.signal }));
    controller.abort();
    expect(await failed).toBeInstanceOf(AbortError);
    expect(fetch).not.toHaveBeenCalled();
  });

  test('while it waits for the response, with any reason', async () => {
    for (const reason of [undefined, null, 'text', new Error('mine'), { code: 1 }]) {
      peer.plays(stall);
      const controller = new AbortController();
      const failed = failureOf(getApi(client(), { signal: controller.signal }));
      await peer.arrived(1);
      controller.abort(reason);
      const error = await failed;
      expect(error).toBeInstanceOf(AbortError);
      expect(error).toMatchObject({ operation: 'apis.getApi', attempts: 1, retryable: false });
      if (reason !== undefined) expect(error.cause).toBe(reason);
    }
  });

  test('in the middle of a pause, without another attempt', async () => {
    peer.plays(refusal(503, {}, { 'retry-after': '5' }), ok());
    const controller = new AbortController();
    // The pause begins when the hook has returned.
    const onRetry = () => void setImmediate(() => controller.abort());
    const unkey = client({ hooks: { onRetry } });
    const error = await failureOf(getApi(unkey, { signal: controller.signal }));
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ operation: 'apis.getApi', attempts: 1 });
    expect(peer.requests).toHaveLength(1);
  });

  test('and timeoutMs does too, whichever comes first', async () => {
    peer.plays(stall);
    const { signal } = new AbortController();
    expect(await failureOf(getApi(client({ timeoutMs: 40 }), { signal }))).toBeInstanceOf(TimeoutError);
    const soon = AbortSignal.timeout(40);
    expect(await failureOf(getApi(client(), { signal: soon }))).toBeInstanceOf(AbortError);
  });

  test('on every page of a list', async () => {
    const controller = new AbortController();
    const unkey = client();
    peer.plays(ok());
    const list = unkey.permissions.listRoles({}, { signal: controller.signal });
    controller.abort();
    expect(await failureOf(list)).toBeInstanceOf(AbortError);
  });
});

describe('nothing is left after a call', () => {
  test('of 10,000 calls with one signal: no listener, no timer', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const started = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const fetch: Fetch = async () => new Response('{"meta":{},"data":{}}');
    const unkey = client({ fetch });
    for (let call = 0; call < 10_000; call++) await getApi(unkey, { signal });
    expect(added).toHaveBeenCalledTimes(10_000);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
    const stopped = new Set(cleared.mock.calls.map(([timer]) => timer));
    const ours = started.mock.results.filter((_, index) => started.mock.calls[index]?.[1] === 10_000);
    expect(ours).toHaveLength(10_000);
    expect(ours.every(({ value }) => stopped.has(value))).toBe(true);
  });

  test('of calls that share a signal: one listener while they run, so Node does not warn', async () => {
    const { signal } = new AbortController();
    const warned = vi.fn();
    process.on('warning', warned);
    const calls: PromiseLike<unknown>[] = [];
    const respond: ((response: Response) => void)[] = [];
    const fetch: Fetch = () => new Promise<Response>((resolve) => respond.push(resolve));
    const unkey = client({ fetch });
    for (let call = 0; call < 50; call++) calls.push(getApi(unkey, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await vi.waitFor(() => expect(respond).toHaveLength(50), 240_000);
    for (const resolve of respond) resolve(new Response('{"meta":{},"data":{}}'));
    await Promise.all(calls);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });

  test('and one signal ends all calls that share it, and no others', async () => {
    const controller = new AbortController();
    const unkey = client({ fetch: unresponsive });
    const { signal } = controller;
    const shared = [
      getApi(unkey, { signal }),
      getApi(unkey, { signal }),
      getApi(client({ fetch: unresponsive }), { signal }),
    ];
    const other = getApi(unkey).safe();
    controller.abort('enough');
    for (const call of shared) expect((await failureOf(call)).cause).toBe('enough');
    unkey.close();
    expect((await other).error?.message).toBe('The client is closed.');
  });

  test('of a call that failed or was aborted', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const failing: Fetch = async () => new Response('{}', { status: 404 });
    await failureOf(getApi(client({ fetch: failing })));
    await failureOf(getApi(client({ fetch: unresponsive }), { signal: AbortSignal.abort() }));
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that keeps a process alive: a process ends after its calls', async () => {
    peer.plays(refusal(503, {}, { 'retry-after': '0' }), ok());
    const program = `
      import { Unkey } from ${JSON.stringify(fileURLToPath(new URL('../../packages/sdk/dist/index.js', import.meta.url)))};
      const unkey = new Unkey({ rootKey: 'root_key', serverURL: ${JSON.stringify(peer.url)}, timeoutMs: 3_600_000 });
      await unkey.apis.getApi({ apiId: 'api_1' });
      const failed = await unkey.apis.getApi({ apiId: 'api_1' }, { signal: AbortSignal.abort() }).safe();
      console.log(failed.error.name);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const [code] = await once(child, 'close');
    expect({ code, output }).toEqual({ code: 0, output: 'AbortError\n' });
  });
});
