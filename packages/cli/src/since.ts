import { UsageError } from './command-errors.ts';

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Unix milliseconds, an age (`30m`, `1h`, `7d`), or an ISO date or time; without one everything. */
export function parseSince(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  if (/^\d{5,}$/.test(text)) return Number(text);
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined && isUnit(unit)) return now - Number(count) * unitMs[unit];
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new UsageError(
    `--since is '${text}'; it must be like 2026-01-31, 2026-01-31T12:00:00Z, 1h or Unix milliseconds.`,
  );
}

function isUnit(unit: string | undefined): unit is keyof typeof unitMs {
  return unit !== undefined && Object.hasOwn(unitMs, unit);
}
