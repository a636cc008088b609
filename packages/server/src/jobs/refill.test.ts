import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomIds } from '../base/ids.ts';
import { apiOf, at, keyOf } from '../storage/conformance/samples.ts';
import type { Storage } from '../storage/port/storage.ts';
import { openSqliteStorage } from '../storage/sqlite/storage.ts';
import { refillDueKeys } from './refill.ts';

const day = 86_400_000;
const ws = 'ws_1';

let folder: string;
let file: string;
let storage: Storage;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unkey-refill-'));
  file = join(folder, 'unkey.sqlite');
  storage = openSqliteStorage({ file, onCommit: () => {} });
  await storage.write((store) => store.apis.create(ws, apiOf()));
});
afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

const services = () => ({ storage, ids: randomIds() });

async function createKeys(count: number): Promise<void> {
  const credits = { remaining: 1, refill: { amount: 10, day: null }, lastRefillAt: at };
  await storage.write(async (store) => {
    for (let index = 0; index < count; index++) {
      await store.keys.create(ws, keyOf({ id: `key_${index}`, credits }));
    }
  });
}

function execute(statement: string): void {
  const database = new DatabaseSync(file);
  database.exec(statement);
  database.close();
}

const dueAt = (now: number) => storage.read((store) => store.keys.countDueRefills(now, 1000));

test('a sweep lists no key twice, though more keys than a slice are due by the column and not by the rule', async () => {
  await createKeys(50);
  execute('UPDATE keys SET next_refill_at = 1');
  const rows: number[] = [];
  expect(await refillDueKeys(services(), at + 1, { onRows: (count) => rows.push(count) })).toBe(0);
  expect(rows).toEqual([20, 20, 10]);
  expect(await dueAt(at + day - 1)).toBe(0);
  expect(await dueAt(at + day)).toBe(50);
});

test('keys of a deleted API are not due again in every sweep', async () => {
  await createKeys(3);
  await storage.write((store) => store.apis.delete(ws, 'api_1', at));
  expect(await refillDueKeys(services(), at + day)).toBe(0);
  expect(await dueAt(at + day)).toBe(0);
});

test('a sweep stops after the current slice', async () => {
  await createKeys(50);
  const stopping = new AbortController();
  const run = { signal: stopping.signal, onRows: () => stopping.abort() };
  expect(await refillDueKeys(services(), at + day, run)).toBe(20);
  expect(await refillDueKeys(services(), at + day, { signal: stopping.signal })).toBe(0);
  expect(await refillDueKeys(services(), at + day)).toBe(30);
});

test('a sweep ends, although its keys stay due', async () => {
  await createKeys(50);
  execute('UPDATE keys SET next_refill_at = 1');
  const uncorrected: Storage = {
    ...storage,
    write: (work, scope) =>
      storage.write(
        (store) => work({ ...store, keys: { ...store.keys, correctNextRefill: async () => {} } }),
        scope,
      ),
  };
  const stopping = new AbortController();
  const rows: number[] = [];
  const onRows = (count: number) => {
    if (rows.push(count) > 5) stopping.abort();
  };
  await refillDueKeys({ ...services(), storage: uncorrected }, at + 1, { signal: stopping.signal, onRows });
  expect(rows).toEqual([20, 20, 10]);
});
