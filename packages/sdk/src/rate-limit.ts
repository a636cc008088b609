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
  const read = (name: string) => Number.parseInt(headers.get(`ratelimit-${name}`) ?? '', 10);
  const limit = read('limit');
  return limit >= 0 ? { limit, remaining: read('remaining'), resetAfterMs: read('reset') * 1000 } : undefined;
}

/** Reads `Retry-After-Ms` or `Retry-After`, seconds or a date, as milliseconds from now; undefined without them. */
export function retryAfterMs(headers: HeadersLike, now: number): number | undefined {
  const exactMs = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  // Of two headers, which some transports join with a comma, the first. A date has a comma of its own.
  const [text = 'none'] = /^([a-z]+, )?[^,]+/i.exec(headers.get('retry-after') ?? '') ?? [];
  const ms = exactMs >= 0 ? exactMs : Number(text) * 1000 || Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
