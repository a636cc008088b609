import type { UnkeyError } from './errors.ts';
import type { HeadersLike, OwnResponse, ResponseLike } from './platform.ts';
import type { RateLimit } from './rate-limit.ts';

/** Information about the HTTP response. */
export interface ResponseInfo {
  readonly status: number;
  readonly headers: HeadersLike;
  /** The workspace's own rate limit; undefined if the service sends none. */
  readonly rateLimit: RateLimit | undefined;
  /** Attempts that were made, 1 without a retry. */
  readonly attempts: number;
}

/** The parsed body of a response, and information about the response. */
export interface ApiResponse<Value> {
  readonly value: Value;
  /** As `fetch` returned it. */
  readonly response: ResponseLike;
  readonly info: ResponseInfo;
}

/** The value of a call, or its error: `ok` says which. `Code`: the codes that the operation's errors can have. */
export type Result<Value, Code extends string = string> =
  | { readonly ok: true; readonly value: Value; readonly error?: undefined }
  | {
      readonly ok: false;
      readonly error: UnkeyError & { readonly code: Code | undefined };
      readonly value?: undefined;
    };

/** A running call: a promise of the response's body that also gives the response itself. */
export class Call<Value, Code extends string = string> implements Promise<Value> {
  readonly #apiResponse: Promise<ApiResponse<Value>>;

  constructor(apiResponse: Promise<ApiResponse<Value>>) {
    this.#apiResponse = apiResponse;
  }

  /** The body with a member `response`: status, headers, `rateLimit`, attempts. */
  async withResponse(): Promise<Value & { readonly response: ResponseInfo }> {
    const { value, info } = await this.#apiResponse;
    return Object.defineProperty(value as Value & { response: ResponseInfo }, 'response', {
      value: info,
    });
  }

  /** The response as `fetch` returned it, with its `url`, `status` and `headers`. Its body has been read. */
  async asResponse(): Promise<OwnResponse> {
    return (await this.#apiResponse).response as OwnResponse;
  }

  /** Never rejects: resolves to the value or to the error. */
  safe(): Promise<Result<Value, Code>> {
    type Settled = Result<Value, Code>;
    return this.then<Settled, Settled>(
      (value) => ({ ok: true, value }),
      // The code is the one that the operation declares.
      (error) => ({ ok: false, error }) as Settled,
    );
  }

  // biome-ignore lint/suspicious/noThenProperty: a Call is a promise.
  then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((error: UnkeyError) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#apiResponse.then(({ value }) => value).then(onFulfilled, onRejected);
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
