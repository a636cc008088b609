import { expect, test } from 'vitest';
import type { Ratelimit } from '../storage/port/records.ts';
import { mergeRatelimits } from './merge-ratelimits.ts';

const requests: Ratelimit = {
  id: 'rl_1',
  name: 'requests',
  limit: 10,
  durationMs: 1000,
  isAutoApplied: false,
};
const tokens: Ratelimit = { id: 'rl_2', name: 'tokens', limit: 500, durationMs: 60_000, isAutoApplied: true };

function countIds(): () => string {
  let count = 0;
  return () => `rl_new${++count}`;
}

test('a limit of a stored name keeps its id and takes the wanted values', () => {
  const wanted = [{ name: 'requests', limit: 20, duration: 2000, autoApply: true }];
  expect(mergeRatelimits([requests], wanted, countIds())).toEqual([
    { id: 'rl_1', name: 'requests', limit: 20, durationMs: 2000, isAutoApplied: true },
  ]);
});

test('a limit of a new name gets a new id', () => {
  const wanted = [{ name: 'emails', limit: 5, duration: 1000, autoApply: false }];
  expect(mergeRatelimits([], wanted, countIds())).toEqual([
    { id: 'rl_new1', name: 'emails', limit: 5, durationMs: 1000, isAutoApplied: false },
  ]);
});

test('names that differ in case are two limits', () => {
  const wanted = [{ name: 'Requests', limit: 5, duration: 1000, autoApply: false }];
  expect(mergeRatelimits([requests], wanted, countIds()).map(({ id }) => id)).toEqual(['rl_new1']);
});

test('a stored limit that is not wanted is gone', () => {
  expect(mergeRatelimits([requests, tokens], [], countIds())).toEqual([]);
});

test('limits of one name collapse: the values of the last, the place and the one id of the first', () => {
  const wanted = [
    { name: 'emails', limit: 1, duration: 1000, autoApply: false },
    { name: 'tokens', limit: 2, duration: 2000, autoApply: false },
    { name: 'emails', limit: 3, duration: 3000, autoApply: true },
  ];
  expect(mergeRatelimits([tokens], wanted, countIds())).toEqual([
    { id: 'rl_new1', name: 'emails', limit: 3, durationMs: 3000, isAutoApplied: true },
    { id: 'rl_2', name: 'tokens', limit: 2, durationMs: 2000, isAutoApplied: false },
  ]);
});
