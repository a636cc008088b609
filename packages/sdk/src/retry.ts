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

export type RetryPolicy = { readonly [Name in keyof RetryOptions]-?: Exclude<RetryOptions[Name], undefined> };

/** The call's options over the client's, member by member. */
export function retryPolicy(
  client: RetryOptions | false = {},
  call: RetryOptions | false = client,
): RetryPolicy {
  const {
    maxAttempts = 3,
    initialIntervalMs = 200,
    maxIntervalMs = 2000,
    exponent = 2,
    maxElapsedMs = Number.POSITIVE_INFINITY,
    retryConnectionErrors = true,
    statusCodes = [408, 429, '5XX'],
  } = { ...client, ...(call || { maxAttempts: 1 }) };
  return {
    maxAttempts,
    initialIntervalMs,
    maxIntervalMs,
    exponent,
    maxElapsedMs,
    retryConnectionErrors,
    statusCodes,
  };
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
export function pauseBeforeRetry(failure: Failure, policy: RetryPolicy): number | undefined {
  const { error, attempt } = failure;
  if (attempt >= policy.maxAttempts || !isWorthwhile(error, policy)) return undefined;
  if (!failure.isRepeatable && !isUnprocessed(error)) return undefined;
  const longest = Math.min(policy.maxIntervalMs, policy.initialIntervalMs * policy.exponent ** (attempt - 1));
  const pause = askedPause(error) ?? Math.random() * longest;
  const left = Math.min(failure.remainingMs, policy.maxElapsedMs - failure.elapsedMs);
  return pause < left ? pause : undefined;
}

function isWorthwhile(error: UnkeyError, policy: RetryPolicy): boolean {
  if (error instanceof ConnectionError) return policy.retryConnectionErrors;
  if (!(error instanceof APIError)) return false;
  const { status } = error;
  // 409 with a time to wait: the first call with this idempotency key is still running.
  if (status === 409) return askedPause(error) !== undefined;
  return policy.statusCodes.some((code) =>
    typeof code === 'number' ? code === status : Number(code[0]) === Math.floor(status / 100),
  );
}

function askedPause({ headers }: UnkeyError): number | undefined {
  return headers && retryAfterMs(headers, Date.now());
}

// Refused or unknown hosts and proxies, in the words of Node, Bun and Deno. Browsers do not tell.
const refused = /refused|ENOTFOUND|EAI_AGAIN|UNREACH|CONNECT_TIMEOUT|dns error|Unable to connect/i;

/** Whether the service certainly did nothing: it could not be reached, or refused before it looked. */
export function isUnprocessed(error: UnkeyError): boolean {
  if (error.status !== undefined) return error.status === 429 || error.status === 503 || error.status === 409;
  for (
    let cause: unknown = error.cause;
    typeof cause === 'object' && cause !== null;
    cause = (cause as Error).cause
  ) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    if (refused.test(`${String(code)} ${String(message)}`)) return true;
  }
  return false;
}
