import { execFileSync } from 'node:child_process';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createDatabase, execute } from '../../../../../tests/postgres.ts';
import { filledFolder, newFolder } from '../conformance/every-table.ts';
import { auditOf } from '../conformance/samples.ts';
import { transferConforms } from '../conformance/transfer-conforms.ts';
import { openPostgresStorage } from '../postgres/storage.ts';
import type { TransferPlace } from './migrate-data.ts';
import { migrateData } from './migrate-data.ts';

const server = process.env.UNKEY_TEST_DATABASE_URL ?? '';
const drops: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const drop of drops) await drop();
});

async function newDatabase() {
  const { url, drop } = await createDatabase(server);
  drops.push(drop);
  return { url, place: { url, name: '--to' } };
}

transferConforms(async () => {
  const { url, place } = await newDatabase();
  return {
    place,
    execute: (statement) => execute(url, statement),
    tables: async () =>
      (await rowsOf(url, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")).map(
        ({ name }) => String(name),
      ),
  };
});

async function rowsOf(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

const move = (from: TransferPlace, to: TransferPlace, onStep = () => {}) =>
  migrateData({ from, to, now: () => 0, onStep });

test('a server does not start on partial data, and starts on complete data', async () => {
  const source = filledFolder().place;
  const { url, place } = await newDatabase();
  const open = () => openPostgresStorage({ url, onCommit: () => {} });
  const cut = () => {
    throw new Error('interrupted');
  };
  await expect(move(source, place, cut)).rejects.toThrow('interrupted');
  await expect(open()).rejects.toThrow(/migrate-data/);
  await move(source, place);
  await (await open()).storage.close();
});

test('the audit log continues after its last record', async () => {
  const source = filledFolder().place;
  const { url, place } = await newDatabase();
  await move(source, place);
  const { storage } = await openPostgresStorage({ url, onCommit: () => {} });
  await storage.write((store) => store.audit.append([auditOf({ id: 'log_newest' })]));
  await storage.close();
  const rows = await rowsOf(url, 'SELECT id FROM audit_log ORDER BY sequence DESC LIMIT 1');
  expect(rows).toEqual([{ id: 'log_newest' }]);
});

test('one process at a time may move data, and none while a server runs', async () => {
  const source = filledFolder().place;
  const { url, place } = await newDatabase();
  const running = await openPostgresStorage({ url, onCommit: () => {} });
  await expect(move(source, place)).rejects.toThrow(/in use by unkey-ts/);
  await running.storage.close();
  await move(source, place);

  const again = await openPostgresStorage({ url, onCommit: () => {} });
  const next = await newDatabase();
  await expect(move(place, next.place)).rejects.toThrow(/in use by unkey-ts/);
  await again.storage.close();
  await move(place, next.place);
});

test.each([
  ['a database that is not there', { pathname: '/nowhere_at_all' }, 'does not exist'],
  ['nobody listens', { port: '1' }, 'cannot be reached'],
  ['no TLS', { search: '?sslmode=require' }, 'sslmode'],
])('a failure names the side and nothing of its URL: %s', async (_, change, reason) => {
  const source = filledFolder().place;
  const { url } = await newDatabase();
  const wrong = Object.assign(new URL(url), { password: 'very-secret', ...change });
  const failure = await move(source, { url: wrong.href, name: '--to' }).catch((error: Error) => error);
  expect(failure).toMatchObject({ name: 'TransferError', message: expect.stringContaining('--to') });
  expect(String(failure)).toContain(reason);
  expect(String(failure)).not.toContain('DATABASE_URL');
  expect(String(failure)).not.toMatch(/very-secret|nowhere_at_all|127\.0\.0\.1/);
});

test('a lost connection is reported, and the next run resumes', async () => {
  const source = filledFolder().place;
  const { url, place } = await newDatabase();
  let steps = 0;
  const cutAtThird = () => {
    steps++;
    if (steps === 3) endSessions(url);
  };
  await expect(move(source, place, cutAtThird)).rejects.toThrow(
    /cannot be reached.*--to points to it.* resumes where it stopped/,
  );
  expect((await move(source, place)).resumedRows).toBeGreaterThan(0);
});

/** Synchronous: the tested code does nothing in the meantime. */
function endSessions(url: string): void {
  const script = `
    import pg from 'pg';
    const client = new pg.Client({ connectionString: process.env.URL });
    await client.connect();
    await client.query(\`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'unkey-ts migrate-data' AND datname = current_database()\`);
    await client.end();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    env: { ...process.env, URL: url },
  });
}

test('partial data is refused as a source', async () => {
  const { url, place } = await newDatabase();
  const cut = () => {
    throw new Error('interrupted');
  };
  await expect(move(filledFolder().place, place, cut)).rejects.toThrow('interrupted');
  await expect(move({ url, name: '--from' }, newFolder().place)).rejects.toThrow(
    /migrate-data.* has not finished/,
  );
});
