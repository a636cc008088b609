import { andThen, type MaybePromise } from '../base/maybe-promise.ts';
import type { Counters } from '../counters/port.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import type { Workspace } from '../storage/port/records.ts';

const windowMs = 60_000;
const code = 'user/too_many_requests/workspace_rate_limited';

/** Headers for every response of a limited workspace, or the refusal when it has used its requests of this minute. */
export function limitWorkspace(
  workspace: Workspace,
  counters: Counters,
  now: number,
): MaybePromise<Readonly<Record<string, string>> | Refusal | null> {
  const limit = workspace.requestsPerMinute;
  if (limit === null) return null;
  const detail = `The workspace has used its limit of ${limit} requests per minute. Try again later.`;
  if (limit === 0) return refuse(code, detail);
  const counted = counters.consume(
    workspace.id,
    [{ counter: `workspace\n${workspace.id}`, limit, durationMs: windowMs, cost: 1 }],
    now,
  );
  return andThen(counted, ({ passed, results }) => {
    const seconds = String(Math.max(0, Math.ceil(((results[0]?.resetAt ?? now) - now) / 1000)));
    const headers = {
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(results[0]?.remaining ?? 0),
      'ratelimit-reset': seconds,
    };
    return passed ? headers : new Refusal(code, detail, [], { ...headers, 'retry-after': seconds });
  });
}
