import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { execute, type Postgres, startPostgres, textOf } from '../../../../../tests/postgres.ts';
import { startProxy } from '../../../../../tests/tcp-proxy.ts';
import { openPostgresCounters } from '../../counters/postgres/counters.ts';
import { at, createKey, creditsOf } from '../conformance/samples.ts';
import { createLookups, type Lookups } from '../lookups.ts';
import { openPostgresStorage } from './storage.ts';

// Two servers with streaming replication. The address of the primary moves; connections that are open stay where they are.

const ws = 'ws_1';
const hash = 'hash-of-key_1';
const soon = { timeout: 25_000, interval: 50 };
const timeout = 120_000;

let primary: Postgres;
let standby: Postgres;
/** Where DATABASE_URL points to. */
let address: { port: number };
let database: string;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  primary = await startPostgres();
}, timeout);
afterAll(() => primary.close(), timeout);
beforeEach(async () => {
  const created = await primary.createDatabase();
  database = new URL(created.url).pathname.slice(1);
  standby = await startPostgres({ standbyOf: primary });
  closers.push(standby.close);
  address = { port: primary.port };
}, timeout);
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await execute(primary.url, 'ALTER SYSTEM RESET ALL');
  await execute(primary.url, 'SELECT pg_reload_conf()');
}, timeout);

async function makeReadOnly(server: Postgres): Promise<void> {
  await execute(server.url, 'ALTER SYSTEM SET default_transaction_read_only = on');
  await execute(server.url, 'SELECT pg_reload_conf()');
}

/** A process whose connections go through the address. */
async function openProcess() {
  const proxy = await startProxy(() => address.port);
  closers.push(proxy.close);
  const url = new URL(primary.urlOf(database));
  url.port = String(proxy.port);
  const warnings: object[] = [];
  const log = { info: () => {}, warn: (line: object) => void warnings.push(line) };
  let lookups: Lookups | null = null;
  const opened = await openPostgresStorage({
    url: url.href,
    onCommit: (tags) => lookups?.onCommit(tags),
    log,
  });
  lookups = createLookups(opened.storage, { maxStalenessMs: 60_000, keyCacheSize: 1000 });
  closers.push(opened.storage.close);
  return { ...opened, lookups, warnings, url: url.href };
}

type Process = Awaited<ReturnType<typeof openProcess>>;

/** Another process, which changes what the first one has cached. */
async function disableOn(server: Postgres): Promise<void> {
  const other = await openPostgresStorage({ url: server.urlOf(database), onCommit: () => {} });
  await other.storage.write((store) => store.keys.update(ws, 'key_1', { isEnabled: false }), {
    workspaceId: ws,
  });
  await other.storage.close();
}

/** Opens connections of every kind, and caches the key. */
async function warmUp({ storage, lookups }: Process): Promise<void> {
  await storage.write((store) => createKey(store, { credits: creditsOf(10) }));
  await storage.spendCredits(ws, 'key_1', { cost: 1, now: at });
  await storage.read((store) => store.workspaces.list());
  expect((await lookups.findVerifiableKey('ws_1', hash))?.isEnabled).toBe(true);
  const caughtUp = async () => (await textOf(standby.urlOf(database), ['keys'])).includes(hash);
  await vi.waitFor(async () => expect(await caughtUp()).toBe(true), soon);
}

const isEnabled = async ({ lookups }: Process) => (await lookups.findVerifiableKey('ws_1', hash))?.isEnabled;

async function sessionsOn(server: Postgres): Promise<string> {
  return textOf(server.urlOf(database), [
    "(SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'unkey-ts%' AND datname = current_database())",
  ]);
}

test('a switch-over whose old primary stays up, read-only: every connection moves, and revocations hold', {
  timeout,
}, async () => {
  const process = await openProcess();
  await warmUp(process);
  await makeReadOnly(primary);
  await standby.promote();
  address.port = standby.port;
  await disableOn(standby);

  await vi.waitFor(async () => expect(await isEnabled(process)).toBe(false), soon);
  expect(process.isChannelUp()).toBe(true);
  expect(process.warnings).toContainEqual({ reason: 'the database has become read-only' });
  expect(await process.storage.spendCredits(ws, 'key_1', { cost: 1, now: at })).toMatchObject({
    remaining: 8,
  });
  await vi.waitFor(async () => expect(await sessionsOn(primary)).toBe(''), soon);
});

test('the first write that fails as read-only replaces all connections, and is done on the new primary', {
  timeout,
}, async () => {
  const process = await openProcess();
  await warmUp(process);
  await standby.promote();
  address.port = standby.port;
  await makeReadOnly(primary);
  const spent = await process.storage.spendCredits(ws, 'key_1', { cost: 1, now: at });
  expect(spent).toMatchObject({ isSpent: true, remaining: 8 });
  await process.storage.write((store) => store.keys.update(ws, 'key_1', { name: 'after' }), {
    workspaceId: ws,
  });
  expect(await textOf(standby.urlOf(database), ['keys'])).toContain('after');
});

test('while the address leads to the read-only server, it is read, and it shows', { timeout }, async () => {
  const process = await openProcess();
  await warmUp(process);
  await makeReadOnly(primary);
  await vi.waitFor(() => expect(process.storage.isReadOnly?.()).toBe(true), soon);
  expect(await process.storage.findVerifiableKey(hash)).not.toBeNull();
  await expect(process.storage.spendCredits(ws, 'key_1', { cost: 1, now: at })).rejects.toThrow(/read-only/);
  // It is told once, however many writes fail.
  await expect(process.storage.spendCredits(ws, 'key_1', { cost: 1, now: at })).rejects.toThrow(/read-only/);
  expect(process.warnings).toEqual([{ reason: 'the database has become read-only' }]);

  await standby.promote();
  await disableOn(standby);
  address.port = standby.port;
  await vi.waitFor(async () => expect(await isEnabled(process)).toBe(false), soon);
  expect(process.storage.isReadOnly?.()).toBe(false);
});

test('a network split: the old primary still accepts writes, and is left when a new connection finds the new one', {
  timeout,
}, async () => {
  const process = await openProcess();
  await warmUp(process);
  await standby.promote();
  address.port = standby.port;
  await disableOn(standby);
  await vi.waitFor(async () => expect(await isEnabled(process)).toBe(false), soon);
  expect(process.warnings).toContainEqual({ reason: 'another database server is the primary now' });
  await process.storage.write((store) => store.keys.update(ws, 'key_1', { name: 'after' }), {
    workspaceId: ws,
  });
  expect(await textOf(standby.urlOf(database), ['keys'])).toContain('after');
  expect(await textOf(primary.urlOf(database), ['keys'])).not.toContain('after');

  // The address flips back: the old primary is refused, whatever it says.
  address.port = primary.port;
  await execute(
    standby.urlOf(database),
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'unkey-ts'",
  );
  await vi.waitFor(() => expect(process.storage.ping()).rejects.toThrow(/was the primary before/), soon);
});

test('counters in PostgreSQL follow the primary, too', { timeout }, async () => {
  const { url } = await openProcess();
  const counters = await openPostgresCounters({ url });
  closers.push(counters.close);
  const take = { counter: 'a', limit: 10, durationMs: 60_000, cost: 1 };
  expect(await counters.heartbeat()).toBe(1);
  await counters.consume(ws, [take], at);
  await standby.promote();
  address.port = standby.port;
  await makeReadOnly(primary);
  // Until the old primary has refused a write, calls may still reach it.
  await vi.waitFor(async () => {
    expect(await counters.heartbeat()).toBe(1);
    expect((await counters.consume(ws, [take], at)).passed).toBe(true);
  }, soon);
  expect(await textOf(standby.urlOf(database), ['counter_processes'])).not.toBe('');
});
