import { ConfigurationError } from './errors.ts';
import type { Hooks } from './hooks.ts';
import type { AbortSignalLike, Fetch } from './platform.ts';
import type { RetryOptions } from './retry.ts';

/** Header name → value. `null` takes away a header that would be sent otherwise. */
export type HeaderOptions = Readonly<Record<string, string | null | undefined>>;

interface SharedOptions {
  /**
   * Milliseconds that a call may take, all attempts and pauses included; then it fails with `TimeoutError`.
   * Default: 10,000; 3,000 for `verifyKey`, `limit` and `multiLimit`. 0: no deadline.
   */
  timeoutMs?: number | undefined;
  /** When and how often to try again; `false`: never. What is left out keeps its default. */
  retry?: RetryOptions | false | undefined;
  /** Where the service is, with a path prefix if it has one. */
  serverURL?: string | undefined;
  /** Headers for every request, over those of the library. */
  headers?: HeaderOptions | undefined;
  /** Passed to `fetch` as it is: `cache`, `dispatcher`, `keepalive`, `cf`, … */
  fetchOptions?: Readonly<Record<string, unknown>> | undefined;
}

/** Options of a single call. */
export interface CallOptions extends SharedOptions {
  /** Ends the call, its pauses included, with `AbortError`. Works together with `timeoutMs`. */
  signal?: AbortSignalLike | null | undefined;
}

/** Options of a call that the service can be told to answer once. */
export interface IdempotentCallOptions extends CallOptions {
  /**
   * 1 to 255 printable ASCII characters, no spaces. The service does the work once, and answers a repeated call with the first
   * answer: for 24 hours where something is created or changed by an amount (made up for each call unless you give
   * one), for 60 seconds for `verifyKey`, `limit` and `multiLimit` (only sent if you give one).
   */
  idempotencyKey?: string | undefined;
}

/** Where debug lines go. */
export interface DebugLogger {
  debug(message: string): void;
}

/** Options of `UnkeyCore`. */
export interface CoreOptions extends SharedOptions {
  /**
   * The root key, or a function that gives it and is asked at every call. Default: `UNKEY_ROOT_KEY` of the
   * environment; without either the constructor throws.
   */
  rootKey?: string | (() => string | Promise<string>) | undefined;
  /** Where the service is. Default: `UNKEY_SERVER_URL` of the environment, else `https://api.unkey.com`. */
  serverURL?: string | undefined;
  /** Sends the requests. Default: the platform's `fetch`, looked up at every call. */
  fetch?: Fetch | undefined;
  /** Called at every attempt. */
  hooks?: Hooks | readonly Hooks[] | undefined;
}

/** Options of the client. */
export interface ClientOptions extends CoreOptions {
  /**
   * One line for every attempt: method, path, status, duration, attempt, request id; never keys or bodies. `true`:
   * to the console's error stream. Default: off, or on with `UNKEY_DEBUG=1`.
   */
  debug?: boolean | DebugLogger | undefined;
}

/** The service run by Unkey. */
export const hostedURL = 'https://api.unkey.com';

/** Without the slashes at its end. */
export function parseServerURL(url: string): string {
  // A user and a password would end in errors and logs of the runtime; a query would swallow the path.
  if (/^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/i.test(url)) return url.replace(/\/+$/, '');
  throw new ConfigurationError('serverURL must be an http or https URL without user, query and fragment.');
}

/** The value of the Authorization header. */
export function parseRootKey(rootKey: unknown): string {
  if (typeof rootKey !== 'string' || rootKey === '') {
    throw new ConfigurationError('There is no root key: give the option rootKey, or set UNKEY_ROOT_KEY.');
  }
  return checkHeader('rootKey', /^bearer /i.test(rootKey) ? rootKey : `Bearer ${rootKey}`);
}

/**
 * The value. What is wrong is told by us, without it: runtimes put the whole header into their message, and it would
 * look like a service that is out of reach.
 */
export function checkHeader(name: string, value: string): string {
  if (/^[!#-'*+.^`|~\w-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new ConfigurationError(`'${name}' has a character that no header may have.`);
}
