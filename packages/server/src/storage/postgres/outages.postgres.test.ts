import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { execute, type Postgres, startPostgres } from '../../../../../tests/postgres.ts';
import { startProxy, type TcpProxy } from '../../../../../tests/tcp-proxy.ts';
import { at, createKey, creditsOf } from '../conformance/samples.ts';
import { createLookups, type Lookups } from '../lookups.ts';
import { type Storage, StorageUnavailableError } from '../port/storage.ts';
import { openPostgresStorage } from './storage.ts';

// A database of its own: here it is killed.

const ws = 'ws_1';
const hash = 'hash-of-key_1';
let postgres: Postgres;
let proxy: TcpProxy;
let database: { url: string; drop(): Promise<void> };
let storage: Storage;
let lookups: Lookups;
let isChannelUp: () => boolean;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  proxy = await startProxy(postgres.port);
  database = await postgres.createDatabase();
  const own = new URL(database.url);
  own.port = String(proxy.port);
  ({ storage, lookups, isChannelUp } = await open(own.href));
  await storage.write((store) => createKey(store, { credits: creditsOf(10) }));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await proxy.close();
  await database.drop();
});

async function open(url: string) {
  let lookups: Lookups | null = null;
  const opened = await openPostgresStorage({ url, onCommit: (tags) => lookups?.onCommit(tags) });
  lookups = createLookups(opened.storage, { maxStalenessMs: 60_000, keyCacheSize: 1000 });
  closers.push(opened.storage.close);
  return { ...opened, lookups };
}

const until = async (isSo: () => boolean | Promise<boolean>) => {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const nameOf = async () => (await lookups.findVerifiableKey('ws_1', hash))?.name;
const rename = (name: string, on = storage) =>
  on.write((store) => store.keys.update(ws, 'key_1', { name }), { workspaceId: ws });
const endConnections = (condition: string) =>
  execute(
    database.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`,
  );

test('idle connections that end do not affect later queries', async () => {
  await storage.read((store) => store.workspaces.list());
  await endConnections('true');
  expect(await storage.findVerifiableKey(hash)).not.toBeNull();
  expect(await storage.readCredits(ws, 'key_1')).toMatchObject({ remaining: 10 });
  await storage.read((store) => store.workspaces.list());
  await rename('after');
  expect((await storage.findVerifiableKey(hash))?.name).toBe('after');
});

test('a write whose connection ends before its commit is done again from the start, once', async () => {
  let runs = 0;
  await storage.write(async (store) => {
    runs++;
    const key = await store.keys.find(ws, 'key_1');
    await store.keys.update(ws, 'key_1', { credits: creditsOf((key?.credits.remaining ?? 0) + 5) });
    if (runs === 1) await endConnections("state = 'idle in transaction'");
    await store.workspaces.list();
  });
  expect(runs).toBe(2);
  expect((await storage.readCredits(ws, 'key_1'))?.remaining).toBe(15);
});

test('a commit without a response is reported as possibly done, and is not repeated', async () => {
  const order: string[] = [];
  const write = storage.write(async (store) => {
    order.push('run');
    const key = await store.keys.find(ws, 'key_1');
    await store.keys.update(ws, 'key_1', { credits: creditsOf((key?.credits.remaining ?? 0) + 5) });
    // From here on the database is not heard any more: the next statement is the commit.
    proxy.stall();
  });
  const failure = await write.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StorageUnavailableError);
  expect(failure).toMatchObject({ mayBeDone: true, message: expect.stringContaining('Check before') });
  expect(order).toEqual(['run']);
  proxy.mend();
  await until(async () => {
    try {
      return (await storage.readCredits(ws, 'key_1')) !== null;
    } catch {
      return false;
    }
  });
  expect([10, 15]).toContain((await storage.readCredits(ws, 'key_1'))?.remaining);
});

test('a spend without a response is possibly done; one without a connection is not done', async () => {
  expect(await storage.spendCredits(ws, 'key_1', { cost: 1, now: at })).toEqual({
    isSpent: true,
    remaining: 9,
  });
  proxy.stall();
  const unanswered = await storage
    .spendCredits(ws, 'key_1', { cost: 1, now: at })
    .catch((error: unknown) => error);
  expect(unanswered).toMatchObject({ name: 'StorageUnavailableError', mayBeDone: true });
  proxy.drop();
  const unheard = await storage
    .spendCredits(ws, 'key_1', { cost: 1, now: at })
    .catch((error: unknown) => error);
  expect(unheard).toMatchObject({ name: 'StorageUnavailableError', mayBeDone: false });
  proxy.mend();
  // Calls that come right after a failure fail with it.
  const isBack = async () => (await storage.readCredits(ws, 'key_1')) !== null;
  await until(() => isBack().catch(() => false));
  expect([8, 9]).toContain((await storage.readCredits(ws, 'key_1'))?.remaining);
});

test('a process that was disconnected catches up with all changes', async () => {
  const { storage: other } = await open(database.url);
  expect(await nameOf()).toBeNull();
  proxy.drop();
  await rename('meanwhile', other);
  expect(await nameOf()).toBeNull();
  proxy.mend();
  await until(async () => (await nameOf()) === 'meanwhile');
  await until(isChannelUp);
});

test('in a dead network, calls that wait for others fail with them, and work that is in progress fails', async () => {
  let isInProgress = false;
  const inProgress = storage.write(
    async (store) => {
      await store.keys.update(ws, 'key_1', { name: 'in progress' });
      proxy.stall();
      isInProgress = true;
      await store.keys.update(ws, 'key_1', { name: 'later' });
    },
    { workspaceId: ws },
  );
  inProgress.catch(() => {});
  await until(() => isInProgress);
  const startedAt = performance.now();
  // They wait for the first one, or in queues behind each other.
  const calls = [
    inProgress,
    ...Array.from({ length: 8 }, () => rename('queued')),
    ...Array.from({ length: 8 }, () => storage.write(async () => {}, { workspaceId: 'ws_2' })),
    ...Array.from({ length: 8 }, () => storage.spendCredits(ws, 'key_1', { cost: 1, now: at })),
    ...Array.from({ length: 8 }, () => storage.read((store) => store.workspaces.list())),
  ];
  for (const { status } of await Promise.allSettled(calls)) expect(status).toBe('rejected');
  // One after the other they would need a minute, and the work in progress ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(6000);
  proxy.mend();
  await until(() =>
    rename('mended').then(
      () => true,
      () => false,
    ),
  );
  expect(await nameOf()).toBe('mended');
});

test('long work goes on while the database replies', async () => {
  const started = performance.now();
  await storage.write(
    async (store) => {
      for (let name = 0; performance.now() - started < 3000; name++)
        await store.keys.update(ws, 'key_1', { name: String(name) });
      await store.keys.update(ws, 'key_1', { name: 'done' });
    },
    { workspaceId: ws },
  );
  expect(await nameOf()).toBe('done');
});

test('a killed database is used again when it is back, and cache entries are served until then', async () => {
  expect(await nameOf()).toBeNull();
  await rename('before');
  expect(await nameOf()).toBe('before');
  await postgres.signal('SIGKILL');
  for (let call = 0; call < 3; call++) expect(await nameOf()).toBe('before');
  const refused = await rename('during').catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'StorageUnavailableError', mayBeDone: false });
  expect(refused).toMatchObject({ message: expect.stringContaining('cannot be reached') });
  await expect(lookups.findVerifiableKey('ws_1', 'unknown')).rejects.toThrow(StorageUnavailableError);
  await expect(storage.spendCredits(ws, 'key_1', { cost: 1, now: at })).rejects.toThrow(
    StorageUnavailableError,
  );
  expect(lookups.isServingStale()).toBe(true);
  await postgres.start();
  await rename('after');
  expect(await nameOf()).toBe('after');
  expect(await storage.spendCredits(ws, 'key_1', { cost: 1, now: at })).toEqual({
    isSpent: true,
    remaining: 9,
  });
  await until(isChannelUp);
  expect(lookups.isServingStale()).toBe(false);
});

test('a database that has become read-only is reported, and is used again when it accepts writes', async () => {
  const set = (value: string) =>
    execute(postgres.url, `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET ${value}`);
  await set('default_transaction_read_only = on');
  await endConnections('true');
  const refused = await rename('never').catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'StorageUnavailableError', mayBeDone: false });
  expect(refused).toMatchObject({ message: expect.stringContaining('read-only') });
  expect(await storage.findVerifiableKey(hash)).not.toBeNull();
  await set('default_transaction_read_only = off');
  await rename('again');
});

test('the error of a database that cannot be opened has the reason, and never the password', async () => {
  const attempts = [
    [`postgres://unkey:hunter2@127.0.0.1:${postgres.port}/absent`, /does not exist/],
    [`postgres://unkey:hunter2@127.0.0.1:1/absent`, /cannot be reached/],
  ] as const;
  for (const [url, reason] of attempts) {
    const failure = await openPostgresStorage({ url, onCommit: () => {} }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'StorageUnavailableError',
      message: expect.stringMatching(reason),
    });
    const { stack, cause } = failure as Error;
    expect(`${stack} ${String(cause)} ${JSON.stringify(cause)}`).not.toContain('hunter2');
  }
});

test('a standby is not read; after its promotion it is found without a restart, with all acknowledged writes', async () => {
  const primary = await startPostgres();
  closers.push(primary.close);
  const { url } = await primary.createDatabase();
  let port = primary.port;
  const leader = await startProxy(() => port);
  closers.push(leader.close);
  const movable = new URL(url);
  movable.port = String(leader.port);
  const { storage: moved } = await open(movable.href);
  const standby = await startPostgres({ standbyOf: primary });
  closers.push(standby.close);
  // From here on a commit is acknowledged when the standby has it.
  await execute(primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  await execute(primary.url, 'SELECT pg_reload_conf()');
  await execute(
    primary.url,
    `DO $$ BEGIN
      WHILE NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync') LOOP
        PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
      END LOOP;
    END $$`,
  );
  await moved.write((store) => createKey(store, { credits: creditsOf(10) }));
  expect(await moved.spendCredits(ws, 'key_1', { cost: 4, now: at })).toEqual({
    isSpent: true,
    remaining: 6,
  });

  await primary.signal('SIGKILL');
  port = standby.port;
  await expect(moved.findVerifiableKey(hash)).rejects.toThrow(/read-only/);
  await expect(moved.spendCredits(ws, 'key_1', { cost: 1, now: at })).rejects.toThrow(/read-only/);
  await standby.promote();
  await until(async () => {
    try {
      return (await moved.findVerifiableKey(hash)) !== null;
    } catch {
      return false;
    }
  });
  expect(await moved.spendCredits(ws, 'key_1', { cost: 4, now: at })).toEqual({
    isSpent: true,
    remaining: 2,
  });
});
