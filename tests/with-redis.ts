import { startRedis } from './redis.ts';

/** Before all suites of a run: a Redis for them, unless `UNKEY_TEST_REDIS` names one. */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.UNKEY_TEST_REDIS) return undefined;
  const redis = await startRedis();
  process.env.UNKEY_TEST_REDIS = redis.url;
  return () => redis.stop();
}
