import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Books, type Kind } from './books.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type Load, startLoad } from './load.ts';

const clients = 24;
const kinds: readonly Kind[] = ['spend', 'take', 'verify', 'create'];

let cluster: Cluster;
let books: Books;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());
beforeEach(async () => {
  books = await Books.open(cluster, 100);
});

function load(): Load {
  let number = 0;
  return startLoad(clients, () => books.ask(kinds[number++ % kinds.length] ?? 'verify'));
}

const failed = (kind: Kind) => books.accounts[kind].open + books.accounts[kind].refused;

/** Resolves when every process can create keys again. */
async function recovered(): Promise<void> {
  for (const member of cluster.members) {
    await expect
      .poll(
        async () =>
          (await member.call('identities.createIdentity', { externalId: crypto.randomUUID() })).status,
        {
          timeout: 30_000,
          interval: 50,
        },
      )
      .toBe(200);
    await expect
      .poll(async () => (await member.get('/metrics')).text, { timeout: 30_000, interval: 50 })
      .toMatch(/unkey_counters_up 1\n[\s\S]*unkey_change_channel_up 1\n/);
  }
}

/** A process that has just started counts the others a second later. */
async function knowEachOther(): Promise<void> {
  for (const member of cluster.members) {
    const processes = async () =>
      Number(/unkey_counters_processes (\d+)/.exec((await member.get('/metrics')).text)?.[1]);
    await expect.poll(processes, { timeout: 30_000, interval: 50 }).toBeGreaterThanOrEqual(3);
  }
}

function report(part: string): void {
  console.log(`kill -9 of ${part}:`, JSON.stringify(books.accounts), Object.fromEntries(books.failures));
}

test('a server is killed: only its pending requests fail, and the books balance', async () => {
  const [, killed] = cluster.members;
  const running = load();
  await running.more(300);
  await killed.kill();
  await running.more(300);
  await killed.start();
  await running.more(200);
  await running.stop();
  report('a server');

  expect([...books.failures.keys()].filter((failure) => !failure.endsWith('502 ECONNRESET'))).toEqual([]);
  const all = kinds.reduce((sum, kind) => sum + failed(kind), 0);
  expect(all).toBeLessThanOrEqual(clients);
  await books.exhaust();
  expect(books.passed).toBeLessThanOrEqual(books.limit);
  expect(books.passed + books.accounts.take.open).toBeGreaterThanOrEqual(books.limit);
  await books.balance();
});

test('Redis is killed: no request fails, limits hold as shares, and the books balance', async () => {
  await knowEachOther();
  const running = load();
  await running.more(300);
  await cluster.parts.redis.kill();
  await running.more(800);
  await cluster.parts.redis.start();
  await recovered();
  await running.more(300);
  await running.stop();
  report('Redis');

  expect(Object.fromEntries(books.failures)).toEqual({});
  await books.exhaust();
  // The counts of Redis are lost with it: calls pass once before, once as shares of three processes, once after.
  expect(books.passed).toBeGreaterThan(books.limit);
  expect(books.passed).toBeLessThanOrEqual(3 * books.limit);
  await books.balance();
});

test('PostgreSQL is killed: writes and credits are refused until it is back, and the books balance', async () => {
  const running = load();
  await running.more(300);
  await cluster.parts.postgres.signal('SIGKILL');
  await running.more(300);
  await startAgain();
  await recovered();
  await running.more(300);
  await running.stop();
  report('PostgreSQL');

  // Keys without credits and limits need no database.
  expect(failed('verify')).toBe(0);
  expect(failed('take')).toBe(0);
  expect(failed('create')).toBeGreaterThan(0);
  expect(failed('spend')).toBeGreaterThan(0);
  await books.exhaust();
  expect(books.passed).toBe(books.limit);
  await books.balance();
});

/** The children of the killed process keep its port for a moment. */
async function startAgain(): Promise<void> {
  const until = performance.now() + 30_000;
  for (;;) {
    try {
      return await cluster.parts.postgres.start();
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}
