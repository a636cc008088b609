import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { apiOf, keyOf } from '../conformance/samples.ts';
import type { HotStorage, Storage } from '../port/storage.ts';
import { openHotStorage } from './hot-storage.ts';
import { openSqliteStorage } from './storage.ts';

let folder: string;
let heard: (readonly string[] | null)[];
let writing: Storage;
let commandLine: Storage;
let hot: HotStorage;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-hot-'));
  const file = join(folder, 'unkey.sqlite');
  heard = [];
  writing = openSqliteStorage({ file, onCommit: () => {}, announcesCommits: false });
  commandLine = openSqliteStorage({ file, onCommit: () => {} });
  hot = openHotStorage({
    file,
    onCommit: (tags) => void heard.push(tags && [...tags]),
    spendCredits: writing.spendCredits,
    check: () => {},
  });
});
afterEach(async () => {
  for (const storage of [hot, commandLine, writing]) await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('a lookup sees the last commit of the writing thread, which announces nothing', async () => {
  hot.pollChanges();
  await nextTurn();
  await writing.write((store) => store.apis.create('ws_1', apiOf()));
  await writing.write((store) => store.keys.create('ws_1', keyOf({ id: 'key_1' })));
  hot.pollChanges();
  expect(heard).toEqual([]);
  expect(await hot.findVerifiableKey('hash-of-key_1')).toMatchObject({ id: 'key_1' });
});

test('a commit of the command line is known at the next poll, also behind one of the writing thread', async () => {
  hot.pollChanges();
  await nextTurn();
  await commandLine.write((store) => store.keys.create('ws_1', keyOf({ id: 'key_1' })));
  await writing.write((store) => store.keys.create('ws_1', keyOf({ id: 'key_2' })));
  hot.pollChanges();
  expect(heard).toEqual([null]);
  await nextTurn();
  hot.pollChanges();
  expect(heard).toEqual([null]);
});

test('a transaction that is rolled back announces nothing', async () => {
  await nextTurn();
  const failing = commandLine.write(async (store) => {
    await store.keys.create('ws_1', keyOf({ id: 'key_1' }));
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  hot.pollChanges();
  expect(heard).toEqual([]);
});

test('closing it again changes nothing', async () => {
  await hot.close();
  await hot.close();
  expect(() => hot.findVerifiableKey('hash-of-key_1')).toThrow();
});
