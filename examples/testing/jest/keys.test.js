const { Unkey } = require('unkey-ts');
const { createTestUnkey } = require('unkey-ts-server/testing');

let unkey;
beforeAll(async () => {
  unkey = await createTestUnkey({ now: '2026-01-01' });
});
beforeEach(() => unkey.reset());
afterAll(() => unkey.close());

test.each(['first', 'second'])('every test begins with a full limit: %s', async () => {
  const client = new Unkey({ rootKey: unkey.rootKey, fetch: unkey.fetch });
  const limit = { namespace: 'emails', identifier: 'user_1', limit: 1, duration: 60_000 };
  expect((await client.ratelimit.limit(limit)).data.success).toBe(true);
  expect((await client.ratelimit.limit(limit)).data.success).toBe(false);
  await unkey.clock.advance('2m');
  expect((await client.ratelimit.limit(limit)).data.success).toBe(true);
});
