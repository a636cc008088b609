import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Reply } from '../service.ts';
import { startProxy, type TcpProxy } from '../tcp-proxy.ts';
import { dataOf, longWindow, type Member, type Parts, startMember, startParts } from './cluster.ts';

const clients = 16;
const ways = ['stall', 'drop', 'reset'] as const;
const stalenessMs = 12_000;
/** By then a request that waits for an unreachable part has ended. */
const latestMs = 20_000;
/** Longer than the idle time after which a read precedes a spend. */
const silenceMs = 300;

let parts: Parts;
let toPostgres: TcpProxy;
let toRedis: TcpProxy;
/** Reaches PostgreSQL and Redis through the proxies. */
let cut: Member;
let whole: Member;
let apiId: string;
let free: { key: string };
let purse: { key: string };

beforeAll(async () => {
  parts = await startParts();
  toPostgres = await startProxy(parts.postgres.port);
  toRedis = await startProxy(parts.redis.port);
  const database = new URL(parts.databaseUrl);
  database.port = String(toPostgres.port);
  whole = await startMember(parts);
  cut = await startMember(parts, {
    DATABASE_URL: database.href,
    REDIS_URL: `redis://127.0.0.1:${toRedis.port}`,
    UNKEY_MAX_STALENESS: `${stalenessMs / 1000}s`,
  });
  apiId = (await dataOf(whole.call('apis.createApi', { name: 'cuts' }))).apiId;
  free = await dataOf(whole.call('keys.createKey', { apiId }));
  purse = await dataOf(whole.call('keys.createKey', { apiId, credits: { remaining: 1000 } }));
});
afterAll(async () => {
  await Promise.all([cut.kill(), whole.kill()]);
  await Promise.all([toPostgres.close(), toRedis.close()]);
  await parts.close();
});
beforeEach(async () => {
  for (const { key } of [free, purse])
    await dataOf(cut.call('keys.verifyKey', { key, credits: { cost: 0 } }));
});

const ready = async () => JSON.parse((await cut.get('/health/ready')).text);
const metrics = async () => (await cut.get('/metrics')).text;
const eventually = { timeout: 30_000, interval: 50 };

/** All concurrently, each within its time limit. */
async function repliesOf(calls: readonly Promise<Reply>[]): Promise<readonly Reply[]> {
  const start = performance.now();
  const replies = await Promise.all(calls);
  expect(performance.now() - start).toBeLessThan(latestMs);
  return replies;
}

const many = (call: (index: number) => Promise<Reply>) =>
  Array.from({ length: clients }, (_, index) => call(index));

test.each(ways)(
  'Redis unreachable (%s): limits are shares, no request fails, and the probe shows it',
  async (way) => {
    const limit = { namespace: 'cuts', identifier: way, limit: 10, duration: longWindow() };
    expect((await dataOf(cut.call('ratelimit.limit', limit))).remaining).toBe(9);
    toRedis[way]();
    const replies = await repliesOf([
      ...many(() => cut.call('ratelimit.limit', limit)),
      cut.call('keys.verifyKey', { key: purse.key }),
      cut.call('keys.createKey', { apiId }),
    ]);
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    // Half of the limit: two processes counted when that was last known.
    expect(replies.slice(0, clients).filter(({ body }) => body.data.success)).toHaveLength(5);
    expect((await ready()).checks.counters).toBe('away');
    expect(await metrics()).toContain('unkey_counters_up 0\n');
    // The other process continues to count.
    expect((await dataOf(whole.call('ratelimit.limit', limit))).success).toBe(true);

    toRedis.mend();
    await expect.poll(metrics, eventually).toContain('unkey_counters_up 1\n');
    expect((await ready()).checks.counters).toBe('ok');
    expect((await dataOf(cut.call('ratelimit.limit', limit))).success).toBe(true);
  },
);

test.each(ways)(
  'PostgreSQL out of reach (%s): credits and writes are refused, known keys verified, and it shows',
  async (way) => {
    // After the last spend: one that is running when the connection is cut may be done, and its error says so.
    await pause(silenceMs);
    toPostgres[way]();
    let isCut = true;
    const verifying = verifyWhile(() => isCut);
    const replies = await repliesOf([
      ...many(() => cut.call('keys.verifyKey', { key: purse.key })),
      ...many((index) => cut.call('keys.createKey', { apiId, name: `${index}` })),
      ...many(() => cut.call('keys.verifyKey', { key: 'not_seen_before' })),
    ]);
    for (const { status, headers, body } of replies) {
      expect(status, JSON.stringify(body)).toBe(503);
      expect(headers.get('retry-after')).toBe('1');
      expect(body.error.type).toMatch(/service_unavailable$/);
    }
    expect((await ready()).checks.database).not.toBe('ok');
    await expect.poll(metrics, eventually).toContain('unkey_change_channel_up 0\n');
    expect((await dataOf(whole.call('keys.verifyKey', { key: purse.key }))).code).toBe('VALID');
    isCut = false;
    expect(await verifying).toBeGreaterThan(0);

    toPostgres.mend();
    await expect.poll(async () => (await cut.call('keys.createKey', { apiId })).status, eventually).toBe(200);
    await expect.poll(metrics, eventually).toContain('unkey_change_channel_up 1\n');
    expect((await dataOf(cut.call('keys.verifyKey', { key: purse.key }))).code).toBe('VALID');
    expect((await ready()).checks.database).toBe('ok');
  },
);

/** Verifies a cached key without credits until it is refused; returns how often it passed. The bound is the staleness. */
async function verifyWhile(isWanted: () => boolean): Promise<number> {
  const until = performance.now() + stalenessMs - 2000;
  let count = 0;
  while (isWanted() && performance.now() < until) {
    expect((await dataOf(cut.call('keys.verifyKey', { key: free.key }))).code).toBe('VALID');
    count++;
  }
  return count;
}

test('cache entries are not used for longer than UNKEY_MAX_STALENESS', async () => {
  toPostgres.drop();
  const start = performance.now();
  let reply = await cut.call('keys.verifyKey', { key: free.key });
  while (reply.status === 200 && performance.now() - start < 3 * stalenessMs) {
    reply = await cut.call('keys.verifyKey', { key: free.key });
  }
  const lasted = performance.now() - start;
  expect(reply.status).toBe(503);
  expect(reply.headers.get('retry-after')).toBe('1');
  expect(lasted).toBeGreaterThan(stalenessMs / 2);
  expect(lasted).toBeLessThan(stalenessMs + 1000);
  toPostgres.mend();
  await expect
    .poll(async () => (await cut.call('keys.verifyKey', { key: free.key })).status, eventually)
    .toBe(200);
});
