import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, staticFiles } from '@unkey-ts/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Service, startService } from '../service.ts';
import { expectError } from './expect-error.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const get = (path: string, init?: RequestInit) => fetch(`${service.url}${path}`, init);

test('the OpenAPI document is served as JSON and as YAML, without a root key', async () => {
  const [json, yaml] = [await get('/openapi.json'), await get('/openapi.yaml')];
  expect(json.headers.get('content-type')).toBe('application/json');
  expect(yaml.headers.get('content-type')).toBe('application/yaml');
  const document = await json.json();
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(Object.keys(document.paths)).toContain('/v2/keys.verifyKey');
  expect(parse(await yaml.text())).toEqual(document);
});

test('liveness responds in the envelope, the probes without it', async () => {
  const liveness = await (await get('/v2/liveness')).json();
  expect(liveness).toEqual({ meta: { requestId: expect.stringMatching(/^req_/) }, data: { message: 'OK' } });
  for (const probe of ['startup', 'live']) {
    expect(await (await get(`/health/${probe}`)).json()).toEqual({ status: 'ok' });
  }
  expect(await (await get('/health/ready')).json()).toEqual({
    status: 'ok',
    checks: { database: 'ok', counters: 'ok' },
  });
});

const paths = ['/v2/liveness', '/metrics', '/openapi.json', '/openapi.yaml'];
const probes = ['startup', 'live', 'ready'].map((probe) => `/health/${probe}`);

test.each([...paths, ...probes])(
  'a HEAD request has the head of the response to GET and no body: %s',
  async (path) => {
    const response = await get(path, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
    expect(response.headers.get('content-type')).toBe((await get(path)).headers.get('content-type'));
    expect(await response.text()).toBe('');
  },
);

test('further endpoints are served beside the operations, static files among them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'static-files-'));
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  writeFileSync(join(folder, 'logo.png'), bytes);
  const other = await startService({
    endpoints: [
      ...staticFiles({ path: '/dashboard/', folder }),
      {
        path: '/dashboard/',
        isPrefix: true,
        method: 'GET',
        handle: ({ path }) => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: path }),
      },
    ],
  });
  for (const method of ['GET', 'HEAD']) {
    const response = await fetch(`${other.url}/dashboard/logo.png`, { method });
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('content-length')).toBe('256');
    expect(await response.bytes()).toEqual(method === 'GET' ? bytes : new Uint8Array(0));
  }
  expect(await (await fetch(`${other.url}/dashboard/keys/1`)).text()).toBe('/dashboard/keys/1');
  expect((await fetch(`${other.url}/v2/keys.verifyKey`)).status).toBe(405);
  rmSync(folder, { recursive: true });
  await other.close();
});

test.each([
  ['on', 0],
  ['off', 3],
])('UNKEY_HTTP_FAST_PATH=%s: of three common requests, node:http parses %i', async (value, expected) => {
  const other = await startService({ env: { UNKEY_HTTP_FAST_PATH: value } });
  const port = new URL(other.url).port;
  let parsed = 0;
  const count = (message: unknown) => {
    const { request } = message as { request: { headers: { host?: string } } };
    if (request.headers.host?.endsWith(`:${port}`)) parsed++;
  };
  subscribe('http.server.request.start', count);
  for (const name of ['one', 'two', 'three']) {
    expect((await other.call('apis.createApi', { name })).status).toBe(200);
  }
  unsubscribe('http.server.request.start', count);
  expect(parsed).toBe(expected);
  await other.close();
});

test('the document names no host: its server is the one that served it', async () => {
  expect((await (await get('/openapi.json')).json()).servers).toEqual([{ url: '/' }]);
});

test('responses of operations are never stored, whatever their status', async () => {
  const { apiId } = (await service.call('apis.createApi', { name: 'secret' })).body.data;
  const replies = [
    await service.call('keys.createKey', { apiId }),
    await service.call('keys.createKey', {}),
    await service.call('keys.createKey', { apiId }, { rootKey: 'unknown' }),
  ];
  for (const { headers } of replies) expect(headers.get('cache-control')).toBe('no-store');
  expect((await get('/v2/nowhere')).headers.get('cache-control')).toBe('no-store');
});

test.each(['gzip', 'br', 'GZIP, identity'])(
  'a body with Content-Encoding: %s is refused',
  async (encoding) => {
    const headers = { 'content-encoding': encoding };
    const reply = await service.call('apis.createApi', { name: 'encoded' }, { headers });
    expectError(reply, 'user/bad_request/unsupported_content_encoding');
  },
);

test('a body with Content-Encoding: identity is accepted', async () => {
  const headers = { 'content-encoding': 'identity' };
  expect((await service.call('apis.createApi', { name: 'plain' }, { headers })).status).toBe(200);
});

test.each([
  ['a response', 'info', 200, 'apis.createApi', { name: 'traced' }],
  ['a refusal', 'info', 404, 'apis.getApi', { apiId: 'api_nowhere' }],
  ['a fault', 'error', 500, 'apis.createApi', { name: 'late' }],
  ['a verification, at its level', 'debug', 200, 'keys.verifyKey', { key: 'unknown' }],
] as const)(
  'the log ties %s to the trace and the request id of the caller',
  async (what, level, status, operation, body) => {
    const lines: string[] = [];
    const log = createLog({ level: 'debug', destination: { write: (line) => lines.push(line) } });
    const other = await startService({ log });
    if (what === 'a fault') await other.app.services.storage.close();
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-request-id': 'mine 1' };
    const reply = await other.call(operation, body, { headers });
    expect(reply.status).toBe(status);
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        level,
        operation,
        requestId: reply.headers.get('x-request-id'),
        clientRequestId: 'mine%201',
        traceId,
        spanId: '00f067aa0ba902b7',
      }),
    );
    await other.close().catch(() => {});
  },
);

test('metrics count requests by operation and outcome', async () => {
  const { apiId } = (await service.call('apis.createApi', { name: 'metered' })).body.data;
  const { key } = (await service.call('keys.createKey', { apiId })).body.data;
  await service.call('keys.verifyKey', { key });
  await service.call('keys.verifyKey', { key: 'unknown' });
  await service.call('ratelimit.limit', { namespace: 'n', identifier: 'i', limit: 1, duration: 60_000 });
  await service.call('ratelimit.limit', { namespace: 'n', identifier: 'i', limit: 1, duration: 60_000 });
  await service.call('apis.getApi', { apiId: 'api_nowhere' });
  const text = await (await get('/metrics')).text();
  for (const line of [
    'unkey_requests_total{operation="keys.verifyKey",outcome="VALID"} 1',
    'unkey_requests_total{operation="keys.verifyKey",outcome="NOT_FOUND"} 1',
    'unkey_requests_total{operation="ratelimit.limit",outcome="passed"} 1',
    'unkey_requests_total{operation="ratelimit.limit",outcome="denied"} 1',
    'unkey_requests_total{operation="apis.getApi",outcome="404"} 1',
    'unkey_request_duration_seconds_count{operation="keys.verifyKey"} 2',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).toMatch(/^unkey_events_dropped_total 0$/m);
});

test('a server that lost its database is alive and not ready', async () => {
  const other = await startService();
  await other.app.services.storage.close();
  const ready = await fetch(`${other.url}/health/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: 'fail', checks: { database: 'fail', counters: 'ok' } });
  expect((await fetch(`${other.url}/health/live`)).status).toBe(200);
  await other.close().catch(() => {});
});
