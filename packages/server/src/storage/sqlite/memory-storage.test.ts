import { describe, expect, test } from 'vitest';
import { creditsConform } from '../conformance/credits-conform.ts';
import { deletedRowsConform } from '../conformance/deleted-rows-conform.ts';
import { idempotencyRecordsConform } from '../conformance/idempotency-records-conform.ts';
import { isolationConforms } from '../conformance/isolation-conforms.ts';
import { lookupsConform } from '../conformance/lookups-conform.ts';
import type { OpenStorage } from '../conformance/opened.ts';
import { pagesConform } from '../conformance/pages-conform.ts';
import { apiOf, auditOf, keyOf } from '../conformance/samples.ts';
import { valuesConform } from '../conformance/values-conform.ts';
import { openMemoryStorage } from './memory-storage.ts';

/** Nothing else can open it. */
const open: OpenStorage = async (onCommit) => {
  const storage = openMemoryStorage({ onCommit });
  return { storage, openAnother: async () => storage, close: storage.close };
};

// Without what concerns several processes, and reads beside a write: all its work is done one after the other.
describe('values', () => valuesConform(open));
describe('lookups', () => lookupsConform(open));
describe('credits', () => creditsConform(open));
describe('pages and search', () => pagesConform(open));
describe('workspaces', () => isolationConforms(open));
describe('idempotency records', () => idempotencyRecordsConform(open));
describe('deleted rows', () => deletedRowsConform(open));

test('a copy has all rows, is apart from what it was made of, and goes on with its numbers', async () => {
  const first = openMemoryStorage({ onCommit: () => {} });
  await first.write(async (store) => {
    await store.apis.create('ws_1', apiOf({ id: 'api_1' }));
    await store.keys.create('ws_1', keyOf({ id: 'key_1', apiId: 'api_1' }));
    await store.audit.append([auditOf({ id: 'log_1' })]);
  });
  const second = openMemoryStorage({ onCommit: () => {}, copyOf: await first.copy() });
  await second.write((store) => store.keys.update('ws_1', 'key_1', { isEnabled: false }));
  await second.write((store) => store.audit.append([auditOf({ id: 'log_2' })]));

  expect(await first.findVerifiableKey('hash-of-key_1')).toMatchObject({ id: 'key_1', isEnabled: true });
  expect(await second.findVerifiableKey('hash-of-key_1')).toMatchObject({ id: 'key_1', isEnabled: false });
  const records = await second.read((store) => store.audit.list({ since: 0, limit: 10 }));
  expect(records.map(({ id }) => id)).toEqual(['log_1', 'log_2']);
  await first.close();
  await second.close();
});
