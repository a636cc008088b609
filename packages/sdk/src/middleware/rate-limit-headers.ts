import type { VerifyKeyData } from '../generated/api.ts';
import { toHeaders } from '../ratelimit/headers.ts';

/** Of the limit that says most: one that is exceeded, the least that remains, the longest to wait. */
export function rateLimitHeaders(
  { ratelimits = [] }: Pick<VerifyKeyData, 'ratelimits'>,
  now: number,
): Record<string, string> {
  const [limit] = [...ratelimits].sort(
    (a, b) => Number(b.exceeded) - Number(a.exceeded) || a.remaining - b.remaining || b.reset - a.reset,
  );
  return limit ? toHeaders({ ...limit, success: !limit.exceeded }, now) : {};
}
