import type { UnkeyError } from './errors.ts';
import type { HeadersLike } from './platform.ts';
import type { RateLimit } from './rate-limit.ts';

/** What came with an answer. */
export interface ResponseInfo {
  readonly status: number;
  readonly headers: HeadersLike;
  /** How much of its limit the workspace has used; undefined if it has none. */
  readonly rateLimit: RateLimit | undefined;
  /** How many attempts it took. */
  readonly attempts: number;
}

/** An answer and what came with it. */
export interface Delivery<Value> {
  readonly value: Value;
  readonly response: ResponseInfo;
}

/** Success or failure as a value: `ok` tells which. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value; readonly error?: undefined }
  | { readonly ok: false; readonly error: UnkeyError; readonly value?: undefined };

/** A call that is under way: a promise of its answer, with other ways to look at it. */
export class Call<Value> implements Promise<Value> {
  readonly #delivery: Promise<Delivery<Value>>;

  constructor(delivery: Promise<Delivery<Value>>) {
    this.#delivery = delivery;
  }

  /** The answer with `response`: status, headers, `rateLimit`, attempts. */
  async withResponse(): Promise<Value & { readonly response: ResponseInfo }> {
    const { value, response } = await this.#delivery;
    return Object.defineProperty(value as Value & { response: ResponseInfo }, 'response', {
      value: response,
    });
  }

  /** Never rejects: failure is a value, too. */
  safe(): Promise<Result<Value>> {
    return this.then<Result<Value>, Result<Value>>(
      (value) => ({ ok: true, value }),
      (error: UnkeyError) => ({ ok: false, error }),
    );
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((error: UnkeyError) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#delivery.then(({ value }) => value).then(onFulfilled, onRejected);
  }

  catch<Rejected = never>(
    onRejected?: ((error: UnkeyError) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Value | Rejected> {
    return this.then(null, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<Value> {
    return this.then().finally(onFinally);
  }

  get [Symbol.toStringTag](): string {
    return 'Call';
  }
}
