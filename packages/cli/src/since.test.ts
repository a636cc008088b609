import { parseUnits } from '@unkey-ts/server';
import { expect, test } from 'vitest';
import { parseSince } from './since.ts';

const now = Date.UTC(2026, 0, 31, 12);

test.each([
  [undefined, 0],
  ['90s', now - 90_000],
  ['30m', now - 1_800_000],
  ['1h', now - 3_600_000],
  ['7d', now - 7 * 86_400_000],
  ['1769860800000', 1_769_860_800_000],
  ['2026-01-30', Date.UTC(2026, 0, 30)],
  ['2026-01-30T06:30:00Z', Date.UTC(2026, 0, 30, 6, 30)],
])('%s is a moment', (text, at) => {
  expect(parseSince(text, { now, parseUnits })).toBe(at);
});

test.each(['', 'yesterday', '1w', '-1h', '12', '2026-13-45'])('%j is refused', (text) => {
  expect(() => parseSince(text, { now, parseUnits })).toThrow(/--since/);
});
