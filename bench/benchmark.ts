/** One thing that is measured. `name` is what it is called by, and begins with its group: `client-size`. */
export interface Benchmark {
  readonly name: string;
  /** What the figures are, in a line. */
  readonly title: string;
  run(report: Report): Promise<void>;
}

/** Takes the figures as they come. */
export type Report = (figure: Figure) => void;

/** One line: a value, and what it is a multiple of. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** `B`, `ms`, `µs`, or nothing for a count. */
  readonly unit: string;
  /** Measured in the same run. Absent where the value is a baseline itself. */
  readonly baseline?: { readonly what: string; readonly value: number };
  /** Taken instead of value / baseline, where it was measured pair by pair. */
  readonly ratio?: number;
}

export function lineOf({ what, value, unit, baseline, ratio }: Figure): string {
  const start = `  ${what.padEnd(46)} ${`${formatted(value)} ${unit}`.trimEnd().padStart(14)}`;
  if (baseline === undefined) return start;
  const multiple = (ratio ?? value / baseline.value).toPrecision(3);
  return `${start}   ${multiple.padStart(7)} × ${baseline.what}`;
}

function formatted(value: number): string {
  const digits = Number.isInteger(value) ? 0 : value < 10 ? 2 : 1;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
