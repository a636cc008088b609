import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HttpRequest } from '../../base/http-message.ts';
import { echo, failure, heldHandler, json, post, servers, start } from '../conformance/started-listener.ts';
import { ListenError } from '../listener.ts';
import { createNodeListener, type NodeListenerOptions } from './server.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a request reaches the handler without its query, and its response the client', async () => {
  let seen: HttpRequest | undefined;
  const { url } = await start({
    handle: async (request) => {
      seen = request;
      return {
        status: 201,
        headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'req_1' },
        body: '{"ü":1}',
      };
    },
  });
  const response = await fetch(`${url}/v2/keys.verifyKey?a=b`, {
    method: 'POST',
    body: 'ä',
    headers: { 'User-Agent': 'Y' },
  });
  expect(response.status).toBe(201);
  expect(response.headers.get('x-request-id')).toBe('req_1');
  expect(response.headers.get('content-length')).toBe('8');
  expect(await response.json()).toEqual({ ü: 1 });
  expect(seen).toMatchObject({ method: 'POST', path: '/v2/keys.verifyKey', peer: '127.0.0.1' });
  expect(seen?.headers['user-agent']).toBe('Y');
  expect(Buffer.from(seen?.body ?? []).toString()).toBe('ä');
});

test('a target with scheme and host is its path', async () => {
  const client = (await start()).open();
  client.socket.write('GET http://proxy.test/v2/liveness?x HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await client.received('}')).toContain('"path":"/v2/liveness"');
});

test('a body in many pieces and in chunks arrives whole', async () => {
  const client = (await start()).open();
  client.socket.write('POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
  client.socket.write('2\r\nde\r\n');
  client.socket.write('0\r\n\r\n');
  expect(await client.received('}')).toContain('"body":"abcde"');
});

test('pipelined requests get responses in their order on one connection', async () => {
  const client = (await start()).open();
  client.socket.write(post('/1', 'one') + post('/2', 'two') + post('/3', 'three'));
  const text = await client.received('}', 3);
  expect([...text.matchAll(/"path":"(.*?)"/g)].map(([, path]) => path)).toEqual(['/1', '/2', '/3']);
  expect(text).toMatch(/keep-alive/i);
});

test('HEAD gets a response without a body', async () => {
  const client = (await start()).open();
  client.socket.write('HEAD /v2/liveness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const text = await client.ended;
  expect(text).toMatch(/Content-Length: [1-9]/);
  expect(text.endsWith('\r\n\r\n')).toBe(true);
});

test('a declared length over the limit is refused before the body is sent', async () => {
  const client = (await start({ maxBodyBytes: 10 })).open();
  client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n');
  const text = await client.ended;
  expect(text).toMatch(/^HTTP\/1.1 413 /);
  expect(text).toContain('"kind":"too_large"');
  expect(text).toMatch(/Connection: close/i);
});

test('a body as long as the limit is accepted', async () => {
  const client = (await start({ maxBodyBytes: 10 })).open();
  client.socket.write(post('/', '0123456789'));
  expect(await client.received('}')).toContain('"body":"0123456789"');
});

test('a client that sends far too much still reads the response', async () => {
  const { open } = await start({ maxBodyBytes: 1000 });
  const client = open();
  client.socket.write(post('/', 'x'.repeat(8_000_000)));
  expect(await client.ended).toMatch(/^HTTP\/1.1 413 [\s\S]*too_large/);
});

test('chunks over the limit are refused, and bytes after them are not a request', async () => {
  let calls = 0;
  const { open } = await start({
    maxBodyBytes: 10,
    handle: async () => {
      calls++;
      return json(200, {});
    },
  });
  const client = open();
  client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n');
  client.socket.write(`8\r\n01234567\r\n0\r\n\r\n${post('/smuggled', '')}`);
  const text = await client.ended;
  expect(text).toMatch(/^HTTP\/1.1 413 /);
  expect(text.match(/HTTP\/1.1/g)).toHaveLength(1);
  expect(calls).toBe(0);
});

test('a client that asks before it sends gets 100, and 413 instead when it would be too much', async () => {
  const { open } = await start({ maxBodyBytes: 10 });
  const polite = open();
  polite.socket.write('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
  await polite.received('100 Continue\r\n\r\n');
  polite.socket.write('abc');
  expect(await polite.received('}')).toContain('"body":"abc"');

  const greedy = open();
  greedy.socket.write('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n');
  expect(await greedy.ended).toMatch(/^HTTP\/1.1 413 /);
});

describe('a body above the free size', () => {
  const head = 'POST /large HTTP/1.1\r\nHost: x\r\n';
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
  const declared = (bytes: number) => `${head}Content-Length: ${bytes}\r\n\r\n`;
  const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

  /** Free up to 10 bytes, allowed up to 20, and only if `isKnown`. */
  async function startBounded(isKnown: boolean, options: Partial<NodeListenerOptions> = {}) {
    const bodies: string[] = [];
    const admitted: string[] = [];
    const listener = await start({
      maxBodyBytes: 10,
      handle({ body }) {
        bodies.push(String(body));
        return json(200, {});
      },
      async admitBody({ path }) {
        admitted.push(path);
        await setTimeout();
        return isKnown ? 20 : json(401, {});
      },
      ...options,
    });
    return { ...listener, bodies, admitted };
  }

  test.each([
    ['declared', `${declared(20)}${'x'.repeat(20)}`],
    ['in chunks', `${chunked}${chunk(8)}${chunk(8)}${chunk(4)}0\r\n\r\n`],
    ['after 100', `${declared(20).replace('Content', 'Expect: 100-continue\r\nContent')}${'x'.repeat(20)}`],
  ])('is read if its sender is known: %s', async (_how, text) => {
    const { open, bodies, admitted } = await startBounded(true);
    const client = open();
    client.socket.write(text);
    await client.received('{}');
    expect([bodies, admitted]).toEqual([['x'.repeat(20)], ['/large']]);
    client.socket.write(post('/small', 'x'));
    await client.received('{}', 2);
    expect(admitted).toEqual(['/large']);
  });

  test.each([
    ['declared', declared(20)],
    ['in chunks', `${chunked}${chunk(8)}${chunk(8)}`],
    ['before 100', declared(20).replace('Content', 'Expect: 100-continue\r\nContent')],
  ])('is not read if its sender is unknown: %s', async (_how, text) => {
    const { open, bodies } = await startBounded(false);
    const client = open();
    client.socket.write(text);
    expect(await client.ended).toMatch(/^HTTP\/1.1 401 [\s\S]*Connection: close/);
    expect(bodies).toEqual([]);
  });

  test.each([
    ['declared', declared(21)],
    ['in chunks', `${chunked}${chunk(8)}${chunk(8)}${chunk(5)}`],
    ['in one chunk', `${chunked}${chunk(21)}`],
  ])('is refused above its own maximum: %s', async (_how, text) => {
    const { open, bodies } = await startBounded(true);
    const client = open();
    client.socket.write(text);
    expect(await client.ended).toMatch(/^HTTP\/1.1 413 [\s\S]*too_large/);
    expect(bodies).toEqual([]);
  });

  test.each([
    ['unknown', { unknown: 15, known: 100 }, 10],
    ['known', { unknown: 100, known: 25 }, 20],
  ])(
    'all bodies together have a bound, which one that ends gives back: %s',
    async (_who, bodyBounds, bytes) => {
      const { open, bodies } = await startBounded(true, { bodyBounds, hasFastPath: false });
      const first = open();
      first.socket.write(`${declared(bytes)}${'x'.repeat(9)}`);
      await expect
        .poll(async () => {
          const second = open();
          second.socket.write(`${declared(bytes)}${'x'.repeat(bytes)}`);
          return second.ended.then((text) => text.slice(9, 12));
        })
        .toBe('429');
      first.socket.destroy();
      await expect
        .poll(() => {
          const third = open();
          third.socket.write(
            `${declared(bytes)}${'x'.repeat(bytes)}`.replace('Host', 'Connection: close\r\nHost'),
          );
          return third.ended.then((text) => text.slice(9, 12));
        })
        .toBe('200');
      expect(bodies).toContain('x'.repeat(bytes));
    },
  );
});

test('a body that stops half-way gets 408', async () => {
  const client = (await start({ bodyTimeoutMs: 30 })).open();
  client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
  expect(await client.ended).toMatch(/^HTTP\/1.1 408 [\s\S]*read_timeout/);
});

test('headers that stop half-way get 408', async () => {
  const client = (await start({ requestTimeoutMs: 30 })).open();
  client.socket.write('POST / HTTP/1.1\r\nHost');
  expect(await client.ended).toMatch(/^HTTP\/1.1 408 [\s\S]*read_timeout/);
});

test.each([
  ['no HTTP', 'garbage\r\n\r\n'],
  ['line ends only', '\r\n\r\nx\r\n\r\n'],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  [
    'length and chunks',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['an unknown transfer encoding', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: zip\r\n\r\nab'],
  ['a broken chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab'],
  ['a tunnel', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n'],
])('%s gets 400 and the end of the connection', async (_name, bytes) => {
  const client = (await start()).open();
  client.socket.write(bytes);
  const text = await client.ended;
  expect(text).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
  expect(text).toContain('"kind":"malformed"');
  expect(text.match(/HTTP\/1.1/g)).toHaveLength(1);
});

test.each([true, false])(
  'headers of 64 kB are accepted, larger ones get 431: fast path %s',
  async (hasFastPath) => {
    const { open } = await start({ hasFastPath });
    const client = open();
    client.socket.write(post('/long', 'x', `X-Long: ${'x'.repeat(64_000)}\r\n`));
    expect(await client.received('}')).toContain('"path":"/long"');
    client.socket.write(post('/longer', 'x', `X-Long: ${'x'.repeat(66_000)}\r\n`));
    expect(await client.ended).toMatch(/HTTP\/1.1 200 [\s\S]*HTTP\/1.1 431 [\s\S]*headers_too_large/);
  },
);

const manyHeaders = Array.from({ length: 3000 }, (_, index) => `A${index}: b\r\n`).join('');

test.each([
  ['two hosts', 400, 'host: y\r\n'],
  ['two hosts that agree', 400, 'HOST: x\r\n'],
  ['a second host behind many headers', 400, `${manyHeaders}Host: y\r\n`],
  ['an unknown coding', 400, 'Transfer-Encoding: gzip\r\n'],
  ['an unknown coding before chunks', 400, 'Transfer-Encoding: gzip, chunked\r\n'],
  ['no coding', 400, 'Transfer-Encoding: identity\r\n'],
  [
    'an unknown coding of an upgrade',
    400,
    'Connection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: gzip\r\n',
  ],
  ['an unknown expectation', 417, 'Expect: nonsense\r\n'],
  ['more than one expectation', 417, 'Expect: 100-continue, nonsense\r\n'],
])('%s: %i, and what follows is not read', async (_what, status, headers) => {
  let calls = 0;
  const handle = () => {
    calls++;
    return json(200, {});
  };
  const client = (await start({ handle })).open();
  client.socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n${post('/next', '')}`);
  const text = await client.ended;
  expect(text.match(/HTTP\/1.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
  expect(text).toMatch(/Connection: close/);
  expect(calls).toBe(0);
});

const upgrade = 'Connection: upgrade\r\nUpgrade: h2c\r\n';
const lastRequests = [
  post('/last', 'a', 'Connection: close\r\n'),
  post('/last', 'a', upgrade),
  post('/last', 'a', 'Upgrade: h2c\r\n'),
  `POST /last HTTP/1.1\r\nHost: x\r\n${upgrade}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
  post('/last', 'a').replace('HTTP/1.1', 'HTTP/1.0'),
];
const nextRequests = [
  post('/next', 'b'),
  post('/next', 'b', 'Expect: 100-continue\r\n'),
  post('/next', 'b', 'Expect: nonsense\r\n'),
  post('/next', 'b', upgrade),
  'GET /next HTTP/1.1\r\nHost: x\r\n\r\n',
  'no request\r\n\r\n',
];

test.each(lastRequests.flatMap((last) => nextRequests.map((next) => [last, next] as const)))(
  'after the last request nothing is handled: %j, %j',
  async (last, next) => {
    const paths: string[] = [];
    const { open } = await start({
      async handle({ path, body }) {
        paths.push(path);
        await setTimeout();
        return json(200, { body: String(body) });
      },
    });
    for (const pieces of [[last + next], [last, next]]) {
      const client = open();
      for (const piece of pieces) {
        client.socket.write(piece);
        await setTimeout();
      }
      const text = await client.ended;
      expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200']);
      expect(text).toMatch(/Connection: close[\s\S]*\{"body":"a"\}$/i);
    }
    expect(paths).toEqual(['/last', '/last']);
  },
);

test.each([true, false])('a client that does not read is disconnected: fast path %s', async (hasFastPath) => {
  let calls = 0;
  const { open, server } = await start({
    hasFastPath,
    sendTimeoutMs: 50,
    drainGraceMs: 60_000,
    handle() {
      calls++;
      return json(200, 'x'.repeat(10_000_000));
    },
  });
  const client = open();
  client.socket.pause();
  client.socket.write(post('/', 'a'));
  await expect.poll(() => calls).toBe(1);
  // It has to wait for all connections.
  await server.drain();
});

test.each([true, false])(
  'a drain responds to all pipelined requests, the last one with Connection: close: fast path %s',
  async (hasFastPath) => {
    const held = heldHandler();
    const { open, server, port } = await start({ handle: held.handle, hasFastPath });
    const client = open();
    client.socket.write(post('/1', 'a') + post('/2', 'b') + post('/3', 'c'));
    await held.begun;
    const drained = server.drain();
    await expect.poll(() => isRefused(port)).toBe(true);
    held.release();
    const text = await client.ended;
    expect(text.match(/"held":true/g)).toHaveLength(3);
    expect(text.match(/Connection: [\w-]+/g)).toEqual([
      'Connection: keep-alive',
      'Connection: keep-alive',
      'Connection: close',
    ]);
    await drained;
  },
);

test('a length that is too short: the request gets a response, then the rest as broken', async () => {
  const held = heldHandler();
  const client = (await start({ handle: held.handle })).open();
  client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab??\r\n\r\n');
  await held.begun;
  held.release();
  const text = await client.ended;
  expect(text).toMatch(/^HTTP\/1.1 200 [\s\S]*"held":true\}HTTP\/1.1 400 [\s\S]*malformed/);
});

test('broken bytes behind a request without a body do not take its response', async () => {
  const client = (await start()).open();
  client.socket.write('GET /first HTTP/1.1\r\nHost: x\r\n\r\n??\r\n\r\n');
  expect(await client.ended).toMatch(/^HTTP\/1.1 200 [\s\S]*first[\s\S]*HTTP\/1.1 400 [\s\S]*malformed/);
});

test('a client that leaves in the middle of its body does not reach the handler', async () => {
  let calls = 0;
  const { open, server } = await start({
    handle: async () => {
      calls++;
      return json(200, {});
    },
  });
  const leaving = open();
  leaving.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
  leaving.socket.once('connect', () => leaving.socket.resetAndDestroy());
  await leaving.ended;
  await server.drain();
  expect(calls).toBe(0);
});

test('a handler that rejects against its contract gets 500', async () => {
  const { url } = await start({ handle: () => Promise.reject(new Error('secret')) });
  const response = await fetch(url);
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({ kind: 'internal_error' });
});

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(false));
    socket.once('error', () => resolve(true));
    socket.once('connect', () => socket.destroy());
  });
}

test('a drain waits for the running request, ends its connection and accepts nothing new', async () => {
  const held = heldHandler();
  const { server, open, port } = await start({ handle: held.handle });
  const client = open();
  client.socket.write(post('/', 'x'));
  await held.begun;

  let isDrained = false;
  const drained = server.drain().then(() => {
    isDrained = true;
  });
  await expect.poll(() => isRefused(port)).toBe(true);
  expect(isDrained).toBe(false);
  held.release();
  expect(await client.ended).toMatch(/^HTTP\/1.1 200 [\s\S]*Connection: close[\s\S]*"held":true/i);
  await drained;
});

test('a drain waits for the request of a client that has left', async () => {
  const held = heldHandler();
  const { server, open } = await start({ handle: held.handle });
  const client = open();
  client.socket.write(post('/', 'x'));
  await held.begun;
  client.socket.destroy();
  let isDrained = false;
  const drained = server.drain().then(() => {
    isDrained = true;
  });
  await client.ended;
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDrained).toBe(false);
  held.release();
  await drained;
});

test.each([true, false])(
  'during the drain delay, each connection ends with its next response: fast path %s',
  async (hasFastPath) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const drainDelayMs = 3_600_000;
    const { server, open } = await start({ hasFastPath, drainDelayMs });
    const [used, idle] = [open(), open()];
    for (const { socket, received } of [used, idle]) {
      socket.write(post('/1', 'x'));
      await received('}');
    }
    const drained = server.drain();
    const accepted = open();
    for (const client of [used, accepted]) {
      client.socket.write(post('/2', 'x'));
      expect(await client.ended).toMatch(/Connection: close[\s\S]*"path":"\/2"/);
    }
    expect(idle.socket.readyState).toBe('open');

    vi.advanceTimersByTime(drainDelayMs);
    expect(await idle.ended).toContain('Connection: keep-alive');
    await drained;
  },
);

test('a drain responds to requests that arrived on an idle connection while the process was busy', async () => {
  const { server, open } = await start();
  const client = open();
  client.socket.write(post('/1', 'x'));
  await client.received('}');
  const drained = server.drain();
  client.socket.write(post('/2', 'x'));
  const until = performance.now() + 150;
  while (performance.now() < until);
  expect(await client.ended).toMatch(/"path":"\/2"/);
  await drained;
});

test.each([true, false])('a drain closes idle connections at once: fast path %s', async (hasFastPath) => {
  const { server, open } = await start({ hasFastPath, drainGraceMs: 60_000 });
  const [used, unused] = [open(), open()];
  used.socket.write(post('/', 'x'));
  await used.received('}');
  await server.drain();
  await Promise.all([used.ended, unused.ended]);
});

test('a drain cuts half-sent requests after its grace', async () => {
  const { server, open } = await start({ drainGraceMs: 30 });
  const client = open();
  client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n');
  await client.received('100 Continue');
  await server.drain();
  expect(await client.ended).not.toContain('200');
});

test('a drain before listening, and a second one, resolve', async () => {
  const server = createNodeListener({ handle: echo, failure });
  await server.drain();
  await server.drain();
});

test('a port in use is named, with the remedy', async () => {
  const { port } = await start();
  const second = createNodeListener({ handle: echo, failure });
  const attempt = second.listen('127.0.0.1', port);
  await expect(attempt).rejects.toThrow(ListenError);
  await expect(attempt).rejects.toThrow(
    `port ${port}: the port is in use. Choose others with HOST and PORT.`,
  );
});

test('the URL of an IPv6 address has brackets', async () => {
  const server = createNodeListener({ handle: echo, failure });
  servers.push(server);
  const { url, port } = await server.listen('::1', 0);
  expect(url).toBe(`http://[::1]:${port}`);
});
