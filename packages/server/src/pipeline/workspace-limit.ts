import { andThen, type MaybePromise } from '../base/maybe-promise.ts';
import type { Counters } from '../counters/port.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import type { Workspace } from '../storage/port/records.ts';

const windowMs = 60_000;
const code = 'user/too_many_requests/workspace_rate_limited';

/**
 * Verifications of unknown keys are counted apart: anyone can send made-up keys through a service that verifies them, and
 * must not use up the requests of keys that exist.
 */
export type LimitShare = 'all' | 'unknown keys';

/** Headers for every response of a limited workspace, or the refusal when it has used its requests of this minute. */
export function limitWorkspace(
  workspace: Workspace,
  share: LimitShare,
  counters: Counters,
  now: number,
): MaybePromise<Readonly<Record<string, string>> | Refusal | null> {
  const { id, requestsPerMinute } = workspace;
  if (requestsPerMinute === null) return null;
  const limit = share === 'all' ? requestsPerMinute : Math.ceil(requestsPerMinute / 2);
  const counted = share === 'all' ? 'requests' : 'verifications of unknown keys';
  const detail = `The workspace has used its limit of ${limit} ${counted} per minute. Try again later.`;
  if (limit === 0) return refuse(code, detail);
  const counter = share === 'all' ? `workspace\n${id}` : `unknown keys\n${id}`;
  const decided = counters.consume(id, [{ counter, limit, durationMs: windowMs, cost: 1 }], now);
  return andThen(decided, ({ passed, results }) => {
    const seconds = String(Math.max(0, Math.ceil(((results[0]?.resetAt ?? now) - now) / 1000)));
    const headers = {
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(results[0]?.remaining ?? 0),
      'ratelimit-reset': seconds,
    };
    return passed ? headers : new Refusal(code, detail, [], { ...headers, 'retry-after': seconds });
  });
}
