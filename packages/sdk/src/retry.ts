import { ConnectionError, type UnkeyError } from './errors.ts';

/** When and how often a call is retried. Pauses are random between 0 and `initialIntervalMs × exponent^n`. */
export interface RetryOptions {
  /**
   * Total attempts. Default: 3; as many as fit before the deadline if the service certainly did not process the request
   * (no connection, or its own 503), and as many as fit in `maxElapsedMs` if that is set.
   */
  maxAttempts?: number | undefined;
  /** Upper bound of the first pause in milliseconds. Default 200. */
  initialIntervalMs?: number | undefined;
  /** Upper bound of every pause in milliseconds, except for a `Retry-After` of the service. Default 2,000. */
  maxIntervalMs?: number | undefined;
  /** Factor by which the upper bound grows with each pause. Default 2. */
  exponent?: number | undefined;
  /** No attempt starts later than this, in milliseconds since the first one. Default: no bound besides `timeoutMs`. */
  maxElapsedMs?: number | undefined;
  /** Whether to retry after connection errors. Default true. */
  retryConnectionErrors?: boolean | undefined;
  /** Statuses that are retried. Default 408, 429 and '5XX'. */
  statusCodes?: readonly (number | '4XX' | '5XX')[] | undefined;
}

/**
 * The pause before the next attempt in milliseconds; undefined: do not retry. `isRepeatable`: whether a repeated request
 * changes nothing more. `leftMs`: milliseconds in which an attempt can start; Infinity without a bound.
 */
export function pauseBeforeRetry(
  error: UnkeyError,
  policy: RetryOptions,
  isRepeatable: boolean,
  leftMs: number,
): number | undefined {
  const { attempts, status, retryable, retryAfterMs, rateLimit } = error;
  const {
    initialIntervalMs = 200,
    maxIntervalMs = 2000,
    exponent = 2,
    maxElapsedMs,
    maxAttempts,
    retryConnectionErrors = true,
    statusCodes = [408, 429, '5XX'],
  } = policy;
  const requestedMs = retryAfterMs ?? (status === 429 ? rateLimit?.resetAfterMs : undefined);
  const isRetryable =
    error instanceof ConnectionError
      ? retryConnectionErrors && retryable
      : // 409 with Retry-After: the first call with this idempotency key is still running.
        status === 409
        ? requestedMs !== undefined
        : statusCodes.some((code) => String(status).startsWith(String(code).replace('XX', '')));
  const isUndone = isUnprocessed(error);
  // Not after a 429: more attempts would use up more of the limit.
  const isOutage = isUndone && (status ?? 503) === 503;
  // Attempts until about the end, and never a busy loop.
  const isUnbounded =
    maxAttempts === undefined && leftMs < Infinity && (isOutage || maxElapsedMs !== undefined);
  const hasAttempts = isUnbounded ? leftMs > 50 : attempts < (maxAttempts ?? 3);
  if (!isRetryable || !(isRepeatable || isUndone) || !hasAttempts) return undefined;
  const longestMs = Math.min(maxIntervalMs, initialIntervalMs * exponent ** (attempts - 1));
  const boundMs = isUnbounded ? Math.min(Math.max(longestMs, attempts < 3 ? 0 : 100), leftMs / 2) : longestMs;
  const pauseMs = requestedMs ?? Math.random() * boundMs;
  return pauseMs < leftMs ? pauseMs : undefined;
}

// Messages of Node, Bun and Deno for hosts that refuse or cannot be found. Browsers give no reason. `read EHOSTUNREACH`
// is excluded: the host became unreachable after the request was sent.
const refused =
  /^(?!.*(read|write) E).*(refused|ENOTFOUND|EAI_AGAIN|UNREACH|connect.timeout|dns error|Unable to connect)/i;

/** Whether the service certainly did not process the request: no connection, or refused before any work. */
export function isUnprocessed({ status, message, foreign }: UnkeyError): boolean {
  // A proxy's own 503 can follow a request that the service has processed.
  return status === undefined ? refused.test(message) : !foreign && [409, 429, 503].includes(status);
}
