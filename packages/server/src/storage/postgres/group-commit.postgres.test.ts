import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDatabase, execute } from '../../../../../tests/postgres.ts';
import { apiOf, at, createKey, creditsOf, keyOf } from '../conformance/samples.ts';
import type { Storage } from '../port/storage.ts';
import type { Store } from '../port/store.ts';
import { openPostgresStorage } from './storage.ts';

const ws = 'ws_1';
let database: Awaited<ReturnType<typeof createDatabase>>;
let storage: Storage;
let commits: (ReadonlySet<string> | null)[];

beforeEach(async () => {
  database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  const onCommit = (tags: ReadonlySet<string> | null) => void commits.push(tags);
  commits = [];
  ({ storage } = await openPostgresStorage({ url: database.url, onCommit }));
  await write((store) => createKey(store, { credits: creditsOf(0) }));
  commits = [];
});
afterEach(async () => {
  await storage.close();
  await database.drop();
});

const write = <Result>(work: (store: Store) => Promise<Result>) => storage.write(work, { workspaceId: ws });
const addCredit = async (store: Store) => {
  const key = await store.keys.find(ws, 'key_1');
  await store.keys.update(ws, 'key_1', { credits: creditsOf((key?.credits.remaining ?? 0) + 1) });
};
const times = (count: number, work: (number: number) => Promise<unknown>) =>
  Promise.allSettled(Array.from({ length: count }, (_, number) => work(number)));
const remaining = async () => (await storage.readCredits(ws, 'key_1'))?.remaining;

test('writes of a moment share a commit, and a refusal undoes its own write only', async () => {
  const outcomes = await times(40, (number) =>
    write(async (store) => {
      await addCredit(store);
      if (number % 4 === 3) throw new Error('no');
    }),
  );
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10);
  expect(await remaining()).toBe(30);
  expect(commits).toHaveLength(1);
});

test('many tags are several commits, so that each fits in a notification', async () => {
  await times(4, (number) =>
    write(async (store) => {
      const keys = Array.from({ length: 60 }, (_, index) => keyOf({ id: `key ${number} ${index}` }));
      for (const key of keys) await store.keys.create(ws, key);
    }),
  );
  expect(commits.map((tags) => tags?.size)).toEqual([60, 60, 60, 60]);
});

test('a statement that fails leaves the other writes of its moment, each done once', async () => {
  const outcomes = await times(20, (number) =>
    write(async (store) => {
      await addCredit(store);
      // Its failure is known only when the write has gone on.
      if (number % 5 === 4) await store.keys.create(ws, keyOf({ id: 'key_2', hash: 'hash-of-key_1' }));
    }),
  );
  const failed = outcomes.flatMap(({ status }, number) => (status === 'rejected' ? number : []));
  expect(failed).toEqual([4, 9, 14, 19]);
  expect(await remaining()).toBe(16);
});

test('a connection that is lost before the commit: all writes of the moment are done again, once', async () => {
  let isCut = false;
  await times(20, (number) =>
    write(async (store) => {
      await addCredit(store);
      if (number !== 10 || isCut) return;
      isCut = true;
      await execute(
        database.url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'`,
      );
    }),
  );
  expect(isCut).toBe(true);
  expect(await remaining()).toBe(20);
});

test('a table that a newer process changes does not disturb writes', async () => {
  const find = () => write((store) => store.apis.find(ws, 'api_1'));
  // On every connection: workspaces do not wait for each other.
  let waiting = 5;
  let release = () => {};
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  const findBeside = (number: number) =>
    storage.write(
      async (store) => {
        await store.apis.find(ws, 'api_1');
        if (--waiting === 0) release();
        await all;
      },
      { workspaceId: `ws_${number}` },
    );
  await Promise.all(Array.from({ length: 5 }, (_, number) => findBeside(number)));
  await execute(database.url, 'ALTER TABLE apis ADD COLUMN newer text');
  expect(await find()).toMatchObject({ id: 'api_1' });
  await write((store) => store.apis.create(ws, apiOf({ id: 'api_2' })));
});

test('times of last use do not wait for writes, except that of a key that one of them holds', async () => {
  await write((store) => store.keys.create(ws, keyOf({ id: 'key_2' })));
  const mark = (...ids: string[]) =>
    storage.write((store) => store.keys.markUsed(new Map(ids.map((id) => [id, at]))), 'unordered');
  let isMarked = false;
  const { marking } = await write(async (store) => {
    await store.keys.find(ws, 'key_1');
    expect(await mark('key_1', 'key_2')).toEqual(new Map([['key_1', at]]));
    const single = mark('key_1').finally(() => {
      isMarked = true;
    });
    // Both are held by this write in the end, in the other order than the marks have.
    await store.keys.find(ws, 'key_2');
    expect(isMarked).toBe(false);
    return { marking: single };
  });
  await marking;
  const used = (id: string) => storage.read(async (store) => (await store.keys.find(ws, id))?.lastUsedAt);
  expect([await used('key_1'), await used('key_2')]).toEqual([at, at]);
});
