import Type from 'typebox';

/** The largest whole number that JSON carries through JavaScript unharmed: 2^53 − 1. */
export const integerMax = Number.MAX_SAFE_INTEGER;

interface Bounds {
  readonly description: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}

/** A whole number that a request carries. Without a bound of its own it ends at {@link integerMax}. */
export function wholeNumber(bounds: Bounds) {
  return Type.Integer({ format: 'int64', maximum: integerMax, ...bounds });
}

/** A whole number that an answer carries; only the bounds that are given hold. */
export function wholeNumberOut(bounds: Bounds) {
  return Type.Integer({ format: 'int64', ...bounds });
}
