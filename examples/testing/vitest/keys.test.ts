import { Unkey } from 'unkey-ts';
import { createTestUnkey } from 'unkey-ts-server/testing';
import { expect, test } from 'vitest';

test('a trial key is refilled at midnight, survives a 503, and expires', async () => {
  await using unkey = await createTestUnkey({ now: '2026-01-31T23:59:00Z', seed: './unkey.seed.yaml' });
  const client = new Unkey({ rootKey: unkey.rootKey, fetch: unkey.fetch });
  const verify = async () => (await client.keys.verifyKey({ key: 'doc_trial' })).data.code;
  expect([await verify(), await verify()]).toEqual(['VALID', 'USAGE_EXCEEDED']);
  await unkey.clock.advance('1m');
  unkey.faults.next('keys.verifyKey', { status: 503, retryAfter: 0 });
  expect(await verify()).toBe('VALID');
  await unkey.clock.advance('14d');
  expect(await verify()).toBe('EXPIRED');
  expect(unkey.requests.matching('keys.verifyKey')).toHaveLength(5);
});
