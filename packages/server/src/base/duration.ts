/** Milliseconds of a number with a unit: `500ms`, `30s`, `5m`, `1h`, `7d`. null for any other text. */
export function parseUnits(text: string): number | null {
  const [, number, unit = ''] = /^(\d{1,10})(ms|s|m|h|d)$/.exec(text) ?? [];
  const milliseconds = Number(number) * (unitsMs[unit] ?? Number.NaN);
  return Number.isSafeInteger(milliseconds) ? milliseconds : null;
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: hourMs, d: dayMs };
