/** A value, or a promise of it. The verify and limit paths do not await what is cached. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Calls `next` with the value: synchronously when it is not a promise. */
export function andThen<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
