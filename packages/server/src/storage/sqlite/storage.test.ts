import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apiOf, identityOf } from '../conformance/samples.ts';
import { storageConformance } from '../conformance/storage-conformance.ts';
import type { Storage } from '../port/storage.ts';
import { openDatabase } from './open.ts';
import { openSqliteStorage } from './storage.ts';

storageConformance('storage in a SQLite file', async (onCommit) => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-storage-'));
  const file = join(folder, 'unkey.sqlite');
  const opened = [openSqliteStorage({ file, onCommit })];
  const [storage] = opened;
  if (storage === undefined) throw new Error('Nothing was opened.');
  return {
    storage,
    async openAnother() {
      const another = openSqliteStorage({ file, onCommit: () => {} });
      opened.push(another);
      return another;
    },
    async close() {
      for (const one of opened) await one.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

const thirdSchema = `
  CREATE TABLE kept_answers (
    workspace_id TEXT NOT NULL, operation TEXT NOT NULL, key_hash TEXT NOT NULL, fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (workspace_id, operation, key_hash)
  ) STRICT;
  CREATE INDEX kept_answers_expiry ON kept_answers (expires_at);
  CREATE TABLE retired_hashes (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_deleted ON keys (deleted_at) WHERE deleted_at IS NOT NULL;
  CREATE INDEX identities_deleted ON identities (deleted_at) WHERE deleted_at IS NOT NULL;
  INSERT INTO retired_hashes VALUES ('retired');
  INSERT INTO kept_answers VALUES ('ws_1', 'keys.createKey', 'hash-of-key', 'who-and-what', 'sealed', 2);
  PRAGMA user_version = 3;`;

test.each([
  ['first', ''],
  ['third', thirdSchema],
])(
  'a database of the %s schema keeps what is in it, and gets what was added since',
  async (_, statements) => {
    const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-storage-'));
    const file = join(folder, 'unkey.sqlite');
    const database = openDatabase(file);
    database.exec(readFileSync(new URL('../conformance/first-schema.sqlite.sql', import.meta.url), 'utf8'));
    database.exec(statements);
    database.close();

    for (let start = 1; start <= 2; start++) {
      const storage = openSqliteStorage({ file, onCommit: () => {} });
      expect(await storage.findVerifiableKey('hash-of-key_1')).toMatchObject({ id: 'key_1', name: 'Laptop' });
      expect(await storage.readCredits('ws_1', 'key_1')).toMatchObject({ remaining: 7 });
      const claim = {
        operation: 'keys.createKey',
        keyHash: 'hash-of-key',
        fingerprint: 'other',
        expiresAt: 3,
      };
      const record = await storage.write((store) => store.idempotencyRecords.claim('ws_1', claim, 1));
      const stored = { fingerprint: 'who-and-what', response: 'sealed' };
      if (statements !== '') expect(record).toEqual(stored);
      // Of which workspace a hash was retired is not known.
      for (const workspaceId of ['ws_1', 'ws_2']) {
        const taken = await storage.read((store) => store.keys.takenHashes(workspaceId, ['retired', 'free']));
        expect([...taken]).toEqual(statements === '' ? [] : ['retired']);
      }
      expect(await storage.read((store) => store.keys.find('ws_1', 'key_1'))).toMatchObject({
        byteLength: 16,
      });
      await storage.close();
    }
    await rm(folder, { recursive: true, force: true });
  },
);

test('closing twice is closing once; a write afterwards fails, and so does the next one: neither hangs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-storage-'));
  const storage = openSqliteStorage({ file: join(folder, 'unkey.sqlite'), onCommit: () => {} });
  await storage.close();
  await storage.close();
  const write = () => storage.write((store) => store.workspaces.list());
  await expect(write()).rejects.toThrow();
  await expect(write()).rejects.toThrow();
  await rm(folder, { recursive: true, force: true });
  expect(storage.stats?.()).toMatchObject({ waitingWrites: 0, databaseBytes: 0, logBytes: 0 });
});

async function besideAnother(
  lockWaitMs: number,
  run: (storage: Storage, other: ReturnType<typeof openDatabase>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-storage-'));
  const file = join(folder, 'unkey.sqlite');
  const storage = openSqliteStorage({ file, onCommit: () => {}, lockWaitMs });
  const other = openDatabase(file);
  try {
    await run(storage, other);
  } finally {
    other.close();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const createApi = (storage: Storage) => storage.write((store) => store.apis.create('ws_1', apiOf()));

test('while another process has the write lock, reads go on, and a write waits for it', async () => {
  await besideAnother(60_000, async (storage, other) => {
    other.exec('BEGIN IMMEDIATE');
    const waiting = createApi(storage);
    expect(await storage.read((store) => store.apis.find('ws_1', 'api_1'))).toBeNull();
    expect(await storage.findVerifiableKey('absent')).toBeNull();
    other.exec('ROLLBACK');
    await waiting;
    expect(await storage.read((store) => store.apis.find('ws_1', 'api_1'))).not.toBeNull();
  });
});

test('a write or a spend that has waited too long for the lock ends as unavailable; the next one works', async () => {
  await besideAnother(1, async (storage, other) => {
    other.exec('BEGIN IMMEDIATE');
    const spend = storage.spendCredits('ws_1', 'key_1', { cost: 1, now: 1 });
    const failure = { status: 'rejected', reason: { name: 'StorageUnavailableError', mayBeDone: false } };
    expect(await Promise.allSettled([createApi(storage), spend])).toMatchObject([failure, failure]);
    other.exec('ROLLBACK');
    await createApi(storage);
  });
});

test('the log grows while a reader stays, and shrinks to its limit with the writes after it', async () => {
  await besideAnother(60_000, async (storage, other) => {
    const logBytes = () => storage.stats?.().logBytes ?? 0;
    const meta = { text: 'x'.repeat(1_000_000) };
    let next = 0;
    const writeMegabytes = async (count: number) => {
      for (let written = 0; written < count; written++) {
        const names = { id: `id_${next}`, externalId: `user_${next++}` };
        await storage.write((store) => store.identities.create('ws_1', identityOf({ ...names, meta })));
      }
    };
    await createApi(storage);
    other.exec('BEGIN; SELECT count(*) FROM apis');
    await writeMegabytes(80);
    expect(logBytes()).toBeGreaterThan(80_000_000);
    other.exec('COMMIT');
    // The first commit checkpoints, the next one begins the log anew and truncates it.
    await writeMegabytes(4);
    expect(logBytes()).toBeLessThan(65 * 1024 * 1024);
    const before = logBytes();
    await writeMegabytes(80);
    expect(logBytes()).toBeLessThanOrEqual(before);
  });
});
