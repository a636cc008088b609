import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { batchSpanMs } from './batch-text.ts';
import { batchOf, exampleRatelimit, exampleVerification } from './example-events.ts';
import { openSqliteEvents } from './sqlite.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unkey-events-'));
  file = join(folder, 'events.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function rows(sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

/** The tables as they were at first, each with an event at 1, 2 and 3. */
function writeRowsOfBefore(): void {
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE verifications (
      at INTEGER NOT NULL, request_id TEXT NOT NULL, workspace_id TEXT NOT NULL, api_id TEXT NOT NULL,
      key_id TEXT NOT NULL, identity_id TEXT, external_id TEXT, outcome TEXT NOT NULL, tags TEXT NOT NULL,
      spent_credits INTEGER NOT NULL, latency_ms REAL NOT NULL
    ) STRICT;
    CREATE INDEX verifications_by_time ON verifications (workspace_id, at);
    CREATE TABLE ratelimits (
      at INTEGER NOT NULL, request_id TEXT NOT NULL, workspace_id TEXT NOT NULL, namespace_id TEXT NOT NULL,
      identifier TEXT NOT NULL, passed INTEGER NOT NULL, limit_value INTEGER NOT NULL, remaining INTEGER NOT NULL,
      cost INTEGER NOT NULL, override_id TEXT, latency_ms REAL NOT NULL
    ) STRICT;
    CREATE INDEX ratelimits_by_time ON ratelimits (workspace_id, at);
    WITH times (at) AS (VALUES (1), (2), (3)) INSERT INTO verifications
      SELECT at, 'old', 'ws_' || at, 'api_1', 'key_1', NULL, NULL, 'VALID', '["a"]', 1, 0.123456 FROM times;
    WITH times (at) AS (VALUES (1), (2), (3)) INSERT INTO ratelimits
      SELECT at, 'old', 'ws_' || at, 'rlns_1', 'u', 1, 10, 9, 1, NULL, 0.5 FROM times;
  `);
  database.close();
}

test('written events are in the file when the write resolves', async () => {
  const writer = await openSqliteEvents({ file });
  await writer.write(batchOf([exampleVerification(), exampleRatelimit()]));
  expect(rows('SELECT * FROM verifications')).toEqual([
    {
      at: 1_700_000_000_000,
      request_id: 'req_1',
      workspace_id: 'ws_1',
      api_id: 'api_1',
      key_id: 'key_1',
      identity_id: null,
      external_id: null,
      outcome: 'VALID',
      tags: '["path=/v1","ünïcode"]',
      spent_credits: 1,
      latency_ms: 0.25,
      trace_id: null,
      span_id: null,
    },
  ]);
  expect(rows('SELECT namespace_id, passed, override_id FROM ratelimits')).toEqual([
    { namespace_id: 'rlns_1', passed: 0, override_id: null },
  ]);
  expect(rows('SELECT CAST(limit_value AS TEXT) AS text FROM ratelimits')).toEqual([
    { text: '9007199254740991' },
  ]);
  await writer.close();
});

test('events have the trace of their request, and those without a trace have none', async () => {
  const writer = await openSqliteEvents({ file });
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  const events = [trace, null].flatMap((trace) => [
    exampleVerification({ trace }),
    exampleRatelimit({ trace }),
  ]);
  await writer.write(batchOf(events));
  await writer.close();
  for (const view of ['verifications', 'ratelimits']) {
    expect(rows(`SELECT trace_id, span_id FROM ${view} ORDER BY trace_id DESC`)).toEqual([
      { trace_id: trace.traceId, span_id: trace.spanId },
      { trace_id: null, span_id: null },
    ]);
  }
});

test('a file is opened again with its data', async () => {
  for (const requestId of ['req_1', 'req_2']) {
    const writer = await openSqliteEvents({ file });
    await writer.write(batchOf([exampleVerification({ requestId })]));
    await writer.close();
  }
  expect(rows('SELECT request_id FROM verifications ORDER BY request_id')).toEqual([
    { request_id: 'req_1' },
    { request_id: 'req_2' },
  ]);
});

test('a batch that cannot be stored is refused, and the writer continues', async () => {
  const writer = await openSqliteEvents({ file });
  const broken = { ...batchOf([exampleVerification()]), at: Number.NaN };
  await expect(writer.write(broken)).rejects.toThrow(/NOT NULL/);
  await writer.write(batchOf([exampleVerification({ requestId: 'req_9' })]));
  await writer.close();
  expect(rows('SELECT request_id FROM verifications')).toEqual([{ request_id: 'req_9' }]);
});

test('a write of a thread that crashes is refused, and the next one has another thread', async () => {
  const threads: Worker[] = [];
  const onThread = (thread: Worker) => threads.push(thread);
  process.on('worker', onThread);
  try {
    const writer = await openSqliteEvents({ file });
    // Not a request: the thread fails on it.
    threads[0]?.postMessage(null);
    await expect(writer.write(batchOf([exampleVerification()]))).rejects.toThrow('The event writer stopped.');
    await writer.write(batchOf([exampleVerification({ requestId: 'req_9' })]));
    await writer.close();
  } finally {
    process.off('worker', onThread);
  }
  expect(threads).toHaveLength(2);
  expect(rows('SELECT request_id FROM verifications')).toEqual([{ request_id: 'req_9' }]);
});

test('writes that overlap are all stored', async () => {
  const writer = await openSqliteEvents({ file });
  const batch = batchOf(Array.from({ length: 1000 }, () => exampleVerification()));
  await Promise.all([writer.write(batch), writer.write(batch), writer.write(batch)]);
  await writer.close();
  expect(rows('SELECT count(*) AS stored FROM verifications')).toEqual([{ stored: 3000 }]);
});

test('events of several workspaces, keys and identities are each found with their own', async () => {
  const ids = (number: number, identityId: string | null) => ({
    workspaceId: `ws_${number}`,
    apiId: `api_${number}`,
    keyId: `key_${number}`,
    identityId,
    externalId: identityId && `"${identityId}" \\ ünïcode`,
  });
  const subjects = [ids(1, null), ids(2, 'id_2'), ids(1, 'id_1'), ids(1, null), ids(2, 'id_2')];
  const writer = await openSqliteEvents({ file });
  await writer.write(
    batchOf(
      subjects.flatMap((subject, index) => [
        exampleVerification({ ...subject, at: 1000 + index }),
        exampleRatelimit({
          workspaceId: subject.workspaceId,
          namespaceId: `rlns_${subject.workspaceId}`,
          at: 1000 + index,
          overrideId: subject.identityId,
        }),
      ]),
    ),
  );
  await writer.close();
  expect(
    rows(`SELECT at, workspace_id AS workspaceId, api_id AS apiId, key_id AS keyId, identity_id AS identityId,
      external_id AS externalId FROM verifications ORDER BY at`),
  ).toEqual(subjects.map((subject, index) => ({ at: 1000 + index, ...subject })));
  expect(rows('SELECT at, workspace_id, override_id FROM ratelimits ORDER BY at')).toEqual(
    subjects.map(({ workspaceId, identityId }, index) => ({
      at: 1000 + index,
      workspace_id: workspaceId,
      override_id: identityId,
    })),
  );
});

test('events beyond the retention are deleted in slices, and nothing else', async () => {
  const archive = await openSqliteEvents({ file });
  for (const at of [1, 2, 3, 4]) {
    await archive.write(
      batchOf([exampleVerification({ at }), exampleRatelimit({ at }), exampleRatelimit({ at })]),
    );
  }
  const before = 4 + batchSpanMs;
  expect([await archive.countBefore(before - 1, 100), await archive.countBefore(before - 1, 4)]).toEqual([
    9, 4,
  ]);
  const deleted = [];
  for (let portion = 0; portion < 3; portion++) deleted.push(await archive.deleteBefore(before - 1, 4));
  expect(deleted).toEqual([6, 3, 0]);
  await archive.close();
  expect(rows('SELECT at FROM verifications UNION ALL SELECT at FROM ratelimits')).toEqual(
    Array.from({ length: 3 }, () => ({ at: 4 })),
  );
});

test('a file from before the batches is read and extended, and its old events are deleted', async () => {
  writeRowsOfBefore();
  const archive = await openSqliteEvents({ file });
  await archive.write(batchOf([exampleVerification({ requestId: 'new', at: 5 })]));
  expect(rows('SELECT request_id, at FROM verifications ORDER BY at')).toEqual([
    { request_id: 'old', at: 1 },
    { request_id: 'old', at: 2 },
    { request_id: 'old', at: 3 },
    { request_id: 'new', at: 5 },
  ]);
  const deleted = [];
  expect([await archive.countBefore(3, 100), await archive.countBefore(3, 3)]).toEqual([4, 3]);
  for (let portion = 0; portion < 4; portion++) deleted.push(await archive.deleteBefore(3, 2));
  expect(deleted).toEqual([2, 2, 0, 0]);
  await archive.close();
  const left = rows('SELECT request_id, tags, latency_ms FROM verifications ORDER BY at');
  expect(left).toEqual([
    { request_id: 'old', tags: '["a"]', latency_ms: 0.123456 },
    { request_id: 'new', tags: '["path=/v1","ünïcode"]', latency_ms: 0.25 },
  ]);
  expect(rows('SELECT at, identifier, passed, override_id, latency_ms, trace_id FROM ratelimits')).toEqual([
    { at: 3, identifier: 'u', passed: 1, override_id: null, latency_ms: 0.5, trace_id: null },
  ]);
});

test('a file of a newer version is left alone', async () => {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 99');
  database.close();
  await expect(openSqliteEvents({ file })).rejects.toThrow('The event writer stopped.');
  expect(rows('SELECT * FROM sqlite_schema')).toEqual([]);
});

test('a file that cannot be opened is an error at once', async () => {
  await expect(openSqliteEvents({ file: join(folder, 'missing', 'events.sqlite') })).rejects.toThrow(
    'The event writer stopped.',
  );
});

test('an open writer does not keep its process alive, and its events are stored', async () => {
  const module = new URL('../../dist/events/sqlite.js', import.meta.url);
  const batch = batchOf([exampleVerification()]);
  const script = `
    import { openSqliteEvents } from ${JSON.stringify(module.href)};
    const writer = await openSqliteEvents({ file: ${JSON.stringify(file)} });
    void writer.write(${JSON.stringify(batch)});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(rows('SELECT count(*) AS stored FROM verifications')).toEqual([{ stored: 1 }]);
});
