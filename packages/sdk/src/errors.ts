import type { HeadersLike } from './platform.ts';
import { type RateLimit, rateLimitOf } from './rate-limit.ts';

// One for all copies of this package in a process: ESM beside CommonJS, two versions in one tree.
const brand = Symbol.for('unkey-ts.error');

/** A place of the request that is wrong. */
export interface Issue {
  /** `body.ratelimits[0].limit`, `header.authorization`. */
  location: string;
  message: string;
  /** What to do about it. */
  fix?: string;
}

/** On the prototype, as the language's own errors have it: there it also says of which class an error is. */
export function nameErrors(prototype: UnkeyError, name: string): void {
  Object.defineProperty(prototype, 'name', { value: name });
}

export interface Details {
  readonly cause?: unknown;
  readonly retryable?: boolean;
  /** The answer, if one came. */
  readonly status?: number;
  readonly headers?: HeadersLike;
  readonly body?: string;
  readonly data?: unknown;
  readonly errors?: readonly Issue[];
}

/**
 * Everything that a call can fail with. What a failure does not have (a status, when no answer came) is undefined.
 * `instanceof` works across copies of the package.
 */
export class UnkeyError extends Error {
  /** HTTP status of the answer. */
  declare readonly status: number | undefined;
  /** The last part of `type`, which programs compare: `key_not_found`. */
  declare readonly code: string | undefined;
  /** The error's name as a URL: `https://unkey.com/docs/errors/unkey/data/key_not_found`. */
  declare readonly type: string | undefined;
  /** Names the request in the service's log. */
  declare readonly requestId: string | undefined;
  /** The operation that was called, `keys.verifyKey`. */
  declare readonly operation: string | undefined;
  /** How many attempts were made. */
  declare readonly attempts: number;
  /** Whether the same call may succeed later: no connection, a deadline, 408, 429, 5xx. */
  declare readonly retryable: boolean;
  /** Places of the request that are wrong, on a 400. */
  declare readonly errors: readonly Issue[];
  // Hidden: an answer from elsewhere may repeat a key, and printing an error must not.
  readonly #answer: Details;

  constructor(message: string, details: Details = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    const { meta, error } = (details.data ?? {}) as ErrorBody;
    const type = textOf(error?.type);
    this.#answer = details;
    Object.assign(this, {
      status: details.status,
      code: type?.slice(type.lastIndexOf('/') + 1),
      type,
      requestId: textOf(meta?.requestId) ?? details.headers?.get('x-request-id') ?? undefined,
      operation: undefined,
      attempts: 0,
      retryable: details.retryable ?? false,
      errors: details.errors ?? [],
    });
  }

  /** The same as `status`. */
  get statusCode(): number | undefined {
    return this.status;
  }

  /** Headers of the answer. */
  get headers(): HeadersLike | undefined {
    return this.#answer.headers;
  }

  /** The answer's body as it came. */
  get body(): string | undefined {
    return this.#answer.body;
  }

  /** The answer's body, parsed: `{ meta, error }`; undefined if it was not JSON. */
  get data(): ErrorBody | undefined {
    return this.#answer.data as ErrorBody | undefined;
  }

  /** `data.error`; empty if it has none. */
  get error(): NonNullable<ErrorBody['error']> {
    return this.data?.error ?? {};
  }

  /** `data.meta`; empty if it has none. */
  get meta(): NonNullable<ErrorBody['meta']> {
    return this.data?.meta ?? {};
  }

  /** `meta` and `error`, as code for `@unkey/api` expects them. */
  get data$(): this {
    return this;
  }

  /** How much of its limit the workspace has used. */
  get rateLimit(): RateLimit | undefined {
    return this.headers && rateLimitOf(this.headers);
  }

  toJSON(): object {
    return { ...this, name: this.name, message: this.message };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!isUnkeyError(value)) return false;
    // biome-ignore lint/complexity/noThisInStatic: it is asked of the subclasses.
    const wanted = this.prototype;
    const name = Object.hasOwn(wanted, 'name') && wanted.name;
    for (let link: UnkeyError | null = value; link; link = Object.getPrototypeOf(link)) {
      if (link === wanted || (Object.hasOwn(link, 'name') && link.name === name)) return true;
    }
    return false;
  }

  static {
    nameErrors(UnkeyError.prototype, 'UnkeyError');
    Object.defineProperty(UnkeyError.prototype, brand, { value: true });
  }
}

/** The client cannot be made, or a call cannot be sent, as it was asked for. */
export class ConfigurationError extends UnkeyError {
  declare readonly name: 'ConfigurationError';
  static {
    nameErrors(ConfigurationError.prototype, 'ConfigurationError');
  }
}

/** No answer came, or only a part of one. `cause` is what the runtime said. */
export class ConnectionError extends UnkeyError {
  declare readonly name: 'ConnectionError';
  static {
    nameErrors(ConnectionError.prototype, 'ConnectionError');
  }
}

/** The call was not done within `timeoutMs`. */
export class TimeoutError extends UnkeyError {
  declare readonly name: 'TimeoutError';
  static {
    nameErrors(TimeoutError.prototype, 'TimeoutError');
  }
}

/** The call was ended by its `signal`, or by `close()`. `cause` is the signal's reason. */
export class AbortError extends UnkeyError {
  declare readonly name: 'AbortError';
  static {
    nameErrors(AbortError.prototype, 'AbortError');
  }
}

/** The answer is none of this API: not JSON, or a list that goes in circles. Mostly a proxy or a wrong `serverURL`. */
export class ResponseValidationError extends UnkeyError {
  declare readonly name: 'ResponseValidationError';
  static {
    nameErrors(ResponseValidationError.prototype, 'ResponseValidationError');
  }
}

/** The service answered with an error: mostly as one of the classes named after a status. */
export class APIError extends UnkeyError {
  declare readonly status: number;
  static {
    nameErrors(APIError.prototype, 'APIError');
  }
}

/** What an error's answer holds. Anything may be missing: it may have come from a proxy. */
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

/** Whether something is an error of this library, of whichever copy of it. */
export function isUnkeyError(value: unknown): value is UnkeyError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
}

/** Classes of their own for some statuses; without them every error status is an `APIError`. */
export type ErrorClasses = ReadonlyMap<number, typeof APIError> | undefined;

/** The error that an answer with an error status is. `secrets` are taken out of what it shows. */
export function apiError(
  details: Details & { readonly status: number },
  { secrets, classes }: { secrets: readonly string[]; classes: ErrorClasses },
): APIError {
  const { status, headers } = details;
  const { detail, title, errors } = (details.data as ErrorBody | undefined)?.error ?? {};
  const message = textOf(detail) ?? textOf(title) ?? foreignAnswer(status, headers);
  const Class = classes?.get(status) ?? APIError;
  const retryable = status === 408 || status === 429 || status >= 500;
  return new Class(redact(message, secrets), {
    ...details,
    retryable,
    errors: Array.isArray(errors) ? redactAll(errors, secrets) : [],
  });
}

/** Whatever answered, it was not the service. */
export function foreignAnswer(status: number, headers: HeadersLike | undefined): string {
  const contentType = headers?.get('content-type') ?? 'no content type';
  return `Not an answer of the API (${status || 'a redirect'}, ${contentType}): check serverURL.`;
}

function redactAll(issues: readonly Issue[], secrets: readonly string[]): Issue[] {
  return JSON.parse(JSON.stringify(issues), (_name, value: unknown) =>
    typeof value === 'string' ? redact(value, secrets) : value,
  );
}

export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => (secret ? left.replaceAll(secret, '[redacted]') : left), text);
}
