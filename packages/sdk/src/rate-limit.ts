import type { HeadersLike } from './platform.ts';

/** The workspace's own rate limit: for requests to the service, not for keys. */
export interface RateLimit {
  /** Requests per window. */
  readonly limit: number;
  /** Requests left in this window. */
  readonly remaining: number;
  /** Milliseconds until the window ends. */
  readonly resetAfterMs: number;
}

/** Reads the `RateLimit-*` headers; undefined without them. */
export function rateLimitOf(headers: HeadersLike): RateLimit | undefined {
  const read = (name: string) => numberOf(headers, `ratelimit-${name}`);
  const limit = read('limit');
  return limit >= 0 ? { limit, remaining: read('remaining'), resetAfterMs: read('reset') * 1000 } : undefined;
}

/** Reads `Retry-After-Ms` or `Retry-After`, seconds or a date, as milliseconds from now; undefined without them. */
export function retryAfterMs(headers: HeadersLike, now: number): number | undefined {
  // Of two dates, which some transports join with a comma, the first. A date has a comma of its own.
  const date = headers.get('retry-after')?.split(',', 2).join() ?? '';
  return [
    numberOf(headers, `retry-after-ms`),
    numberOf(headers, 'retry-after') * 1000,
    Date.parse(date) - now,
  ]
    .map((ms) => Math.max(0, ms))
    .find((ms) => ms >= 0);
}

/** The number with which a header begins; NaN without one. */
export function numberOf(headers: HeadersLike, name: string): number {
  return Number.parseFloat(headers.get(name) ?? '');
}
