import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createDatabase, execute, textOf } from '../../../../../tests/postgres.ts';
import { randomIds } from '../../base/ids.ts';
import { batchOf } from '../../events/example-events.ts';
import { refillDueKeys } from '../../jobs/refill.ts';
import { apiOf, at, createKey, creditsOf, keyOf } from '../conformance/samples.ts';
import type { Storage } from '../port/storage.ts';
import { type OpenedPostgres, openPostgresStorage } from './storage.ts';

const ws = 'ws_1';
const day = 86_400_000;
let database: Awaited<ReturnType<typeof createDatabase>>;
let opened: OpenedPostgres[];

beforeAll(async () => {
  database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
});
afterAll(() => database.drop());
beforeEach(async () => {
  opened = [];
  await execute(database.url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public');
});
afterEach(async () => {
  for (const { storage } of opened) await storage.close();
});

async function open(onLag: (seconds: number) => void = () => {}): Promise<Storage> {
  const one = await openPostgresStorage({ url: database.url, onCommit: () => {}, onLag });
  opened.push(one);
  return one.storage;
}

/** Of the connections to this database. */
async function countOf(condition: string): Promise<number> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const own = 'datname = current_database() AND pid <> pg_backend_pid()';
    const { rowCount } = await client.query(`SELECT FROM pg_stat_activity WHERE ${own} AND ${condition}`);
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

/** As many processes as there are storages. */
const openAll = (count: number) => Promise.all(Array.from({ length: count }, () => open()));

test('ten processes that start at once on an empty database find one schema', async () => {
  const storages = await openAll(10);
  await storages[0]?.write((store) => createKey(store));
  for (const storage of storages) expect(await storage.findVerifiableKey('hash-of-key_1')).not.toBeNull();
});

test('a database of a newer version is refused, and so is one that cannot hold all letters', async () => {
  await open();
  await execute(database.url, 'UPDATE schema_version SET version = version + 1');
  await expect(open()).rejects.toThrow(/A newer unkey-ts wrote it/);
  const name = `ascii_${process.pid}`;
  const ascii = new URL(database.url);
  ascii.pathname = `/${name}`;
  await execute(database.url, `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' TEMPLATE template0`);
  const attempt = openPostgresStorage({ url: ascii.href, onCommit: () => {} });
  await expect(attempt).rejects.toThrow(/encoding SQL_ASCII/);
  await execute(database.url, `DROP DATABASE ${name} WITH (FORCE)`);
});

test('spends and changes of three processes add up exactly', async () => {
  const storages = await openAll(3);
  const [first] = storages;
  await first?.write((store) => createKey(store, { credits: creditsOf(500) }));
  const spends = storages.flatMap((storage) =>
    Array.from({ length: 200 }, (_, index) =>
      storage.spendCredits(ws, 'key_1', { cost: (index % 3) + 1, now: at }),
    ),
  );
  const additions = storages.flatMap((storage) =>
    Array.from({ length: 10 }, () =>
      storage.write(
        async (store) => {
          const key = await store.keys.find(ws, 'key_1');
          await store.keys.update(ws, 'key_1', { credits: creditsOf((key?.credits.remaining ?? 0) + 7) });
        },
        { workspaceId: ws },
      ),
    ),
  );
  const outcomes = await Promise.all(spends);
  await Promise.all(additions);
  const spent = outcomes.reduce(
    (sum, { isSpent }, index) => sum + (isSpent ? ((index % 200) % 3) + 1 : 0),
    0,
  );
  const left = (await first?.readCredits(ws, 'key_1'))?.remaining;
  expect(left).toBe(500 + 30 * 7 - spent);
  expect(outcomes.some(({ isSpent }) => !isSpent)).toBe(true);
  for (const { remaining } of outcomes) expect(remaining).toBeGreaterThanOrEqual(0);
});

test('spends are decided in the order in which they come, each all or nothing', async () => {
  const storage = await open();
  await storage.write((store) => createKey(store, { credits: creditsOf(10) }));
  const costs = [4, 7, 5, 2, 1, 0];
  const outcomes = await Promise.all(
    costs.map((cost) => storage.spendCredits(ws, 'key_1', { cost, now: at })),
  );
  expect(outcomes.map(({ isSpent, remaining }) => [isSpent, remaining])).toEqual([
    [true, 6],
    [false, 6],
    [true, 1],
    [false, 1],
    [true, 0],
    [true, 0],
  ]);
});

test('while a transaction holds one key, other keys are spent from', async () => {
  const storage = await open();
  await storage.write(async (store) => {
    await createKey(store, { credits: creditsOf(10) });
    await store.keys.create(ws, keyOf({ id: 'key_2', credits: creditsOf(10) }));
  });
  const spend = (keyId: string) => storage.spendCredits(ws, keyId, { cost: 1, now: at });
  let isHeldAnswered = false;
  const held = await storage.write(async (store) => {
    await store.keys.find(ws, 'key_1');
    const first = spend('key_2');
    const waiting = spend('key_1').finally(() => {
      isHeldAnswered = true;
    });
    // The second one goes together with that of the key that is held.
    expect((await Promise.all([first, spend('key_2')])).map(({ remaining }) => remaining)).toEqual([9, 8]);
    expect(isHeldAnswered).toBe(false);
    await store.keys.update(ws, 'key_1', { credits: creditsOf(5) });
    return { waiting };
  });
  expect(await held.waiting).toEqual({ remaining: 4, isSpent: true });
});

test('writes of one workspace lose no update, those of two run beside each other', async () => {
  const storages = await openAll(3);
  const [first, second] = storages;
  await first?.write((store) => createKey(store, { credits: creditsOf(0) }));
  const grow = (storage: Storage) =>
    storage.write(
      async (store) => {
        const page = await store.keys.list(ws, 'api_1', { cursor: undefined, limit: 1 });
        const remaining = page.rows[0]?.credits.remaining ?? 0;
        await store.keys.update(ws, 'key_1', { credits: creditsOf(remaining + 1) });
      },
      { workspaceId: ws },
    );
  await Promise.all(storages.flatMap((storage) => Array.from({ length: 20 }, () => grow(storage))));
  expect((await first?.readCredits(ws, 'key_1'))?.remaining).toBe(60);

  const other = await first?.write(
    async (store) => {
      await store.keys.update(ws, 'key_1', { name: 'slow' });
      // A write of the same workspace would wait for this one for ever.
      await second?.write((inner) => inner.apis.create('ws_2', apiOf({ id: 'api_2' })), {
        workspaceId: 'ws_2',
      });
      return 'both';
    },
    { workspaceId: ws },
  );
  expect(other).toBe('both');
});

test('two workspaces that bring the same hash at once both get it; of two processes of a workspace one does', async () => {
  const storages = await openAll(2);
  const [first] = storages;
  await first?.write(async (store) => {
    await store.apis.create('ws_1', apiOf());
    await store.apis.create('ws_2', apiOf({ id: 'api_2' }));
  });
  for (let round = 0; round < 20; round++) {
    const hash = `hash ${round}`;
    const bring = (storage: Storage, workspaceId: string) =>
      storage.write(
        async (store) => {
          if (await store.keys.isHashTaken(workspaceId, hash)) return null;
          const id = randomIds().id('key');
          await store.keys.create(workspaceId, keyOf({ id, hash }));
          return workspaceId;
        },
        { workspaceId },
      );
    const brought = await Promise.all(
      storages.flatMap((storage) => ['ws_1', 'ws_2'].map((workspaceId) => bring(storage, workspaceId))),
    );
    expect(brought.filter((one) => one !== null).sort()).toEqual(['ws_1', 'ws_2']);
  }
});

test('sweeps of three processes at once refill every key once', async () => {
  const storages = await openAll(3);
  const due = { remaining: 1, refill: { amount: 10, day: null }, lastRefillAt: at };
  await storages[0]?.write(async (store) => {
    await store.apis.create(ws, apiOf());
    for (let index = 0; index < 30; index++) {
      await store.keys.create(`ws_${(index % 3) + 1}`, keyOf({ id: `key_${index}`, credits: due }));
    }
  });
  const ids = randomIds();
  const counts = await Promise.all(storages.map((storage) => refillDueKeys({ storage, ids }, at + 3 * day)));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(30);
  const records = await storages[0]?.read((store) => store.audit.list({ since: 0, limit: 100 }));
  const refilled = records?.map(({ resources }) => Number(resources[0]?.meta?.refilled_keys)) ?? [];
  expect(refilled.reduce((sum, count) => sum + count, 0)).toBe(30);
});

test('an expired idempotency record that is claimed while the clean-up waits for it is not deleted', async () => {
  const [first, second] = await openAll(2);
  const request = { operation: 'o', keyHash: 'k', fingerprint: 'f', expiresAt: at };
  await first?.write((store) => store.idempotencyRecords.claim(ws, request, at - 1));
  const sweep = await first?.write(
    async (store) => {
      const again = { ...request, expiresAt: at + 2 * day };
      expect(await store.idempotencyRecords.claim(ws, again, at + day)).toBeNull();
      const sweeping = second?.write(
        (inner) => inner.idempotencyRecords.deleteExpired(at + day, 10),
        'unordered',
      );
      while ((await countOf("wait_event_type = 'Lock' AND wait_event <> 'advisory'")) === 0);
      return { sweeping };
    },
    { workspaceId: ws },
  );
  expect(await sweep?.sweeping).toBe(0);
  expect(await first?.write((store) => store.idempotencyRecords.claim(ws, request, at + day))).not.toBeNull();
});

test('a change arrives with its delay; one too large for a notification arrives as a change of anything', async () => {
  const lags: number[] = [];
  const heard: (ReadonlySet<string> | null)[] = [];
  const listener = await openPostgresStorage({
    url: database.url,
    onCommit: (tags) => heard.push(tags),
    onLag: (seconds) => lags.push(seconds),
  });
  opened.push(listener);
  const writer = await open();
  await writer.write((store) => createKey(store));
  await writer.write(async (store) => {
    for (let index = 0; index < 300; index++) {
      await store.keys.create(ws, keyOf({ id: `key ${index}`, hash: `${index}`.padStart(43, '0') }));
    }
  });
  while (heard.length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([new Set(['hash-of-key_1']), null]);
  expect(lags).toHaveLength(2);
  for (const lag of lags) expect(lag).toBeLessThan(5);
  expect(listener.isChannelUp()).toBe(true);
});

test('usage events are stored beside everything else', async () => {
  await open();
  const [one] = opened;
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  const shared = { at, requestId: 'req_1', workspaceId: ws, latencyMs: 0.25, trace };
  const batch = batchOf([
    {
      ...shared,
      type: 'verification',
      apiId: 'api_1',
      keyId: 'key_1',
      identityId: null,
      externalId: 'é"\\',
      outcome: 'VALID',
      tags: ['a,b', '"c"'],
      spentCredits: 3,
    },
    {
      ...shared,
      type: 'ratelimit',
      namespaceId: 'rlns_1',
      identifier: 'u',
      passed: true,
      limit: 10,
      remaining: 9,
      cost: 1,
      overrideId: null,
    },
  ]);
  await one?.events.write(batch);
  expect(await textOf(database.url, ['verification_events'])).toBe(
    `(${at},req_1,ws_1,api_1,key_1,,"é""\\\\",VALID,"[""a,b"", ""\\\\""c\\\\""""]",3,0.25,${trace.traceId},${trace.spanId})`,
  );
  expect(await textOf(database.url, ['ratelimit_events'])).toBe(
    `(${at},req_1,ws_1,rlns_1,u,1,10,9,1,,0.25,${trace.traceId},${trace.spanId})`,
  );
});
