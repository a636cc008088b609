import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RedisServer, startRedis } from '../../../../../tests/redis.ts';
import { countersConformance } from '../conformance/counters-conformance.ts';
import { idempotencySharesConformance } from '../conformance/idempotency-shares-conformance.ts';
import type { IdempotencyBounds } from '../idempotency-shares.ts';
import { parseRedisAddresses } from './address.ts';
import { openRedisCounters } from './counters.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis(['--databases', '100']);
});
afterAll(() => redis.stop());

/** Each test has a database of its own. */
let opened = 0;

function open(idempotencyBounds?: IdempotencyBounds) {
  opened += 1;
  const addresses = parseRedisAddresses(`${redis.url}/${opened}`);
  return openRedisCounters({ addresses, timeoutMs: 20_000, ...(idempotencyBounds && { idempotencyBounds }) });
}

countersConformance('counters on Redis', open);
idempotencySharesConformance('counters on Redis', open);

test('calls of one turn of the event loop are one command for each workspace, in their order', async () => {
  const counters = await open();
  const admin = new Redis({ port: redis.port });
  const commands = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
  const call = (workspaceId: string, cost: number) =>
    counters.consume(workspaceId, [{ counter: 'a', limit: 10, durationMs: 60_000, cost }], 0);
  await call('ws_0', 1);
  const before = await commands();
  const results = await Promise.all([4, 5, 3, 1].flatMap((cost) => [call('ws_1', cost), call('ws_2', cost)]));
  expect((await commands()) - before).toBe(2);
  expect(results.map(({ passed }) => passed)).toEqual([true, true, true, true, false, false, true, true]);
  expect(results.map(({ results: [one] }) => one?.remaining)).toEqual([6, 6, 1, 1, 0, 0, 0, 0]);
  admin.disconnect();
  await counters.close();
});
