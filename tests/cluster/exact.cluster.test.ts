import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Reply } from '../service.ts';
import { type Cluster, dataOf, longWindow, startCluster } from './cluster.ts';

const clients = 64;
const duration = longWindow();

let cluster: Cluster;
let apiId: string;
beforeAll(async () => {
  cluster = await startCluster();
  apiId = (await dataOf(cluster.call('apis.createApi', { name: 'exact' }))).apiId;
});
afterAll(() => cluster.close());

/** `each` calls by each of 64 clients, one after the other. */
async function allClients<Result>(
  each: number,
  call: (client: number) => Promise<Result>,
): Promise<Result[]> {
  const results = await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const own: Result[] = [];
      for (let number = 0; number < each; number++) own.push(await call(client));
      return own;
    }),
  );
  return results.flat();
}

async function newKey(body: object): Promise<{ keyId: string; key: string }> {
  return dataOf(cluster.call('keys.createKey', { apiId, ...body }));
}

const count = <Item>(items: readonly Item[], isCounted: (item: Item) => boolean) =>
  items.filter(isCounted).length;

test('64 clients of three processes pass a limit exactly as often as it allows', async () => {
  const limit = { namespace: 'exact', identifier: 'one', limit: 700, duration };
  const results = await allClients(20, () => dataOf(cluster.call('ratelimit.limit', limit)));
  const passed = results.filter(({ success }) => success);
  expect(passed).toHaveLength(700);
  // No two responses have the same remaining count.
  expect(new Set(passed.map(({ remaining }) => remaining)).size).toBe(700);
});

test('several limits of one call count all or none', async () => {
  const limits = (client: number) => [
    { namespace: 'several', identifier: 'all', limit: 500, duration, cost: 2 },
    { namespace: 'several', identifier: `group_${client % 4}`, limit: 60, duration },
    { namespace: 'several', identifier: `client_${client}`, limit: 10_000, duration },
  ];
  const ofClient = new Map<number, number>();
  const results = await allClients(8, async (client) => {
    const order = client % 2 === 0 ? limits(client) : limits(client).reverse();
    const data = await dataOf(cluster.call('ratelimit.multiLimit', order));
    if (data.passed) ofClient.set(client, (ofClient.get(client) ?? 0) + 1);
    return { group: client % 4, passed: data.passed };
  });
  const passed = results.filter((response) => response.passed);
  // Of 512 calls the groups let 4 × 60 pass, and the limit of all 250: a call that one refuses is not counted by the other.
  expect(passed).toHaveLength(240);
  for (const group of [0, 1, 2, 3]) expect(count(passed, (response) => response.group === group)).toBe(60);
  const left = async (identifier: string, limit: number) =>
    (
      await dataOf(
        cluster.call('ratelimit.limit', { namespace: 'several', identifier, limit, duration, cost: 0 }),
      )
    ).remaining;
  expect(await left('all', 500)).toBe(20);
  for (let client = 0; client < clients; client++) {
    expect(await left(`client_${client}`, 10_000)).toBe(10_000 - (ofClient.get(client) ?? 0));
  }
});

test('the limit of a key holds across all processes', async () => {
  const { key } = await newKey({
    ratelimits: [{ name: 'calls', limit: 100, duration, autoApply: true }],
  });
  const results = await allClients(4, () => dataOf(cluster.call('keys.verifyKey', { key })));
  expect(count(results, ({ code }) => code === 'VALID')).toBe(100);
  expect(count(results, ({ code }) => code === 'RATE_LIMITED')).toBe(clients * 4 - 100);
});

test('64 clients at each process spend exactly the credits of a key', async () => {
  for (const balance of [500, 1, 10, 30, 63, 64, 65, 100]) {
    const { key, keyId } = await newKey({ credits: { remaining: balance } });
    // More often than there are credits.
    const each = Math.ceil((balance + 3 * clients) / (3 * clients));
    const results = await Promise.all(
      cluster.members.map((member) => allClients(each, () => dataOf(member.call('keys.verifyKey', { key })))),
    );
    const all = results.flat();
    const valid = all.filter(({ code }) => code === 'VALID');
    expect(count(all, ({ code }) => code === 'USAGE_EXCEEDED')).toBe(all.length - balance);
    // Each spend left a different remainder, none below zero.
    expect(valid.map(({ credits }) => credits).sort((a, b) => a - b)).toEqual(
      Array.from({ length: balance }, (_, index) => index),
    );
    expect((await dataOf(cluster.call('keys.getKey', { keyId }))).credits.remaining).toBe(0);
  }
});

test('spends of different costs add up, and a refused large one does not block a small one', async () => {
  const { key, keyId } = await newKey({ credits: { remaining: 1000 } });
  const results = await Promise.all(
    cluster.members.map((member, index) =>
      allClients(3, async (client) => {
        const cost = ((client + index) % 5) * 3 + 1;
        return { cost, ...(await dataOf(member.call('keys.verifyKey', { key, credits: { cost } }))) };
      }),
    ),
  );
  const spent = results
    .flat()
    .filter(({ code }) => code === 'VALID')
    .reduce((sum, { cost }) => sum + cost, 0);
  const { remaining } = (await dataOf(cluster.call('keys.getKey', { keyId }))).credits;
  expect(spent + remaining).toBe(1000);
  // The smallest cost is 1, and there were more of them than credits could be left.
  expect(remaining).toBe(0);
});

test('credits that change during spends are neither lost nor created', async () => {
  const { key, keyId } = await newKey({ credits: { remaining: 10_000 } });
  let added = 0;
  const results = await allClients(5, async (client) => {
    if (client % 16 === 0) {
      await dataOf(cluster.call('keys.updateCredits', { keyId, operation: 'increment', value: 10 }));
      added += 10;
    }
    return dataOf(cluster.call('keys.verifyKey', { key }));
  });
  expect(added).toBe(4 * 5 * 10);
  expect(count(results, ({ code }) => code === 'VALID')).toBe(clients * 5);
  const { remaining } = (await dataOf(cluster.call('keys.getKey', { keyId }))).credits;
  expect(remaining).toBe(10_000 + added - clients * 5);
});

function atOnce(operation: Parameters<Cluster['call']>[0], body: unknown, idempotencyKey: string) {
  const calls = cluster.members.flatMap((member) =>
    Array.from({ length: 4 }, () =>
      member.call(operation, body, { headers: { 'idempotency-key': idempotencyKey } }),
    ),
  );
  return Promise.all(calls);
}

function expectOneResponse(replies: readonly Reply[]): void {
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
  const results = new Set(replies.map(({ body }) => JSON.stringify(body)));
  expect(results.size).toBe(1);
  expect(count(replies, ({ headers }) => headers.get('idempotent-replayed') === 'true')).toBe(
    replies.length - 1,
  );
}

test('one Idempotency-Key sent to all processes at once creates one key', async () => {
  const { apiId: own } = await dataOf(cluster.call('apis.createApi', { name: 'once' }));
  for (const round of [1, 2, 3, 4, 5]) {
    expectOneResponse(await atOnce('keys.createKey', { apiId: own, name: `${round}` }, `create-${round}`));
    expect(await dataOf(cluster.call('apis.listKeys', { apiId: own }))).toHaveLength(round);
  }
});

test('one Idempotency-Key sent to all processes at once spends once', async () => {
  const { key } = await newKey({ credits: { remaining: 100 } });
  for (const round of [1, 2, 3]) {
    const replies = await atOnce('keys.verifyKey', { key }, `spend-${round}`);
    expectOneResponse(replies);
    expect(replies[0]?.body.data.credits).toBe(100 - round);
  }
  const limit = { namespace: 'once', identifier: 'one', limit: 10, duration };
  expectOneResponse(await atOnce('ratelimit.limit', limit, 'limit'));
  expect((await dataOf(cluster.call('ratelimit.limit', { ...limit, cost: 0 }))).remaining).toBe(9);
});
