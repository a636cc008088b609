import Type from 'typebox';

/** The largest integer that JavaScript reads from JSON exactly: 2^53 − 1. */
export const integerMax = Number.MAX_SAFE_INTEGER;

interface Bounds {
  readonly description: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}

/** An integer in a request. Its default maximum is {@link integerMax}. */
export function wholeNumber(bounds: Bounds) {
  return Type.Integer({ format: 'int64', maximum: integerMax, ...bounds });
}

/** An integer in a response. It has no default bounds. */
export function wholeNumberOut(bounds: Bounds) {
  return Type.Integer({ format: 'int64', ...bounds });
}
