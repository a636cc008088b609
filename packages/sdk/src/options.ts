import { ConfigurationError } from './errors.ts';
import type { Hooks } from './hooks.ts';
import { type AbortSignalLike, type Fetch, platform } from './platform.ts';
import type { RetryOptions } from './retry.ts';

/** Header name → value. `null` removes a header that would be sent otherwise. */
export type HeaderOptions = Readonly<Record<string, string | null | undefined>>;

interface SharedOptions {
  /**
   * Deadline of a call in milliseconds, including all attempts and pauses; after it, the call fails with `TimeoutError`.
   * Default: 10,000; 3,000 for `verifyKey`, `limit` and `multiLimit`. 0: no deadline.
   */
  timeoutMs?: number | undefined;
  /** When and how often to retry; `false`: never. Members that are left out keep their defaults. */
  retry?: RetryOptions | false | undefined;
  /** URL of the service, with its path prefix if it has one. */
  serverURL?: string | undefined;
  /** Headers for every request. They override the library's own. */
  headers?: HeaderOptions | undefined;
  /** Maximum size of a response's body in bytes, after decompression. Default: 33,554,432 (32 MiB). */
  maxResponseBytes?: number | undefined;
  /** Passed on to `fetch`: `dispatcher`, `keepalive`, `cf`, … */
  fetchOptions?: Readonly<Record<string, unknown>> | undefined;
}

/** Options of a single call. */
export interface CallOptions extends SharedOptions {
  /** Aborts the call, including its pauses, with `AbortError`. Works together with `timeoutMs`. */
  signal?: AbortSignalLike | null | undefined;
}

/** Options of a call that accepts an idempotency key. */
export interface IdempotentCallOptions extends CallOptions {
  /**
   * 1 to 255 printable ASCII characters, no spaces. The service processes the call once and repeats its first response:
   * for 24 hours after calls that create something or change it by an amount (generated for each call by default),
   * for 60 seconds after `verifyKey`, `limit` and `multiLimit` (sent only if you set it).
   */
  idempotencyKey?: string | undefined;
}

/** An attempt, for loggers that take fields. */
export interface DebugFields {
  readonly operation: string;
  readonly method: string;
  readonly attempt: number;
  readonly durationMs: number;
  /** Without a response: undefined. */
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** Without a response: the name of the error. */
  readonly error?: string;
}

/** Receives debug lines. `console` and the loggers of most libraries fit. */
export interface DebugLogger {
  debug(message: string, fields: DebugFields): void;
}

/** Options of `UnkeyCore`. */
export interface CoreOptions extends SharedOptions {
  /**
   * The root key, or a function that returns it and is called for every call. Default: the environment variable
   * `UNKEY_ROOT_KEY`; without both the first call rejects.
   */
  rootKey?: string | (() => string | Promise<string>) | undefined;
  /** URL of the service. Default: the environment variable `UNKEY_SERVER_URL`, else `https://api.unkey.com`. */
  serverURL?: string | undefined;
  /** Sends the requests. Default: the global `fetch`, looked up for every call. */
  fetch?: Fetch | undefined;
  /**
   * Whether the client may be created in a browser. Default: false, because whoever opens the page could read the root key.
   * True only if `rootKey` is a credential of your own proxy.
   */
  dangerouslyAllowBrowser?: boolean | undefined;
  /** Functions called for every attempt. */
  hooks?: Hooks | readonly Hooks[] | undefined;
}

/** Options of the client. */
export interface ClientOptions extends CoreOptions {
  /**
   * Logs one line for each attempt: method, path, status, duration, attempt, request id; never keys or bodies. `true`
   * logs to stderr. Default: off; on with `UNKEY_DEBUG=1`.
   */
  debug?: boolean | DebugLogger | undefined;
  /**
   * Whether `verifyKey`, `limit` and `multiLimit` carry a generated `Idempotency-Key`, so that they are retried safely
   * when the connection is lost. Default: false. The hosted service ignores the header.
   */
  spendOnce?: boolean | undefined;
}

/** URL of the hosted service. */
export const hostedURL = 'https://api.unkey.com';

/** The URL without trailing slashes. */
export function parseServerURL(url: string): string {
  // User and password would appear in errors and logs of the runtime, a query would take the path, and URL parsers read a
  // backslash as a slash.
  const isPlain = /^https?:\/\/[^/?#@\s\\]+(\/[^?#\s\\]*)?$/i.test(url);
  // Older browsers lack canParse.
  if (isPlain && (platform.URL.canParse?.(url) ?? true)) return url.replace(/\/+$/, '');
  throw new ConfigurationError('serverURL must be an http or https URL without user, query and fragment.');
}

/** The value of the Authorization header. */
export function parseRootKey(rootKey: unknown): string {
  if (!rootKey || typeof rootKey !== 'string') {
    throw new ConfigurationError('The root key is missing: set rootKey or UNKEY_ROOT_KEY.');
  }
  return checkHeader('rootKey', /^bearer /i.test(rootKey) ? rootKey : `Bearer ${rootKey}`);
}

/**
 * Returns the value. Checked here because runtimes put the whole header into their message, and report an invalid
 * header as a connection error.
 */
export function checkHeader(name: string, value: string): string {
  if (/^[!#-'*+.^`|~\w-]+\n[\t -~\x80-\xff]*$/.test(`${name}\n${value}`)) return value;
  throw new ConfigurationError(`Invalid ${name}: it has a character that no header can have.`);
}
