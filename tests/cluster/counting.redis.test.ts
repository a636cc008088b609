import { test } from 'vitest';
import { startRedis } from '../redis.ts';
import { expectExactCounts } from './counting.ts';

test('three processes on one Redis let exactly the limits pass', async () => {
  const redis = await startRedis();
  try {
    await expectExactCounts('redis', redis.url);
  } finally {
    await redis.stop();
  }
});
