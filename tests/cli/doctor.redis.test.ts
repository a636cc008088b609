import { afterAll, expect, test } from 'vitest';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { runUnkey } from './run-unkey.ts';

afterAll(removeDataDirs);

test('unkey doctor asks Redis for its clock', async () => {
  const env = { REDIS_URL: process.env.UNKEY_TEST_REDIS ?? '' };
  const ran = await runUnkey(['doctor', '--json', '--data-dir', await newDataDir()], { env });
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(ran.stdout)).toContainEqual({ part: 'redis', state: 'ok', text: 'reachable' });
});
