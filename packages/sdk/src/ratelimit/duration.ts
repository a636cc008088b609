import { ConfigurationError } from '../errors.ts';

/** A length of time: milliseconds as a number, or a whole number with its unit, `'30s'`, `'10 m'`. */
export type Duration = number | `${number}${'' | ' '}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const unitsInMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds: a whole number, at least 1000. */
export function parseDuration(duration: Duration): number {
  // The type cannot exclude '1.5s', '-1s' and '1e3s'.
  const [, digits = '', unit = ''] = /^(\d+) ?(ms|s|m|h|d)$/.exec(String(duration)) ?? [];
  const milliseconds = typeof duration === 'number' ? duration : Number(digits) * (unitsInMs[unit] ?? 0);
  if (Number.isSafeInteger(milliseconds) && milliseconds >= 1000) return milliseconds;
  throw new ConfigurationError(
    `The duration ${JSON.stringify(duration)} is none: give whole milliseconds, or a whole number with ms, s, m, h or d, and at least one second.`,
  );
}
