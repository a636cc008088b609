import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStorage } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import type { HttpRequest } from '../base/http-message.ts';
import { randomIds } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { loadConfig } from '../config.ts';
import { memoryCounters } from '../counters/memory.ts';
import { ensureWorkspace } from '../workspace/ensure-workspace.ts';
import { type StorageThread, startStorageThread } from './storage-thread.ts';

let folder: string;
let rootKey: string;
let thread: StorageThread;
const lines: string[] = [];
const commits: (ReadonlySet<string> | null)[] = [];
const observed: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-thread-'));
  for (const list of [lines, commits, observed]) list.length = 0;
  const config = loadConfig({ flags: { 'data-dir': folder }, env: {}, cwd: folder });
  const { storage } = await openStorage(config);
  const first = await ensureWorkspace(
    { storage, ids: randomIds(), clock: systemClock },
    { configuredRootKey: undefined },
  );
  rootKey = first?.rootKey ?? '';
  await storage.close();
  thread = startStorageThread({
    thread: { config, logLevel: 'info', lockWaitMs: 2000, timeoutMs: undefined, hasJobs: true },
    log: createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
    counters: memoryCounters(),
    archive: { deleteBefore: async () => 0, countBefore: async () => 0 },
    onCommit: (tags) => void commits.push(tags),
    observe: (operation, outcome) => void observed.push(`${operation} ${outcome}`),
  });
});
afterEach(async () => {
  await thread.close();
  await rm(folder, { recursive: true, force: true });
});

function request(operation: string, body: object): HttpRequest {
  return {
    method: 'POST',
    path: `/v2/${operation}`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${rootKey}` },
    // As from a socket: a view of a larger buffer.
    body: Buffer.from(`xx${JSON.stringify(body)}yy`).subarray(2, -2),
    peer: '192.0.2.7',
  };
}

async function call(operation: string, body: object) {
  const response = await thread.forward(request(operation, body), {
    now: Date.now(),
    startedAt: performance.now(),
  });
  return { status: response.status, ...JSON.parse(String(response.body)) };
}

test('a request gets its response, after the tags of its commit, and is logged and counted here', async () => {
  const api = await call('apis.createApi', { name: 'payments' });
  expect(api).toMatchObject({ status: 200, data: { apiId: expect.stringMatching(/^api_/) } });
  const key = await call('keys.createKey', { apiId: api.data.apiId, credits: { remaining: 3 } });
  commits.length = 0;
  await call('keys.updateKey', { keyId: key.data.keyId, enabled: false });
  expect(commits).toEqual([new Set([key.data.keyId])]);
  expect(observed).toEqual(['apis.createApi 200', 'keys.createKey 200', 'keys.updateKey 200']);
  expect(lines.map((line) => JSON.parse(line).operation)).toEqual([
    'apis.createApi',
    'keys.createKey',
    'keys.updateKey',
  ]);
});

test('a key shows its last use from before the request', async () => {
  const api = await call('apis.createApi', { name: 'payments' });
  const { data } = await call('keys.createKey', { apiId: api.data.apiId });
  thread.lastUsed.mark(data.keyId, 1234);
  expect(await call('keys.getKey', { keyId: data.keyId })).toMatchObject({ data: { lastUsedAt: 1234 } });
});

test('the queue shows calls without an answer, and how long the thread did nothing else', async () => {
  const waiting = [call('apis.createApi', { name: 'payments' }), call('apis.createApi', { name: 'others' })];
  expect(thread.queue()).toMatchObject({ waitingCalls: 2, restarts: 0 });
  await Promise.all(waiting);
  expect(thread.queue().waitingCalls).toBe(0);
  await vi.waitFor(() => expect(thread.queue().lag.longestMs).toBeGreaterThan(0), { timeout: 240_000 });
});

test('a thread that dies is started again; what it worked on ends with an error, and nothing is lost', async () => {
  const api = await call('apis.createApi', { name: 'payments' });
  commits.length = 0;
  lines.length = 0;
  // A method that does not exist: its call throws inside the thread.
  thread.worker()?.postMessage([['call', 0, 'absent', []]]);
  await expect(call('apis.createApi', { name: 'second' })).rejects.toMatchObject({
    name: 'StorageUnavailableError',
    mayBeDone: true,
  });
  expect(commits).toEqual([null]);
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    'the storage thread has ended and is started again',
  ]);
  expect(() => thread.check()).toThrow('started again');
  await expect(thread.spendCredits('ws_1', 'key_1', { cost: 1, now: 1 })).rejects.toMatchObject({
    name: 'StorageUnavailableError',
    mayBeDone: false,
  });
  await vi.waitFor(() => thread.check(), { timeout: 50_000, interval: 50 });
  expect(thread.queue()).toMatchObject({ waitingCalls: 0, restarts: 1 });
  expect(await call('apis.getApi', { apiId: api.data.apiId })).toMatchObject({ status: 200 });
});

test('a thread that dies before it has opened the database has done nothing, and is started again', async () => {
  const waiting = call('apis.createApi', { name: 'payments' });
  await thread.worker()?.terminate();
  await expect(waiting).rejects.toMatchObject({ name: 'StorageUnavailableError', mayBeDone: false });
  await vi.waitFor(() => thread.check(), { timeout: 240_000, interval: 50 });
  expect(await call('apis.createApi', { name: 'payments' })).toMatchObject({ status: 200 });
});
