/** A benchmark. `name` selects it on the command line and begins with its group: `client-size`. */
export interface Benchmark {
  readonly name: string;
  /** Describes the figures in one line. */
  readonly title: string;
  run(report: Report): Promise<void>;
}

/** Receives each figure as soon as it is measured. */
export type Report = (figure: Figure) => void;

/** One line of output: a value and its baseline. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** `B`, `ms`, `µs`, or empty for a count. */
  readonly unit: string;
  /** Measured in the same run. Absent if the value is a baseline itself. */
  readonly baseline?: { readonly what: string; readonly value: number };
  /** Replaces value / baseline where the ratio was measured pair by pair. */
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
