import type { OperationId } from '@unkey-ts/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

function handle(operation: OperationId, body: unknown) {
  return service.app.handle({
    method: 'POST',
    path: `/v2/${operation}`,
    headers: { authorization: `Bearer ${service.rootKey}`, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
    peer: '127.0.0.1',
  });
}

// With PostgreSQL or Redis there is something to wait for.
const isInOneProcess = !process.env.UNKEY_TEST_DATABASE_URL && !process.env.UNKEY_TEST_REDIS;

test.runIf(isInOneProcess)('a request with cached data gets its response without a promise', async () => {
  const { call } = service;
  const { apiId } = (await call('apis.createApi', { name: 'at once' })).body.data;
  const ratelimits = [{ name: 'requests', limit: 1000, duration: 60_000, autoApply: true }];
  const { key } = (await call('keys.createKey', { apiId, ratelimits })).body.data;
  const limit = { namespace: 'at.once', identifier: 'someone', limit: 1000, duration: 60_000 };
  const requests: [OperationId, unknown][] = [
    ['keys.verifyKey', { key }],
    ['keys.verifyKey', { key, permissions: 'documents.read OR documents.write' }],
    ['keys.verifyKey', { key: 'nobody_has_this_key' }],
    ['ratelimit.limit', limit],
    ['ratelimit.multiLimit', [limit, { ...limit, identifier: 'someone else' }]],
  ];
  for (const [operation, body] of requests) {
    // The first may create what the second then looks up.
    for (let count = 0; count < 2; count++) await handle(operation, body);
    const again = handle(operation, body);
    expect({ operation, body, isAwaited: again instanceof Promise }).toEqual({
      operation,
      body,
      isAwaited: false,
    });
    expect(await again).toMatchObject({ status: 200 });
  }
});
