import type { RatelimitResult } from './ratelimit.ts';

/**
 * Headers for the response to the limited caller: `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset` in seconds
 * from now, and `Retry-After` after a denial.
 */
export function toHeaders(
  result: Pick<RatelimitResult, 'success' | 'limit' | 'remaining' | 'reset'>,
  now: number = Date.now(),
): Record<string, string> {
  const seconds = Math.max(0, Math.ceil((result.reset - now) / 1000));
  return {
    'RateLimit-Limit': String(result.limit),
    'RateLimit-Remaining': String(result.remaining),
    'RateLimit-Reset': String(seconds),
    // With 0 clients would retry in a loop.
    ...(!result.success && { 'Retry-After': String(Math.max(1, seconds)) }),
  };
}
