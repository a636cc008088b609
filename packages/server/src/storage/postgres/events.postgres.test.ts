import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, textOf } from '../../../../../tests/postgres.ts';
import { batchOf, exampleRatelimit, exampleVerification } from '../../events/example-events.ts';
import { type OpenedPostgres, openPostgresStorage } from './storage.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
let opened: OpenedPostgres[];
beforeAll(async () => {
  database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  const open = () => openPostgresStorage({ url: database.url, onCommit: () => {} });
  opened = [await open(), await open(), await open()];
});
afterAll(async () => {
  for (const { storage } of opened) await storage.close();
  await database.drop();
});

test('processes that delete old events at once delete each once, in batches, and nothing else', async () => {
  const [first] = opened;
  const events = ['ws_1', 'ws_2', 'ws_3'].flatMap((workspaceId) =>
    Array.from({ length: 200 }, (_, index) => [
      exampleVerification({ workspaceId, at: index }),
      exampleRatelimit({ workspaceId, at: index }),
    ]).flat(),
  );
  await first?.events.write(batchOf(events));
  expect(await first?.events.countBefore(100, 10_000)).toBe(600);
  expect(await first?.events.countBefore(100, 350)).toBe(350);
  expect(await first?.events.deleteBefore(100, 350)).toBe(350);
  const deleted = await Promise.all(opened.map(({ events }) => events.deleteBefore(100, 1000)));
  expect(deleted.reduce((sum, count) => sum + count, 0)).toBe(600 - 350);
  const left = (await textOf(database.url, ['verification_events', 'ratelimit_events'])).split('\n');
  const times = left.map((row) => Number(/^\((\d+),/.exec(row)?.[1]));
  expect(times).toHaveLength(600);
  expect(Math.min(...times)).toBe(100);
});

test('each event is stored with the key, identity or namespace that it is of', async () => {
  const [first] = opened;
  await first?.events.deleteBefore(Number.MAX_SAFE_INTEGER, 1000);
  const numbers = [2, 1, 2, 3];
  await first?.events.write(
    batchOf(
      numbers.flatMap((number, at) => [
        exampleVerification({
          at,
          keyId: `key_${number}`,
          identityId: `id_${number}`,
          externalId: 'ü"',
          tags: [],
        }),
        exampleRatelimit({ at, namespaceId: `rlns_${number}` }),
      ]),
    ),
  );
  const stored = await textOf(database.url, ['verification_events', 'ratelimit_events']);
  const expected = numbers.flatMap((number, at) => [
    `(${at},req_1,ws_1,api_1,key_${number},id_${number},"ü""",VALID,[],1,0.25,,)`,
    `(${at},req_2,ws_1,rlns_${number},user@example.com,0,${Number.MAX_SAFE_INTEGER},0,1,,0.25,,)`,
  ]);
  expect(stored.split('\n').sort()).toEqual(expected.sort());
});
