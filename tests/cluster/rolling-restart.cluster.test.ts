import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, dataOf, longWindow, startCluster } from './cluster.ts';
import { startLoad } from './load.ts';

const clients = 32;

let cluster: Cluster;
beforeAll(async () => {
  // Many times what the load balancer needs to notice that a process is not ready.
  cluster = await startCluster({ UNKEY_DRAIN_DELAY: '5s' }, { checksHealth: true });
});
afterAll(() => cluster.close());

test('all processes are restarted one after the other, and no request fails', async () => {
  const { apiId } = await dataOf(cluster.call('apis.createApi', { name: 'rolling' }));
  const free = await dataOf(cluster.call('keys.createKey', { apiId }));
  const purse = await dataOf(cluster.call('keys.createKey', { apiId, credits: { remaining: 1_000_000 } }));
  const limit = { namespace: 'rolling', identifier: 'all', limit: 1_000_000, duration: longWindow() };
  const requests = [
    () => cluster.call('keys.verifyKey', { key: free.key }),
    () => cluster.call('keys.verifyKey', { key: purse.key }),
    () => cluster.call('ratelimit.limit', limit),
    () => cluster.call('keys.getKey', { keyId: free.keyId }),
    () => cluster.call('keys.verifyKey', { key: purse.key }),
    () => cluster.call('keys.createKey', { apiId }),
  ];
  const outcomes = new Map<string, number>();
  let [number, spends, takes, creates] = [0, 0, 0, 0];
  const load = startLoad(clients, async () => {
    const kind = number++ % requests.length;
    const { status, body } = await (requests[kind]?.() ?? Promise.reject());
    const outcome = status === 200 ? '200' : `${status} ${body.error.detail}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (status !== 200) return;
    if (kind === 1 || kind === 4) spends++;
    if (kind === 2) takes++;
    if (kind === 5) creates++;
  });

  for (const member of cluster.members) {
    await load.more(300);
    expect(await member.stop()).toEqual({ status: 0, signal: null });
    await load.more(100);
    await member.start();
  }
  await load.more(300);
  await load.stop();

  console.log(`rolling restart: ${load.steps} requests`, Object.fromEntries(outcomes));
  expect([...outcomes.keys()]).toEqual(['200']);
  // Nothing was done twice on the way either.
  const { credits } = await dataOf(cluster.call('keys.getKey', { keyId: purse.keyId }));
  expect(credits.remaining).toBe(1_000_000 - spends);
  const { remaining } = await dataOf(cluster.call('ratelimit.limit', { ...limit, cost: 0 }));
  expect(remaining).toBe(1_000_000 - takes);
  let keys = 0;
  for (let cursor: string | undefined, isMore = true; isMore; ) {
    const { body } = await cluster.call('apis.listKeys', { apiId, ...(cursor !== undefined && { cursor }) });
    keys += body.data.length;
    ({ cursor, hasMore: isMore } = body.pagination);
  }
  expect(keys).toBe(2 + creates);
});
