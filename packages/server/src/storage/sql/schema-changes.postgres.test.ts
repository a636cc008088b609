import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDatabase } from '../../../../../tests/postgres.ts';
import { openPostgresStorage } from '../postgres/storage.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
beforeEach(async () => {
  database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
});
afterEach(() => database.drop());

async function query(statement: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    // Without values, so that a file of statements is one query.
    const { rows } = await (values.length === 0 ? client.query(statement) : client.query(statement, values));
    return rows;
  } finally {
    await client.end();
  }
}

async function openFirstSchema() {
  await query(readFileSync(new URL('../conformance/first-schema.postgres.sql', import.meta.url), 'utf8'));
  const { storage } = await openPostgresStorage({ url: database.url, onCommit: () => {} });
  return storage;
}

const claim = { operation: 'keys.createKey', keyHash: 'hash-of-key', fingerprint: 'other', expiresAt: 3 };

test('a database of the first schema keeps its data, and is migrated', async () => {
  const storage = await openFirstSchema();
  expect(await storage.findVerifiableKey('hash-of-key_1')).toMatchObject({ id: 'key_1', name: 'Laptop' });
  expect(await storage.readCredits('ws_1', 'key_1')).toMatchObject({ remaining: 7 });
  expect(await storage.write((store) => store.idempotencyRecords.claim('ws_1', claim, 1))).toEqual({
    fingerprint: 'who-and-what',
    response: 'sealed',
  });
  await storage.close();
});

test('a process of an older version can find keys and retire hashes while others are replaced', async () => {
  const storage = await openFirstSchema();
  await query("INSERT INTO retired_hashes (hash) VALUES ('old') ON CONFLICT DO NOTHING");
  await query("INSERT INTO retired_hashes (hash) VALUES ('old') ON CONFLICT DO NOTHING");
  // Of which workspace it was is not known.
  for (const workspaceId of ['ws_1', 'ws_2'])
    expect(await storage.read((store) => store.keys.isHashTaken(workspaceId, 'old'))).toBe(true);
  expect(await query("SELECT id FROM keys WHERE hash = 'hash-of-key_1'")).toEqual([{ id: 'key_1' }]);
  await storage.close();
});

test('a process of an older version can use idempotency records while others are replaced', async () => {
  const storage = await openFirstSchema();
  const older = `
    INSERT INTO kept_answers (workspace_id, operation, key_hash, fingerprint, answer, expires_at)
    VALUES ('ws_1', 'keys.createKey', $1, 'older', '', 9)
    ON CONFLICT (workspace_id, operation, key_hash) DO UPDATE SET fingerprint = 'older', answer = '', expires_at = 9
      WHERE kept_answers.expires_at <= $2
    RETURNING key_hash`;
  expect(await query(older, ['new', 1])).toEqual([{ key_hash: 'new' }]);
  expect(await query(older, ['hash-of-key', 1])).toEqual([]);
  expect(await query(older, ['hash-of-key', 5])).toEqual([{ key_hash: 'hash-of-key' }]);
  await query('UPDATE kept_answers SET answer = $1 WHERE key_hash = $2', ['sealed again', 'new']);
  expect(
    await storage.write((store) => store.idempotencyRecords.claim('ws_1', { ...claim, keyHash: 'new' }, 1)),
  ).toEqual({ fingerprint: 'older', response: 'sealed again' });
  await storage.close();
});
