import { expect, test } from 'vitest';
import { oldKeyExpiry } from './reroll.ts';

const fullMinute = 1_700_000_040_000;

test('without a delay the old key expires now, to the millisecond', () => {
  expect(oldKeyExpiry(fullMinute + 123, 0)).toBe(fullMinute + 123);
});

test('with a delay the old key expires at the next full minute', () => {
  expect(oldKeyExpiry(fullMinute, 1)).toBe(fullMinute + 60_000);
  expect(oldKeyExpiry(fullMinute, 60_001)).toBe(fullMinute + 120_000);
});

test('an exact minute stays as it is', () => {
  expect(oldKeyExpiry(fullMinute, 60_000)).toBe(fullMinute + 60_000);
  expect(oldKeyExpiry(fullMinute + 1, 59_999)).toBe(fullMinute + 60_000);
});
