import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type RedisServer, startRedisCluster } from '../../../../../tests/redis.ts';
import { countersConformance } from '../conformance/counters-conformance.ts';
import { idempotencySharesConformance } from '../conformance/idempotency-shares-conformance.ts';
import type { IdempotencyBounds } from '../idempotency-shares.ts';
import { CountersUnavailableError } from '../port.ts';
import { parseRedisAddresses } from './address.ts';
import { openRedisCounters } from './counters.ts';

let nodes: readonly RedisServer[];
beforeAll(async () => {
  nodes = await startRedisCluster();
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
});
beforeEach(async () => {
  for (const { port } of nodes) {
    const admin = new Redis({ port });
    await admin.flushall();
    admin.disconnect();
  }
});

/** By two of its three nodes. */
function open(idempotencyBounds?: IdempotencyBounds) {
  const addresses = parseRedisAddresses(
    nodes
      .slice(0, 2)
      .map(({ url }) => url)
      .join(),
  );
  return openRedisCounters({ addresses, timeoutMs: 20_000, ...(idempotencyBounds && { idempotencyBounds }) });
}

countersConformance('counters on a Redis cluster', open);
idempotencySharesConformance('counters on a Redis cluster', open);

const now = 1_700_000_040_000;
const checks = ['a', 'b', 'c'].map((counter) => ({ counter, limit: 10, durationMs: 60_000, cost: 1 }));

test('workspaces are spread over the nodes, and each has all its counters on one', async () => {
  const counters = await open();
  const workspaces = Array.from({ length: 50 }, (_, index) => `ws_${index}`);
  for (const workspace of workspaces)
    expect((await counters.consume(workspace, checks, now)).passed).toBe(true);
  for (const { port } of nodes) {
    const admin = new Redis({ port });
    const keys = (await admin.keys('*')).filter((key) => key.includes('ws_'));
    admin.disconnect();
    expect(keys.length % 3).toBe(0);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.length).toBeLessThan(150);
  }
  await counters.close();
});

test('a single node of a cluster gets an error that names what is missing', async () => {
  const alone = await openRedisCounters({
    addresses: parseRedisAddresses(nodes[0]?.url ?? ''),
    timeoutMs: 20_000,
  });
  const reasons: string[] = [];
  for (let index = 0; index < 50; index++) {
    await Promise.resolve(alone.consume(`ws_${index}`, checks, now)).catch((error: Error) => {
      reasons.push(error.message);
    });
  }
  expect(reasons[0]).toMatch(/name several of its nodes/);
  await alone.close();
});

test('a cluster without one of its nodes is unavailable until the node is back', async () => {
  const counters = await open();
  expect(await counters.heartbeat()).toBe(1);
  await nodes[2]?.kill();
  await vi.waitFor(() => expect(counters.heartbeat()).rejects.toThrow(CountersUnavailableError), 20_000);
  await nodes[2]?.start();
  // The node answers a little before it knows its slots again.
  await vi.waitFor(async () => {
    expect(await counters.heartbeat()).toBe(1);
    for (let index = 0; index < 20; index++) await counters.consume(`ws_${index}`, checks, now);
  }, 20_000);
  await counters.close();
});
