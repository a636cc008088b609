import type { ErrorCode } from './generated/error-codes.ts';
import type { HeadersLike, OwnResponse, ResponseLike } from './platform.ts';
import { type RateLimit, rateLimitOf, retryAfterMs } from './rate-limit.ts';

// Shared by all copies of this package in a process: ESM beside CommonJS, two versions in one tree.
const brand = Symbol.for('unkey-ts.error');

/** An invalid member of the request. */
export interface Issue {
  /** `body.ratelimits[0].limit`, `header.authorization`. */
  location: string;
  message: string;
  /** How to fix it. */
  fix?: string;
}

export interface Details {
  readonly cause?: unknown;
  readonly retryable?: boolean;
  /** The response, if there is one, and what has been read of it. */
  readonly response?: { readonly status?: number; readonly headers: HeadersLike };
  readonly status?: number;
  readonly headers?: HeadersLike;
  readonly body?: string;
  readonly data?: unknown;
  readonly errors?: readonly Issue[];
  /** Whether the response is not one of the service. */
  readonly foreign?: boolean;
}

/**
 * The base class of all errors of this library. Members that do not apply, such as a status without a response, are undefined.
 * `instanceof` works across copies of the package.
 */
export class UnkeyError extends Error {
  /** HTTP status of the response. */
  declare readonly status: number | undefined;
  /** The last part of `type`, for programs to compare: `key_not_found`. A newer service may have more. */
  declare readonly code: ErrorCode | (string & {}) | undefined;
  /** URL of the error's documentation: `https://unkey.com/docs/errors/unkey/data/key_not_found`. */
  declare readonly type: string | undefined;
  /** Id of the request in the service's log. */
  declare readonly requestId: string | undefined;
  /** Id of the operation that was called: `keys.verifyKey`. */
  declare readonly operation: string | undefined;
  /** Attempts that were made. */
  declare readonly attempts: number;
  /** Whether the same call may succeed later: no connection, a deadline, 408, 429, 5xx. */
  declare readonly retryable: boolean;
  /** Whether the response is not one of the service but of something before it, such as a proxy. */
  declare readonly foreign: boolean;
  /** Invalid members of the request, with a 400. */
  declare readonly errors: readonly Issue[];
  // Private: the response may contain a key, and printing an error must not show it.
  readonly #details: Details;

  constructor(message: string, details: Details = {}) {
    super(message, details);
    const { response, status = response?.status, foreign = false } = details;
    const { meta, error } = ((!foreign && details.data) || {}) as ErrorBody;
    const type = textOf(error?.type);
    this.#details = details;
    Object.assign(this, {
      status,
      code: type?.split('/').pop(),
      type,
      requestId: textOf(meta?.requestId) ?? this.headers?.get('x-request-id') ?? undefined,
      operation: undefined,
      attempts: 0,
      retryable:
        details.retryable ?? /^(408|429|[5-9]..|(Connection|Timeout)E.*)$/.test(String(status ?? this.name)),
      foreign,
      errors: details.errors ?? (Array.isArray(error?.errors) ? error.errors : []),
    });
  }

  /** The same as `status`. */
  get statusCode(): number | undefined {
    return this.status;
  }

  /** The response as `fetch` returned it, with its `url`, `status` and `headers`. Its body has been read: see `body`. */
  get response(): OwnResponse | undefined {
    return this.#details.response as OwnResponse | undefined;
  }

  /** Headers of the response. */
  get headers(): HeadersLike | undefined {
    return this.#details.headers ?? this.response?.headers;
  }

  /** Body of the response, as text. */
  get body(): string | undefined {
    return this.#details.body;
  }

  /** Body of the response, parsed: `{ meta, error }`; undefined if it is not a JSON object. */
  get data(): ErrorBody | undefined {
    const { data } = this.#details;
    return isObject(data) ? data : undefined;
  }

  /** `data.error`; an empty object if the response has none. */
  get error(): NonNullable<ErrorBody['error']> {
    return this.data?.error ?? {};
  }

  /** `data.meta`; an empty object if the response has none. */
  get meta(): NonNullable<ErrorBody['meta']> {
    return this.data?.meta ?? {};
  }

  /** `meta` and `error`, under the name that they have in `@unkey/api`. */
  get data$(): this {
    return this;
  }

  /** Milliseconds that the service asks to wait: `Retry-After-Ms` or `Retry-After`. */
  get retryAfterMs(): number | undefined {
    return this.headers && retryAfterMs(this.headers, Date.now());
  }

  /** The workspace's own rate limit. */
  get rateLimit(): RateLimit | undefined {
    return this.headers && rateLimitOf(this.headers);
  }

  toJSON(): object {
    return { ...this, name: this.name, message: this.message };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!isUnkeyError(value)) return false;
    // biome-ignore lint/complexity/noThisInStatic: called on the subclasses.
    const wanted = this.prototype;
    const name = Object.hasOwn(wanted, 'name') && wanted.name;
    for (let link: UnkeyError | null = value; link; link = Object.getPrototypeOf(link)) {
      if (link === wanted || (Object.hasOwn(link, 'name') && link.name === name)) return true;
    }
    return false;
  }
}

/** An option or an argument is invalid: the client is not created, or the call is not sent. */
export class ConfigurationError extends UnkeyError {
  declare readonly name: 'ConfigurationError';
}

/** There was no response, or only a part of one. `cause` is the runtime's error. */
export class ConnectionError extends UnkeyError {
  declare readonly name: 'ConnectionError';
}

/** The call took longer than `timeoutMs`. */
export class TimeoutError extends UnkeyError {
  declare readonly name: 'TimeoutError';
}

/** The call was aborted by its `signal` or by `close()`. `cause` is the signal's reason. */
export class AbortError extends UnkeyError {
  declare readonly name: 'AbortError';
}

/** The response is not one of this API, or a list has a cycle. Usual causes: a proxy, or a wrong `serverURL`. */
export class ResponseValidationError extends UnkeyError {
  declare readonly name: 'ResponseValidationError';
}

/** An error response. Most statuses have a class of their own. */
export class APIError extends UnkeyError {
  declare readonly status: number;
}

Object.defineProperty(UnkeyError.prototype, brand, { value: true });
nameErrors({
  UnkeyError,
  ConfigurationError,
  ConnectionError,
  TimeoutError,
  AbortError,
  ResponseValidationError,
  APIError,
});

/**
 * On the prototype, as in built-in errors; `instanceof` across copies compares these names. On the class, because some
 * loggers read that one, and minifiers change it.
 */
export function nameErrors(classes: Readonly<Record<string, { readonly prototype: UnkeyError }>>): void {
  for (const [value, Class] of Object.entries(classes)) {
    for (const owner of [Class, Class.prototype]) Object.defineProperty(owner, 'name', { value });
  }
}

/** Body of an error response. Every member can be missing: the response can be a proxy's. */
export interface ErrorBody {
  readonly meta?: { readonly requestId?: string };
  readonly error?: {
    readonly title?: string;
    readonly detail?: string;
    readonly status?: number;
    readonly type?: string;
    readonly errors?: readonly Issue[];
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether a value is an error of this library, of any copy of it. */
export function isUnkeyError(value: unknown): value is UnkeyError {
  return (value as { [brand]?: unknown } | null | undefined)?.[brand] === true;
}

/** The class of a status. */
export type ErrorClassFor = (status: number) => typeof APIError;

/** The error for a response that has an error status, or that is not one of the service. */
export function responseError(
  details: Details & { readonly response: ResponseLike },
  isOk: boolean,
  classFor: ErrorClassFor = () => APIError,
): UnkeyError {
  const { status, headers } = details.response;
  const { meta, error } = (details.data ?? {}) as ErrorBody;
  const foreign = isOk || !isObject(meta) || !isObject(error);
  const contentType = headers.get('content-type') ?? 'no content type';
  const message = `Not a response of the API (${status || 'a redirect'}, ${contentType}): check serverURL.`;
  const Class = isOk ? ResponseValidationError : foreign ? APIError : classFor(status);
  return new Class((!foreign && explanationOf(error)) || message, { ...details, foreign });
}

/** What the service says about an error. */
export function explanationOf({ detail, title }: NonNullable<ErrorBody['error']> = {}): string | undefined {
  return textOf(detail) ?? textOf(title);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Replaces secrets. Shorter ones are left: they would match parts of other words. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => (secret[7] ? left.replaceAll(secret, '[redacted]') : left), text);
}

/** Any thrown value as an `UnkeyError`. */
export function wrapError(prefix: string, cause: unknown, Class = UnkeyError): UnkeyError {
  return isUnkeyError(cause) ? cause : new Class(`${prefix}: ${messageOf(cause)}`, { cause });
}

/** The message of the innermost cause: `fetch failed` alone says too little. */
export function messageOf(thrown: unknown): string {
  const { message, code, cause } = (thrown ?? {}) as { message?: unknown; code?: unknown; cause?: unknown };
  return cause ? messageOf(cause) : String(message || code || thrown);
}
