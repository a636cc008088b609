import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { ConnectionError, TimeoutError, Unkey } from '../index.ts';
import type { Fetch, FetchInit } from '../platform.ts';
import { isUnprocessed } from '../retry.ts';
import { nodeFetch } from './index.ts';

const openServers: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of openServers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
});

/** Listens, remembers the connections, and is closed after the test. */
async function listen(server: Server, ...where: [host?: string] | [path: { path: string }]): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  openServers.push({ server, sockets });
  const [place = '127.0.0.1'] = where;
  if (typeof place === 'string') server.listen(0, place);
  else server.listen(place);
  await once(server, 'listening');
  return typeof place === 'string' ? (server.address() as AddressInfo).port : 0;
}

/** A server with this listener; `connections` counts its connections. */
async function serve(listener: RequestListener) {
  const server = createHttpServer(listener);
  const seen = { connections: 0 };
  server.on('connection', () => {
    seen.connections += 1;
  });
  return { url: `http://127.0.0.1:${await listen(server)}/`, seen, server };
}

/** A server that plays these bytes at the first request of every connection. */
async function play(act: (socket: Socket, connection: number) => void): Promise<string> {
  let connections = 0;
  const server = createTcpServer((socket) => {
    const connection = ++connections;
    socket.on('error', () => {});
    socket.once('data', () => act(socket, connection));
  });
  return `http://127.0.0.1:${await listen(server)}/`;
}

const echo: RequestListener = async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const { method, url, headers } = request;
  response.end(JSON.stringify({ method, url, headers, body }));
};

function init(changes: Partial<FetchInit> = {}): FetchInit {
  const { signal } = new AbortController();
  return { method: 'POST', headers: {}, body: '{}', redirect: 'manual', signal, ...changes };
}

async function textOf(fetch: Fetch, url: string, changes?: Partial<FetchInit>): Promise<string> {
  return (await fetch(url, init(changes))).text();
}

async function failureOf(work: Promise<unknown>): Promise<Error & { code?: string }> {
  return work.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  );
}

/** Something that a test waits for. */
function occurrence() {
  let happens = () => {};
  const happened = new Promise<void>((resolve) => {
    happens = resolve;
  });
  return { happened, happens };
}

test('a request arrives unchanged', async () => {
  const { url } = await serve(echo);
  const text = await textOf(nodeFetch(), `${url}v2/keys.verifyKey`, {
    headers: { authorization: 'Bearer unkey_1', 'content-type': 'application/json' },
    body: '{"key":"schlüssel 🔑"}',
  });
  expect(JSON.parse(text)).toMatchObject({
    method: 'POST',
    url: '/v2/keys.verifyKey',
    headers: {
      authorization: 'Bearer unkey_1',
      'content-type': 'application/json',
      'content-length': '25',
      'accept-encoding': 'identity',
    },
    body: '{"key":"schlüssel 🔑"}',
  });
});

test('a GET has no body', async () => {
  const { url } = await serve(echo);
  const { body: _, ...withoutBody } = init({ method: 'GET' });
  const response = JSON.parse(await (await nodeFetch()(url, withoutBody)).text());
  expect(response).toMatchObject({ method: 'GET', body: '' });
  expect(response.headers).not.toHaveProperty('content-length');
  expect(response.headers).not.toHaveProperty('transfer-encoding');
});

test('a response has its status, its headers and its text', async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(418, { 'X-Request-Id': 'req_1', 'set-cookie': ['a=1', 'b=2'] }).end('\ufefftext');
  });
  const { status, headers, text } = await nodeFetch()(url, init());
  expect(status).toBe(418);
  expect(headers.get('x-request-ID')).toBe('req_1');
  expect(headers.get('set-cookie')).toBe('a=1, b=2');
  expect(headers.get('retry-after')).toBeNull();
  expect(headers.get('constructor')).toBeNull();
  expect(await text()).toBe('text');
  expect(await text()).toBe('text');
});

test('a redirect is returned, not followed', async () => {
  const { url, seen } = await serve((_, response) => {
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  expect((await nodeFetch()(url, init())).status).toBe(307);
  expect(seen.connections).toBe(1);
});

test('a character that comes in two chunks is read as one', async () => {
  const bytes = Buffer.from('é🔑');
  const url = await play(async (socket) => {
    socket.setNoDelay(true);
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    for (const byte of bytes) socket.write(Buffer.from([0x31, 13, 10, byte, 13, 10]));
    socket.write('0\r\n\r\n');
  });
  expect(await textOf(nodeFetch(), url)).toBe('é🔑');
});

test('a response of several megabytes is whole', async () => {
  const long = 'long '.repeat(1_000_000);
  const { url } = await serve((_, response) => {
    response.end(long);
  });
  expect((await textOf(nodeFetch(), url)) === long).toBe(true);
});

test('a response without a length ends with its connection', async () => {
  const url = await play((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall'));
  expect(await textOf(nodeFetch(), url)).toBe('all');
});

test('100 Continue is not the response', async () => {
  const url = await play((socket) =>
    socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
  );
  expect(await textOf(nodeFetch(), url)).toBe('ok');
});

test.each<[string, (socket: Socket) => void]>([
  ['a reset', (socket) => socket.resetAndDestroy()],
  ['an end before the response', (socket) => socket.end()],
  ['half a head', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
  [
    'a body shorter than its length',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}'),
  ],
  [
    'an unended chunk',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}'),
  ],
  [
    'an unended row of chunks',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'),
  ],
])('%s is a failure of the connection', async (_, act) => {
  const error = await failureOf(nodeFetch()(await play(act), init()));
  expect(error.code).toMatch(/ECONNRESET|HPE_/);
  expect(isUnprocessed(new ConnectionError(error.message))).toBe(false);
});

test.each([
  ['something else than HTTP', 'hello\r\n\r\n'],
  ['another protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
])('%s is a failure', async (_, bytes) => {
  await failureOf(nodeFetch()(await play((socket) => socket.write(bytes)), init()));
});

test('an unrequested response is not used for the next request', async () => {
  const response = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n';
  const url = await play((socket, connection) => socket.write(`${response}${connection}${response}x`));
  const fetch = nodeFetch({ maxSockets: 1 });
  const texts = await Promise.all([textOf(fetch, url), textOf(fetch, url), textOf(fetch, url)]);
  expect(texts).toEqual(['1', '2', '3']);
});

test('a refused connection has its code, and nothing was processed', async () => {
  const server = createTcpServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  openServers.pop();
  const error = await failureOf(nodeFetch()(`http://127.0.0.1:${port}/`, init()));
  expect(error.code).toBe('ECONNREFUSED');
  expect(isUnprocessed(new ConnectionError(error.message))).toBe(true);
});

test('a header that cannot be sent is not told', async () => {
  const error = await failureOf(
    nodeFetch()('http://127.0.0.1:9/', init({ headers: { authorization: 'Bearer secret\n1' } })),
  );
  expect(error.code).toBe('ERR_INVALID_CHAR');
  expect(inspect(error, { depth: 20 })).not.toContain('secret');
});

test('an aborted signal sends nothing', async () => {
  const { url, seen } = await serve(echo);
  const reason = new Error('enough');
  expect(await failureOf(nodeFetch()(url, init({ signal: AbortSignal.abort(reason) })))).toBe(reason);
  expect(seen.connections).toBe(0);
});

test.each([
  ['before the response', ''],
  ['within the head', 'HTTP/1.1 200 OK\r\n'],
  ['within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}'],
])('a call that is aborted %s ends at once, with its connection', async (_, bytes) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const closed = occurrence();
  const url = await play((socket) => {
    socket.on('close', () => closed.happens());
    socket.write(bytes, () => controller.abort(reason));
  });
  expect(await failureOf(nodeFetch()(url, init({ signal: controller.signal })))).toBe(reason);
  await closed.happened;
});

test('a call that is aborted while it waits for a connection lets the next one pass', async () => {
  const release = occurrence();
  const arrived = occurrence();
  const { url, seen } = await serve((request, response) => {
    arrived.happens();
    release.happened.then(() => response.end(request.url));
  });
  const fetch = nodeFetch({ maxSockets: 1 });
  const controller = new AbortController();
  const first = textOf(fetch, `${url}first`);
  const second = failureOf(fetch(url, init({ signal: controller.signal })));
  const third = textOf(fetch, `${url}third`);
  await arrived.happened;
  controller.abort(new Error('enough'));
  expect((await second).message).toBe('enough');
  release.happens();
  expect(await Promise.all([first, third])).toEqual(['/first', '/third']);
  expect(seen.connections).toBe(1);
});

test('a signal keeps no listener of a call that is over', async () => {
  const { url } = await serve(echo);
  let listeners = 0;
  const signal = {
    aborted: false,
    addEventListener: () => {
      listeners += 1;
    },
    removeEventListener: () => {
      listeners -= 1;
    },
  } as Partial<AbortSignal> as AbortSignal;
  const fetch = nodeFetch();
  await textOf(fetch, url, { signal });
  await textOf(fetch, url, { signal });
  await failureOf(fetch(await play((socket) => socket.resetAndDestroy()), init({ signal })));
  await expect.poll(() => listeners).toBe(0);
});

test('calls after each other share a connection', async () => {
  const { url, seen } = await serve(echo);
  const fetch = nodeFetch();
  for (let call = 0; call < 5; call++) await textOf(fetch, url);
  expect(seen.connections).toBe(1);
});

test('a connection that the server is about to close is not used again', async () => {
  // Closed by the server in the second that it says: too close to tell.
  const { url, seen } = await serve((_, response) => {
    response.setHeader('keep-alive', 'timeout=1').end();
  });
  const fetch = nodeFetch();
  await textOf(fetch, url);
  await textOf(fetch, url);
  expect(seen.connections).toBe(2);
});

test('a connection that the server has closed is not used again', async () => {
  const { url, seen, server } = await serve(echo);
  const fetch = nodeFetch();
  const connected = once(server, 'connection') as Promise<[Socket]>;
  await textOf(fetch, url);
  const [socket] = await connected;
  // Over once the client has closed its side as well.
  socket.end();
  await once(socket, 'close');
  await textOf(fetch, url);
  expect(seen.connections).toBe(2);
});

test('maxSockets is how many connections there are at once', async () => {
  const { url, seen } = await serve(echo);
  const fetch = nodeFetch({ maxSockets: 3 });
  await Promise.all(Array.from({ length: 20 }, () => textOf(fetch, url)));
  expect(seen.connections).toBe(3);
});

test('a Unix socket replaces host and port', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-'));
  try {
    const path = process.platform === 'win32' ? `\\\\.\\pipe\\${folder}` : join(folder, 'http.sock');
    await listen(createHttpServer(echo), { path });
    const text = await textOf(nodeFetch({ socketPath: path }), 'http://unkey.internal/v2/liveness');
    expect(JSON.parse(text)).toMatchObject({ url: '/v2/liveness', headers: { host: 'unkey.internal' } });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.runIf(await hasIPv6())('a host may be an IPv6 address', async () => {
  const port = await listen(createHttpServer(echo), '::1');
  const text = await textOf(nodeFetch(), `http://[::1]:${port}/v2/liveness`);
  expect(JSON.parse(text)).toMatchObject({ headers: { host: `[::1]:${port}` } });
});

async function hasIPv6(): Promise<boolean> {
  const server = createTcpServer();
  const outcome = Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ]);
  server.listen(0, '::1');
  const found = await outcome;
  if (found) server.close();
  return found;
}

// A secret that both sides know stands in for certificates, which would have to be renewed.
const sharedSecret = Buffer.from('0123456789abcdef');
const byShare = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

async function serveSecurely(): Promise<string> {
  const server = createHttpsServer({ ...byShare, pskCallback: () => sharedSecret }, echo);
  return `https://127.0.0.1:${await listen(server)}/`;
}

test('https has options for TLS', async () => {
  const fetch = nodeFetch({
    tls: {
      ...byShare,
      pskCallback: () => ({ psk: sharedSecret, identity: 'tests' }),
      checkServerIdentity: () => undefined,
    },
  });
  const url = await serveSecurely();
  expect(JSON.parse(await textOf(fetch, url, { body: 'secret' }))).toMatchObject({ body: 'secret' });
  expect(JSON.parse(await textOf(fetch, url.replace('https', 'HTTPS')))).toMatchObject({ method: 'POST' });
});

test('https rejects an unknown certificate by default', async () => {
  await failureOf(nodeFetch()(await serveSecurely(), init()));
});

test('the client calls through it, and knows its failures', async () => {
  const { url } = await serve((_, response) => {
    response.end('{"meta":{"requestId":"req_1"},"data":{"valid":true}}');
  });
  const unkey = new Unkey({ rootKey: 'unkey_1', serverURL: url, fetch: nodeFetch() });
  const { data } = await unkey.keys.verifyKey({ key: 'k' });
  expect(data.valid).toBe(true);

  const stalled = await play(() => {});
  const late = await failureOf(unkey.keys.verifyKey({ key: 'k' }, { serverURL: stalled, timeoutMs: 20 }));
  expect(late).toBeInstanceOf(TimeoutError);

  const reset = await play((socket) => socket.resetAndDestroy());
  const failed = await failureOf(unkey.keys.verifyKey({ key: 'k' }, { serverURL: reset }));
  expect(failed).toBeInstanceOf(ConnectionError);
  expect(failed).toMatchObject({ attempts: 1, cause: { code: 'ECONNRESET' } });
});

test('idle connections do not keep the process alive', async () => {
  const { url } = await serve((_, response) => {
    // Kept for an hour by both sides: the test would not end in time.
    response.setHeader('keep-alive', 'timeout=3600').end('done');
  });
  const program = `
    import { nodeFetch } from './packages/sdk/dist/node/index.js';
    const { signal } = new AbortController();
    const response = await nodeFetch({ keepAliveMs: 3_600_000 })(${JSON.stringify(url)}, { method: 'GET', headers: {}, signal });
    console.log(await response.text());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  expect(stdout).toBe('done\n');
});
