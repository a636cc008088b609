import { UsageError } from './command-errors.ts';

/** Parses Unix milliseconds, an age (`30m`, `1h`, `7d`), or an ISO date or time. Default 0: everything. */
export function parseSince(
  text: string | undefined,
  { now, parseUnits }: { now: number; parseUnits(text: string): number | null },
): number {
  if (text === undefined) return 0;
  if (/^\d{5,}$/.test(text)) return Number(text);
  const age = parseUnits(text);
  if (age !== null) return now - age;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new UsageError(
    `--since must be a date, a time, an age or Unix milliseconds (is '${text}'), for example 2026-01-31, 2026-01-31T12:00:00Z or 1h.`,
  );
}
