import type { HeadersLike } from './platform.ts';

/** How much of its limit the workspace has used: requests to the service, not limits of keys. */
export interface RateLimit {
  /** Requests that may be made in a window. */
  readonly limit: number;
  /** What is left of them. */
  readonly remaining: number;
  /** Milliseconds until the window is over. */
  readonly resetAfterMs: number;
}

/** From `RateLimit-*` headers; undefined without them. */
export function rateLimitOf(headers: HeadersLike): RateLimit | undefined {
  const read = (name: string) => Number.parseInt(headers.get(`ratelimit-${name}`) ?? '', 10);
  const limit = read('limit');
  return limit >= 0 ? { limit, remaining: read('remaining'), resetAfterMs: read('reset') * 1000 } : undefined;
}

/** Milliseconds that the service asks to wait: seconds or a date. undefined when it asks for nothing. */
export function retryAfterMs(headers: HeadersLike, now: number): number | undefined {
  const text = headers.get('retry-after') || 'never';
  const ms = Number(text) * 1000 || Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
