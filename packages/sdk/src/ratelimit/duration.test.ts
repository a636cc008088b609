import { expect, test } from 'vitest';
import { ConfigurationError } from '../errors.ts';
import { type Duration, parseDuration } from './duration.ts';

test.each<[Duration, number]>([
  [1000, 1000],
  [60_000, 60_000],
  ['1000ms', 1000],
  ['1s', 1000],
  ['30 s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['30d', 2_592_000_000],
])('%j is %i ms', (duration, milliseconds) => {
  expect(parseDuration(duration)).toBe(milliseconds);
});

test.each<Duration>([
  '1.5s',
  '-1s',
  '1e3ms',
  '0s',
  '10  s',
  '999ms',
  '99999999999999999999d',
  999,
  0,
  -1000,
  1000.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
])('%j is no duration', (duration) => {
  expect(() => parseDuration(duration)).toThrow(ConfigurationError);
});

test('a duration that does not compile is refused at run time, too', () => {
  // @ts-expect-error there are no weeks
  expect(() => parseDuration('1w')).toThrow(ConfigurationError);
  // @ts-expect-error units are lower case
  expect(() => parseDuration('10S')).toThrow(ConfigurationError);
  // @ts-expect-error a number is milliseconds, a string has a unit
  expect(() => parseDuration('1000')).toThrow(ConfigurationError);
  // @ts-expect-error it is required
  expect(() => parseDuration(undefined)).toThrow(/undefined/);
});
