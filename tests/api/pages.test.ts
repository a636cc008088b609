import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Service, startService } from '../service.ts';

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

test('liveness answers in the envelope, the probes without it', async () => {
  const liveness = await (await get('/v2/liveness')).json();
  expect(liveness).toEqual({ meta: { requestId: expect.stringMatching(/^req_/) }, data: { message: 'OK' } });
  expect(await (await get('/health/live')).json()).toEqual({ status: 'ok' });
  expect(await (await get('/health/ready')).json()).toEqual({
    status: 'ok',
    checks: { database: 'ok', counters: 'ok' },
  });
});

test('a HEAD request has the head of the answer and no body', async () => {
  const answer = await get('/health/live', { method: 'HEAD' });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe('');
});

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
