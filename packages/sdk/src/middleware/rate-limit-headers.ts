import type { VerifyKeyData } from '../generated/api.ts';
import { toHeaders } from '../ratelimit/headers.ts';

/** Headers of the tightest limit: an exceeded one, then the fewest remaining, then the latest reset. */
export function rateLimitHeaders(
  { ratelimits = [] }: Pick<VerifyKeyData, 'ratelimits'>,
  now: number,
): Record<string, string> {
  const [limit] = [...ratelimits].sort(
    (a, b) => Number(b.exceeded) - Number(a.exceeded) || a.remaining - b.remaining || b.reset - a.reset,
  );
  return limit ? toHeaders({ ...limit, success: !limit.exceeded }, now) : {};
}
