/** The value of a call, or its error: `ok` says which. */
export type Result<Value, Failure = unknown> =
  | { ok: true; value: Value; error?: never }
  | { ok: false; value?: never; error: Failure };

/** What was sent and received. */
export type APICall =
  | { status: 'complete'; request: Request; response: Response }
  | { status: 'request-error'; request: Request; response?: undefined }
  | { status: 'invalid'; request?: undefined; response?: undefined };

/** A running call of a function: `$inspect()` also gives its request and response. */
export class APIPromise<Value> implements Promise<Value> {
  readonly #call: Promise<[Value, APICall]>;
  readonly [Symbol.toStringTag] = 'APIPromise';

  constructor(call: [Value, APICall] | Promise<[Value, APICall]>) {
    this.#call = Promise.resolve(call);
  }

  $inspect(): Promise<[Value, APICall]> {
    return this.#call;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#call.then(([value]) => value).then(onFulfilled, onRejected);
  }

  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Value | Rejected> {
    return this.then(null, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<Value> {
    return this.then().finally(onFinally);
  }
}

/** Requests the next page; null after the last one. */
export type Paginator<Value> = () => Promise<Value & { next: Paginator<Value> }> | null;

/** The first page of a list, and an async iterable of all pages. */
export type PageIterator<Value, State = unknown> = Value & {
  next: Paginator<Value>;
  [Symbol.asyncIterator]: () => AsyncIterableIterator<Value>;
  '~next'?: State | undefined;
};

/** The value of a result; throws its error. */
export function unwrap<Value>(result: Result<Value>): Value {
  if (!result.ok) throw result.error;
  return result.value;
}

export async function unwrapAsync<Value>(result: Promise<Result<Value>>): Promise<Value> {
  return unwrap(await result);
}
