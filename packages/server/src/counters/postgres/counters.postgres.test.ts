import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createDatabase, execute, textOf } from '../../../../../tests/postgres.ts';
import { countersConformance } from '../conformance/counters-conformance.ts';
import { idempotencySharesConformance } from '../conformance/idempotency-shares-conformance.ts';
import type { IdempotencyBounds } from '../idempotency-shares.ts';
import { CountersUnavailableError } from '../port.ts';
import { openPostgresCounters } from './counters.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
beforeAll(async () => {
  database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
});
afterAll(() => database.drop());

const openEmpty = async (idempotencyBounds?: IdempotencyBounds) => {
  const counters = await open(idempotencyBounds);
  await execute(database.url, 'TRUNCATE counter_windows, counter_answers, counter_processes');
  return counters;
};

countersConformance('counters in a PostgreSQL database', () => openEmpty());
idempotencySharesConformance('counters in a PostgreSQL database', openEmpty);

const now = 1_700_000_040_000; // starts a minute

function open(idempotencyBounds?: IdempotencyBounds) {
  return openPostgresCounters({
    url: database.url,
    timeoutMs: 20_000,
    ...(idempotencyBounds && { idempotencyBounds }),
  });
}

function checks(...counters: readonly string[]) {
  return counters.map((counter) => ({ counter, limit: 1000, durationMs: 60_000, cost: 1 }));
}

test('any number of processes may start at once on an empty database', async () => {
  await execute(database.url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  const processes = await Promise.all(Array.from({ length: 10 }, () => open()));
  const counts = await Promise.all(processes.map((counters) => counters.heartbeat()));
  expect(Math.max(...counts)).toBe(10);
  await Promise.all(processes.slice(1).map((counters) => counters.close()));
  expect(await processes[0]?.heartbeat()).toBe(1);
  await processes[0]?.close();
});

test('calls that need the same counters in another order do not lock each other out', async () => {
  const [first, second] = [await open(), await open()];
  const calls = Array.from({ length: 100 }, (_, index) =>
    index % 2 === 0
      ? first.consume('ws', checks('x', 'y', 'z'), now)
      : second.consume('ws', checks('z', 'y', 'x'), now),
  );
  for (const { passed } of await Promise.all(calls)) expect(passed).toBe(true);
  const left = await first.consume('ws', checks('x', 'y', 'z'), now);
  expect(left.results.map(({ remaining }) => remaining)).toEqual([899, 899, 899]);
  await first.close();
  await second.close();
});

test('windows that weigh nothing any more are deleted, a minute later for the clocks of others', async () => {
  const counters = await open();
  await execute(database.url, 'TRUNCATE counter_windows');
  await counters.consume(
    'ws',
    checks(...Array.from({ length: 1500 }, (_, index) => `visitor ${index}`)),
    now,
  );
  await counters.consume('ws', checks('later'), now + 180_000 - 1);
  const count = async () => (await textOf(database.url, ['counter_windows'])).split('\n').length;
  expect(await count()).toBe(1501);
  await counters.consume('ws', checks('later'), now + 300_000);
  await vi.waitFor(async () => expect(await count()).toBe(1), 20_000);
  await counters.close();
});

test('expired records are deleted while calls have no limits', async () => {
  const counters = await open();
  await execute(database.url, 'TRUNCATE counter_answers');
  await counters.claim('ws 1', now);
  // It has expired when it is stored.
  await counters.complete('ws 1', { fingerprint: 'f', response: 'x' }, now - 1);
  await vi.waitFor(async () => {
    await counters.claim('ws 2', now + 120_000);
    await counters.release('ws 2');
    expect(await textOf(database.url, ['counter_answers'])).not.toContain('ws 1');
  }, 20_000);
  await counters.close();
});

test('a database with serializable transactions is reported as unsuitable and not used', async () => {
  const url = new URL(database.url);
  url.searchParams.set('options', '-c default_transaction_isolation=serializable');
  const counters = await openPostgresCounters({ url: url.href, timeoutMs: 20_000 });
  await expect(counters.consume('ws', checks('a'), now)).rejects.toThrow(/must be read committed/);
  await counters.close();
});

test('an unreachable database opens the circuit, and its password is not shown', async () => {
  const counters = await openPostgresCounters({ url: 'postgres://user:secret@127.0.0.1:1/none' });
  const failure = await counters.heartbeat().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CountersUnavailableError);
  expect(String(failure)).toMatch(/ECONNREFUSED/);
  expect(String(failure)).not.toContain('secret');
  await counters.close();
});
