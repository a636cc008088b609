import { expect, test } from 'vitest';
import { batchesOf, type Call } from './batches.ts';

const callOf = (count: number): Call => ({
  now: 0,
  checks: Array.from({ length: count }, (_, at) => ({
    counter: String(at),
    limit: 1,
    durationMs: 1,
    cost: 1,
  })),
});
const sizesOf = (counts: readonly number[]) =>
  batchesOf(counts.map(callOf)).map((calls) => calls.map(({ checks }) => checks.length));

test('a statement has at most 100 calls', () => {
  expect(sizesOf(Array<number>(250).fill(1)).map((calls) => calls.length)).toEqual([100, 100, 50]);
});

test('a statement has at most 1,000 checks, so that few locks are held at once', () => {
  expect(sizesOf([400, 600, 1, 999, 1])).toEqual([[400, 600], [1, 999], [1]]);
  expect(sizesOf(Array<number>(100).fill(100)).map((calls) => calls.length)).toEqual(Array(10).fill(10));
});

test('a call is not divided, however large', () => {
  expect(sizesOf([1, 2000, 1])).toEqual([[1], [2000], [1]]);
});

test('no call, no statement', () => expect(sizesOf([])).toEqual([]));
