import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type RedisServer, startRedis } from '../../../../../tests/redis.ts';
import { startProxy, type TcpProxy } from '../../../../../tests/tcp-proxy.ts';
import { createLog } from '../../base/log.ts';
import { withCircuitBreaker } from '../circuit-breaker.ts';
import { type Counters, CountersUnavailableError } from '../port.ts';
import { claimLifetimeMs } from '../shared-idempotency.ts';
import { parseRedisAddresses } from './address.ts';
import { openRedisCounters } from './counters.ts';

const now = 1_700_000_040_000; // starts a minute
const secret = 'not-to-be-told';

let redis: RedisServer;
let proxy: TcpProxy;
beforeAll(async () => {
  redis = await startRedis(['--requirepass', secret]);
});
afterAll(() => redis.stop());
beforeEach(async () => {
  proxy = await startProxy(redis.port);
});

const opened: Counters[] = [];
afterEach(async () => {
  await proxy.close();
  for (const counters of opened.splice(0)) await counters.close();
  const admin = new Redis({ port: redis.port, password: secret });
  await admin.flushall();
  admin.disconnect();
});

async function open(url = `redis://:${secret}@127.0.0.1:${proxy.port}`) {
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const { counters, status } = await withCircuitBreaker({
    remote: await openRedisCounters({ addresses: parseRedisAddresses(url), timeoutMs: 2000 }),
    mode: 'local',
    log,
    clock: { now: () => now },
    probeMs: 20,
  });
  opened.push(counters);
  const passes = async (count: number) => {
    const one = { counter: 'a', limit: 10, durationMs: 60_000, cost: 1 };
    const calls = Array.from({ length: count }, () => counters.consume('ws', [one], now));
    return (await Promise.all(calls)).filter(({ passed }) => passed).length;
  };
  return { counters, status, lines, passes };
}

test.each(['stall', 'drop', 'reset'] as const)(
  'when the network does nothing but %s, calls are decided here, and there again when it is mended',
  async (trouble) => {
    const { status, lines, passes } = await open();
    expect(await passes(4)).toBe(4);
    proxy[trouble]();
    expect(await passes(50)).toBe(10);
    expect(status()).toMatchObject({ circuit: 'open', fallbackDecisions: 50, processes: 1 });
    proxy.mend();
    await vi.waitFor(() => expect(status().circuit).toBe('closed'), 30_000);
    expect(await passes(50)).toBe(6);
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain(secret);
  },
);

test('a silent connection is replaced by a new one', async () => {
  const { status, passes } = await open();
  expect(await passes(4)).toBe(4);
  proxy.abandon();
  expect(await passes(50)).toBe(10);
  await vi.waitFor(() => expect(status().circuit).toBe('closed'), 30_000);
  expect(await passes(50)).toBe(6);
});

test('a restarted server has lost counts and scripts, and counts from zero', async () => {
  const { counters, status, passes } = await open();
  expect(await passes(20)).toBe(10);
  expect(await counters.claim('call', now)).toBeNull();
  await redis.kill();
  await vi.waitFor(() => expect(status().circuit).toBe('open'), 30_000);
  await redis.start();
  await vi.waitFor(() => expect(status().circuit).toBe('closed'), 30_000);
  expect(await passes(20)).toBe(10);
});

test('a read-only server is unavailable until it accepts writes', async () => {
  const { status, lines, passes } = await open();
  expect(await passes(4)).toBe(4);
  const admin = new Redis({ port: redis.port, password: secret });
  await admin.replicaof('127.0.0.1', '1');
  expect(await passes(50)).toBe(10);
  expect(status().circuit).toBe('open');
  await admin.replicaof('NO', 'ONE');
  await vi.waitFor(() => expect(status().circuit).toBe('closed'), 30_000);
  expect(lines[0]).toMatch(/read only replica/);
  admin.disconnect();
});

test('a replica that accepts writes is not counted on', async () => {
  const { status, lines, passes } = await open();
  const admin = new Redis({ port: redis.port, password: secret });
  await admin.config('SET', 'replica-read-only', 'no');
  await admin.replicaof('127.0.0.1', '1');
  await vi.waitFor(() => expect(status().circuit).toBe('open'), 30_000);
  expect(await passes(50)).toBe(10);
  expect(lines[0]).toMatch(/the server is a replica/);
  await admin.replicaof('NO', 'ONE');
  await admin.config('SET', 'replica-read-only', 'yes');
  await vi.waitFor(() => expect(status().circuit).toBe('closed'), 30_000);
  admin.disconnect();
});

test('a missing database number is unavailable, with the reason, and database 0 stays empty', async () => {
  const { status, lines, passes } = await open(`redis://:${secret}@127.0.0.1:${proxy.port}/99`);
  expect(await passes(20)).toBe(10);
  expect(status().circuit).toBe('open');
  expect(lines[0]).toMatch(/DB index is out of range/);
  const admin = new Redis({ port: redis.port, password: secret });
  expect(await admin.keys('*')).toEqual([]);
  admin.disconnect();
});

test('a wrong password opens the circuit, with a reason without secrets', async () => {
  const { status, lines, passes } = await open(`redis://:${secret}-wrong@127.0.0.1:${proxy.port}`);
  expect(status()).toMatchObject({ circuit: 'open', processes: null });
  expect(await passes(20)).toBe(10);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/WRONGPASS|invalid/);
  expect(lines[0]).not.toContain(secret);
});

test('without a server the process starts, and counts there as soon as there is one', async () => {
  proxy.drop();
  const { status, passes } = await open();
  expect(status().circuit).toBe('open');
  expect(await passes(20)).toBe(10);
  proxy.mend();
  await vi.waitFor(() => expect(status().circuit).toBe('closed'), 30_000);
  expect(await passes(20)).toBe(10);
});

test('processes know how many they are, by their signs of life', async () => {
  const addresses = parseRedisAddresses(redis.url.replace('//', `//:${secret}@`));
  const first = await openRedisCounters({ addresses, timeoutMs: 20_000 });
  const second = await openRedisCounters({ addresses, timeoutMs: 20_000 });
  expect(await first.heartbeat()).toBe(1);
  expect(await second.heartbeat()).toBe(2);
  expect(await first.heartbeat()).toBe(2);
  await second.close();
  expect(await first.heartbeat()).toBe(1);
  await first.close();
  await expect(first.heartbeat()).rejects.toThrow(CountersUnavailableError);
});

test('a claim is renewed while its call runs', async () => {
  const addresses = parseRedisAddresses(redis.url.replace('//', `//:${secret}@`));
  const slow = await openRedisCounters({ addresses, timeoutMs: 20_000 });
  const next = await openRedisCounters({ addresses, timeoutMs: 20_000 });
  expect(await slow.claim('call', now)).toBeNull();
  const waiting = next.claim('call', now);
  await setTimeout(claimLifetimeMs * 1.4);
  await slow.complete('call', { fingerprint: 'who', response: 'what' }, now + 60_000);
  expect(await waiting).toMatchObject({ response: 'what' });
  await slow.close();
  await next.close();
});

test('a name whose process dies is free again after seconds', async () => {
  const addresses = parseRedisAddresses(redis.url.replace('//', `//:${secret}@`));
  const dying = await openRedisCounters({ addresses, timeoutMs: 20_000 });
  const next = await openRedisCounters({ addresses, timeoutMs: 20_000 });
  expect(await dying.claim('call', now)).toBeNull();
  const waiting = next.claim('call', now);
  await dying.close();
  expect(await waiting).toBeNull();
  await next.close();
});
