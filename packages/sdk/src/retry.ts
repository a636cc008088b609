import { APIError, ConnectionError, type UnkeyError } from './errors.ts';
import { retryAfterMs } from './rate-limit.ts';

/** When and how often a call is tried again. Pauses are random between 0 and `initialIntervalMs × exponent^n`. */
export interface RetryOptions {
  /** Attempts in all. Default 3. */
  maxAttempts?: number | undefined;
  /** Most milliseconds of the first pause. Default 200. */
  initialIntervalMs?: number | undefined;
  /** Most milliseconds of any pause; a `Retry-After` of the service is obeyed as it is. Default 2,000. */
  maxIntervalMs?: number | undefined;
  /** What the longest pause is multiplied with from one to the next. Default 2. */
  exponent?: number | undefined;
  /** No attempt starts later than this, in milliseconds since the first. Default: `timeoutMs` alone decides. */
  maxElapsedMs?: number | undefined;
  /** Whether to try again when the connection failed. Default true. */
  retryConnectionErrors?: boolean | undefined;
  /** Statuses to try again at. Default 408, 429 and '5XX'. */
  statusCodes?: readonly (number | '4XX' | '5XX')[] | undefined;
}

/** The call's options over the client's, member by member. */
export function retryPolicy(
  client: RetryOptions | false = {},
  call: RetryOptions | false = client,
): RetryOptions {
  return { ...client, ...(call || { maxAttempts: 1 }) };
}

/** A failed attempt. */
export interface Failure {
  readonly error: UnkeyError;
  /** Attempts made so far. */
  readonly attempt: number;
  /** Milliseconds since the first one began. */
  readonly elapsedMs: number;
  /** Milliseconds that are left of the call's deadline. */
  readonly remainingMs: number;
  /** Whether doing the work twice is harmless. */
  readonly isRepeatable: boolean;
}

/** How long to wait before the next attempt, in milliseconds; undefined: give up. */
export function pauseBeforeRetry(failure: Failure, policy: RetryOptions): number | undefined {
  const { error, attempt, isRepeatable, elapsedMs, remainingMs } = failure;
  const {
    maxAttempts = 3,
    initialIntervalMs = 200,
    maxIntervalMs = 2000,
    exponent = 2,
    maxElapsedMs = Number.POSITIVE_INFINITY,
  } = policy;
  const mayTry =
    attempt < maxAttempts && isWorthwhile(error, policy) && (isRepeatable || isUnprocessed(error));
  if (!mayTry) return undefined;
  const longest = Math.min(maxIntervalMs, initialIntervalMs * exponent ** (attempt - 1));
  const pause = askedPause(error) ?? Math.random() * longest;
  return pause < Math.min(remainingMs, maxElapsedMs - elapsedMs) ? pause : undefined;
}

function isWorthwhile(
  error: UnkeyError,
  { retryConnectionErrors = true, statusCodes = [408, 429, '5XX'] }: RetryOptions,
): boolean {
  if (error instanceof ConnectionError) return retryConnectionErrors;
  if (!(error instanceof APIError)) return false;
  const { status } = error;
  // 409 with a time to wait: the first call with this idempotency key is still running.
  if (status === 409) return askedPause(error) !== undefined;
  return statusCodes.some((code) =>
    typeof code === 'number' ? code === status : Number(code[0]) === Math.floor(status / 100),
  );
}

function askedPause({ headers }: UnkeyError): number | undefined {
  return headers && retryAfterMs(headers, Date.now());
}

// Refused or unknown hosts and proxies, in the words of Node, Bun and Deno. Browsers do not tell. Hosts can also become
// unreachable after the request was sent: `read EHOSTUNREACH`.
const refused =
  /^(?!.*(read|write) E).*(refused|ENOTFOUND|EAI_AGAIN|UNREACH|connect.timeout|dns error|Unable to connect)/i;

/** Whether the service certainly did nothing: it could not be reached, or refused before it looked. */
export function isUnprocessed({ status, message }: UnkeyError): boolean {
  return status === undefined ? refused.test(message) : [409, 429, 503].includes(status);
}
