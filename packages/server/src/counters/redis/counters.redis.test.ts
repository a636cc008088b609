import { afterAll, beforeAll } from 'vitest';
import { type RedisServer, startRedis } from '../../../../../tests/redis.ts';
import { countersConformance } from '../conformance/counters-conformance.ts';
import { parseRedisAddresses } from './address.ts';
import { openRedisCounters } from './counters.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis(['--databases', '100']);
});
afterAll(() => redis.stop());

/** Each test has a database of its own. */
let opened = 0;

countersConformance('counters on Redis', () => {
  opened += 1;
  return openRedisCounters({ addresses: parseRedisAddresses(`${redis.url}/${opened}`), timeoutMs: 20_000 });
});
