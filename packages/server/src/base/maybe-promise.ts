/** What is there at once, or is waited for. The verify and limit paths wait for nothing that they remember. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Goes on with the value: at once when it is there. */
export function andThen<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
