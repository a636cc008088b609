import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectError } from '../api/expect-error.ts';
import { requestText, sendRaw } from '../api/raw-request.ts';
import { newDataDir, removeDataDirs } from '../cli/data-folders.ts';
import { runUnkey } from '../cli/run-unkey.ts';
import { endServers, type ServerProcess, startServer } from '../cli/server-process.ts';

/** The service with UNKEY_TEST_BUN as its runtime: the listener differs from Node's in how bytes become requests. */

let server: ServerProcess;
let dataDir: string;
beforeAll(async () => {
  dataDir = await newDataDir();
  server = await startServer({ dataDir, env: { LOG_LEVEL: 'warn' } });
  await server.said('What next');
});
afterAll(async () => {
  await endServers();
  await removeDataDirs();
});

const path = '/v2/apis.createApi';
const bodyBytesMax = 10 * 1024 * 1024;
const authorised = () => ({ authorization: `Bearer ${server.rootKey()}` });

describe('a request', () => {
  test('is verified end to end', async () => {
    const { apiId } = (await server.call('apis.createApi', { name: 'on-bun' })).body.data;
    const { key } = (await server.call('keys.createKey', { apiId, credits: { remaining: 1 } })).body.data;
    const codes = [];
    for (let call = 0; call < 2; call++) codes.push((await server.call('keys.verifyKey', { key })).body.data);
    expect(codes).toMatchObject([{ code: 'VALID', credits: 0 }, { code: 'USAGE_EXCEEDED' }]);
  });

  test('may come in chunks, and in pieces', async () => {
    const head = `POST ${path}?q=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
    const chunks = [
      'Transfer-Encoding: chunked\r\n\r\n8\r\n{"name":\r\n',
      '7\r\n"piece"\r\n',
      '1\r\n}\r\n0\r\n\r\n',
    ];
    const reply = await sendRaw(server.url, [
      `${head}Authorization: Bearer ${server.rootKey()}\r\n`,
      ...chunks,
    ]);
    expect(reply).toMatchObject({ status: 200, body: { data: { apiId: expect.stringMatching(/^api_/) } } });
  });

  test('carries bytes that are no text, and is refused for them', async () => {
    const body = Buffer.from('7b226e616d65223a22ff6162227d', 'hex');
    const reply = await sendRaw(server.url, requestText({ path, headers: authorised(), body }));
    expectError(reply, 'unkey/application/invalid_input', 'body');
  });

  test('has the address of its sender, which the audit log keeps', async () => {
    await server.call('apis.createApi', { name: 'audited' });
    const listed = await runUnkey(['audit', 'list', '--json', '--data-dir', dataDir]);
    expect(JSON.parse(listed.stdout)).toContainEqual(
      expect.objectContaining({ event: 'api.create', remoteIp: '127.0.0.1' }),
    );
  });

  test('has a response without a body when it is a HEAD request', async () => {
    const response = await fetch(`${server.url}/health/live`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('refusals in JSON', () => {
  test.each([
    ['a path that does not exist', 'GET', '/nowhere', 'unkey/routing/route_not_found'],
    ['another method', 'PUT', path, 'unkey/routing/method_not_allowed'],
    ['CONNECT', 'CONNECT', 'example.com:80', 'unkey/application/invalid_input'],
  ] as const)('%s', async (_what, method, target, code) => {
    expectError(await sendRaw(server.url, requestText({ path: target, method })), code);
  });

  test.each(['', 'x/v2/liveness?', 'a b', 'user@x'])('a Host header of %j', async (host) => {
    const order = requestText({ path, headers: { ...authorised(), host }, body: '{"name":"hosted"}' });
    expectError(await sendRaw(server.url, order), 'unkey/application/invalid_input');
  });

  test('a body that is declared too large, before it arrives', async () => {
    const headers = { ...authorised(), 'content-length': String(bodyBytesMax + 1) };
    const reply = await sendRaw(server.url, requestText({ path, headers }));
    expectError(reply, 'user/bad_request/request_body_too_large', 'body');
  });

  test('a body that turns out to be too large', async () => {
    const [head = ''] = requestText({ path, headers: authorised() });
    // Little is left unread: Bun resets the connection for that, which can overtake the response.
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const chunked = String(head).replace('content-length: 0', 'transfer-encoding: chunked');
    const reply = await sendRaw(server.url, [chunked, ...Array<string>(17).fill(chunk)]);
    expectError(reply, 'user/bad_request/request_body_too_large', 'body');
  });

  test('a body that does not come within ten seconds', async () => {
    const headers = { ...authorised(), 'content-length': '10' };
    const reply = await sendRaw(server.url, requestText({ path, headers, body: '{' }));
    expectError(reply, 'user/bad_request/request_timeout', 'body');
  });
});

describe('refusals of Bun with a bare status', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['a missing Host header', `POST ${path} HTTP/1.1\r\nContent-Length: 0\r\n\r\n`, 400],
    [
      'two lengths',
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`,
      400,
    ],
    [
      'a length and chunks',
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'a head that is too large',
      `POST ${path} HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      431,
    ],
  ])('%s', async (_what, text, status) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname).on('error', () => {});
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.write(text);
    await once(socket, 'close');
    expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

test('SIGTERM closes idle connections, and the process ends', async () => {
  const own = await startServer({ dataDir: await newDataDir() });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const [response] = await once(request(`${own.url}/v2/liveness`, { agent }).end(), 'response');
  await once(response.resume(), 'end');
  own.signal('SIGTERM');
  expect(await own.ended).toEqual({ status: 0, signal: null });
  await expect(fetch(own.url)).rejects.toThrow();
  agent.destroy();
});
