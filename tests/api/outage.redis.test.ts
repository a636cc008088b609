import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type RedisServer, startRedis } from '../redis.ts';
import { type Service, startService } from '../service.ts';
import { startProxy, type TcpProxy } from '../tcp-proxy.ts';

let redis: RedisServer;
let proxy: TcpProxy;
const services: Service[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  proxy = await startProxy(redis.port);
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
  await proxy.close();
});

async function start(mode: string): Promise<Service> {
  const env = { REDIS_URL: `redis://127.0.0.1:${proxy.port}`, UNKEY_LIMITS_ON_OUTAGE: mode };
  const service = await startService({ env });
  services.push(service);
  return service;
}

const limit = { namespace: 'mail', identifier: 'ann', limit: 10, duration: 60_000 };

/** How many of these calls pass, or the statuses other than 200. */
async function passes(service: Service, count: number) {
  const calls = Array.from({ length: count }, () => service.call('ratelimit.limit', limit));
  const replies = await Promise.all(calls);
  const failed = replies.filter(({ status }) => status !== 200);
  if (failed.length > 0) return failed.map(({ status }) => status);
  return replies.filter(({ body }) => body.data.success).length;
}

async function page(service: Service, path: string): Promise<string> {
  return (await fetch(service.url + path)).text();
}

async function back(service: Service): Promise<void> {
  await vi.waitFor(async () => expect(await page(service, '/metrics')).toContain('unkey_counters_up 1\n'), {
    timeout: 30_000,
  });
}

test('counts on Redis are not in the process', async () => {
  const service = await start('local');
  expect(await passes(service, 7)).toBe(7);
  proxy.drop();
  expect(await passes(service, 20)).toBe(10);
  proxy.mend();
  await back(service);
  expect(await passes(service, 20)).toBe(3);
});

test('an outage shows in the probe and the metrics; all processes stay ready', async () => {
  const service = await start('local');
  const ready = async () => JSON.parse(await page(service, '/health/ready'));
  expect(await ready()).toEqual({ status: 'ok', checks: { database: 'ok', counters: 'ok' } });
  proxy.reset();
  await passes(service, 3);
  expect(await ready()).toEqual({ status: 'ok', checks: { database: 'ok', counters: 'away' } });
  const metrics = await page(service, '/metrics');
  expect(metrics).toContain('unkey_counters_up 0\n');
  expect(metrics).toContain('unkey_counters_fallback_decisions_total{mode="local"} 3\n');
  proxy.mend();
  await back(service);
  expect((await ready()).checks.counters).toBe('ok');
});

test('allow: limits pass uncounted', async () => {
  const service = await start('allow');
  proxy.drop();
  expect(await passes(service, 30)).toBe(30);
});

test('deny: limits get 503 with Retry-After; calls without limits succeed', async () => {
  const service = await start('deny');
  const { apiId } = (await service.call('apis.createApi', { name: 'docs' })).body.data;
  const ratelimits = [{ name: 'calls', limit: 10, duration: 60_000, autoApply: true }];
  const limited = (await service.call('keys.createKey', { apiId, ratelimits })).body.data;
  const free = (await service.call('keys.createKey', { apiId })).body.data;
  proxy.drop();

  const refused = await service.call('keys.verifyKey', { key: limited.key });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.body.error.type).toMatch(/service_unavailable$/);
  expect(await passes(service, 2)).toEqual([503, 503]);
  expect((await service.call('keys.verifyKey', { key: free.key })).body.data.code).toBe('VALID');

  proxy.mend();
  await back(service);
  expect((await service.call('keys.verifyKey', { key: limited.key })).body.data.code).toBe('VALID');
});

test('a spend that is sent twice at once is applied once', async () => {
  const service = await start('local');
  const call = () => service.call('ratelimit.limit', limit, { headers: { 'idempotency-key': 'once' } });
  const [first, second] = await Promise.all([call(), call()]);
  expect(second.body).toEqual(first.body);
  expect((await service.call('ratelimit.limit', { ...limit, cost: 0 })).body.data.remaining).toBe(9);
});
