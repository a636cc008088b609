import { ConfigurationError } from '../errors.ts';

/** A duration: milliseconds as a number, or an integer with its unit: `'30s'`, `'10 m'`. */
export type Duration = number | `${number}${'' | ' '}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const unitsInMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Parses a duration to milliseconds: an integer of at least 1000. */
export function parseDuration(duration: Duration): number {
  // The type accepts '1.5s', '-1s' and '1e3s'.
  const [, digits = '', unit = ''] = /^(\d+) ?(ms|s|m|h|d)$/.exec(String(duration)) ?? [];
  const milliseconds = typeof duration === 'number' ? duration : Number(digits) * (unitsInMs[unit] ?? 0);
  if (Number.isSafeInteger(milliseconds) && milliseconds >= 1000) return milliseconds;
  throw new ConfigurationError(
    `Invalid duration ${JSON.stringify(duration)}: expected milliseconds or e.g. "30s" (ms, s, m, h, d), at least one second.`,
  );
}
