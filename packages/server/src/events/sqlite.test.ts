import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exampleRatelimit, exampleVerification } from './example-events.ts';
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

test('written events are in the file when the write resolves', async () => {
  const writer = await openSqliteEvents({ file });
  await writer.write([exampleVerification(), exampleRatelimit()]);
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

test('a file is opened again with what it holds', async () => {
  for (const requestId of ['req_1', 'req_2']) {
    const writer = await openSqliteEvents({ file });
    await writer.write([exampleVerification({ requestId })]);
    await writer.close();
  }
  expect(rows('SELECT request_id FROM verifications ORDER BY rowid')).toEqual([
    { request_id: 'req_1' },
    { request_id: 'req_2' },
  ]);
});

test('all of a batch is stored or nothing, and the writer goes on', async () => {
  const writer = await openSqliteEvents({ file });
  const broken = exampleVerification({ at: Number.NaN });
  await expect(writer.write([exampleVerification(), broken])).rejects.toThrow(/NOT NULL/);
  await writer.write([exampleVerification({ requestId: 'req_9' })]);
  await writer.close();
  expect(rows('SELECT request_id FROM verifications')).toEqual([{ request_id: 'req_9' }]);
});

test('writes that overlap are all stored', async () => {
  const writer = await openSqliteEvents({ file });
  const batch = Array.from({ length: 1000 }, () => exampleVerification());
  await Promise.all([writer.write(batch), writer.write(batch), writer.write(batch)]);
  await writer.close();
  expect(rows('SELECT count(*) AS stored FROM verifications')).toEqual([{ stored: 3000 }]);
});

test('what is older than wanted is deleted in batches, of all workspaces, and nothing else', async () => {
  const archive = await openSqliteEvents({ file });
  await archive.write(
    ['ws_1', 'ws_2', 'ws_3'].flatMap((workspaceId) => [
      exampleVerification({ workspaceId, at: 1 }),
      exampleVerification({ workspaceId, at: 2 }),
      exampleRatelimit({ workspaceId, at: 1 }),
      exampleRatelimit({ workspaceId, at: 2 }),
    ]),
  );
  const deleted = [];
  for (let batch = 0; batch < 4; batch++) deleted.push(await archive.deleteBefore(2, 4));
  expect(deleted).toEqual([4, 2, 0, 0]);
  await archive.close();
  const left = [1, 2, 3].map((workspace) => ({ workspace_id: `ws_${workspace}`, at: 2 }));
  expect(rows('SELECT workspace_id, at FROM verifications')).toEqual(left);
  expect(rows('SELECT workspace_id, at FROM ratelimits')).toEqual(left);
});

test('a file that cannot be opened is an error at once', async () => {
  await expect(openSqliteEvents({ file: join(folder, 'missing', 'events.sqlite') })).rejects.toThrow(
    'The event writer stopped.',
  );
});

test('an open writer does not hold its process, and what it was given is stored', async () => {
  const module = new URL('../../dist/events/sqlite.js', import.meta.url);
  const script = `
    import { openSqliteEvents } from ${JSON.stringify(module.href)};
    const writer = await openSqliteEvents({ file: ${JSON.stringify(file)} });
    void writer.write([${JSON.stringify(exampleVerification())}]);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(rows('SELECT count(*) AS stored FROM verifications')).toEqual([{ stored: 1 }]);
});
