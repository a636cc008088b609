import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDatabase, execute } from '../../../../../tests/postgres.ts';
import { apiOf, creditsOf, keyOf } from '../conformance/samples.ts';
import type { Storage } from '../port/storage.ts';
import { openPostgresStorage } from './storage.ts';

const ws = 'ws_1';
const role = 'few_connections';
let admin: string;
let database: Awaited<ReturnType<typeof createDatabase>>;
let storage: Storage;

beforeEach(async () => {
  admin = process.env.UNKEY_TEST_DATABASE_URL ?? '';
  database = await createDatabase(admin);
  await execute(admin, `DROP ROLE IF EXISTS ${role}`);
  await execute(admin, `CREATE ROLE ${role} LOGIN PASSWORD 'few' CONNECTION LIMIT 6`);
  await execute(database.url, `GRANT ALL ON SCHEMA public TO ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'few';
  ({ storage } = await openPostgresStorage({ url: url.href, onCommit: () => {} }));
});
afterEach(async () => {
  await storage.close();
  await database.drop();
  await execute(admin, `DROP ROLE ${role}`);
});

const limitTo = (connections: number) => execute(admin, `ALTER ROLE ${role} CONNECTION LIMIT ${connections}`);
const lookUp = () => storage.findVerifiableKey('hash-of-key_1');
const spend = () => storage.spendCredits(ws, 'key_1', { cost: 1, now: 0 });
const readKey = () => storage.read((store) => store.keys.find(ws, 'key_1'));
const rename = () =>
  storage.write((store) => store.keys.update(ws, 'key_1', { name: 'Again' }), { workspaceId: ws });

test('with fewer connections than it has use for, every kind of work gets one', async () => {
  await storage.write(async (store) => {
    await store.apis.create(ws, apiOf());
    await store.keys.create(ws, keyOf({ credits: creditsOf(1000) }));
  });
  // Lookups and reads come first, and take all that there are.
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 20 }, lookUp));
    await Promise.all(Array.from({ length: 20 }, readKey));
    const spent = await Promise.all(Array.from({ length: 20 }, spend));
    expect(spent.every(({ isSpent }) => isSpent)).toBe(true);
    await Promise.all([lookUp(), readKey(), spend(), rename()]);
  }
  const { pools } = storage.stats?.() ?? { pools: [] };
  expect(pools.filter(({ name }) => name !== 'events').every(({ size }) => size > 0)).toBe(true);
  await storage.ping();
});

test('a kind of work that gets no connection at all makes the process not ready, until it gets one', async () => {
  await lookUp();
  // The listener and the lookups have these.
  await limitTo(2);
  await expect(spend()).rejects.toThrow('accepts no more connections');
  await expect(storage.ping()).rejects.toThrow('accepts no more connections');
  await limitTo(6);
  await vi.waitFor(() => storage.ping(), { timeout: 30_000 });
  expect(await spend()).toEqual({ remaining: null, isSpent: true });
});
