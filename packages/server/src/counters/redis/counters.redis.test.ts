import { afterAll, beforeAll } from 'vitest';
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
