import { describe } from 'vitest';
import { changesConform } from './changes-conform.ts';
import { creditsConform } from './credits-conform.ts';
import { deletedRowsConform } from './deleted-rows-conform.ts';
import { idempotencyRecordsConform } from './idempotency-records-conform.ts';
import { isolationConforms } from './isolation-conforms.ts';
import { lookupsConform } from './lookups-conform.ts';
import type { OpenStorage } from './opened.ts';
import { pagesConform } from './pages-conform.ts';
import { transactionsConform } from './transactions-conform.ts';
import { valuesConform } from './values-conform.ts';

/** The behaviour of every storage, on any database. `open` returns an empty one at each call. */
export function storageConformance(name: string, open: OpenStorage): void {
  describe(name, () => {
    describe('values', () => valuesConform(open));
    describe('lookups', () => lookupsConform(open));
    describe('transactions of a workspace', () => transactionsConform(open));
    describe('transactions that run alone', () => transactionsConform(open, 'alone'));
    describe('credits', () => creditsConform(open));
    describe('pages and search', () => pagesConform(open));
    describe('workspaces', () => isolationConforms(open));
    describe('idempotency records', () => idempotencyRecordsConform(open));
    describe('deleted rows', () => deletedRowsConform(open));
    describe('changes', () => changesConform(open));
  });
}
