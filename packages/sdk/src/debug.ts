import type { RequestContext } from './hooks.ts';
import type { ClientOptions, DebugFields } from './options.ts';
import { environment, now, platform } from './platform.ts';

/** How an attempt ended. */
export type Outcome = Pick<DebugFields, 'status' | 'requestId' | 'error'>;

/** A function that logs one line for each attempt; undefined if debugging is off. */
export function debugLog(option: ClientOptions['debug']) {
  const logger = option ?? /^(1|true|on|yes)$/i.test(environment('UNKEY_DEBUG') ?? '');
  if (!logger) return undefined;
  return ({ method, operation, attempt, startedAt }: RequestContext, outcome: Outcome): void => {
    const durationMs = Math.round(now() - startedAt);
    const { error, status, requestId = 'no request id' } = outcome;
    const line = `unkey: ${method} /v2/${operation} ${error ?? `${status}, ${requestId}`}, ${durationMs} ms, attempt ${attempt}`;
    // To stderr: the program's own output does not change.
    if (logger === true) platform.console.error(line);
    else logger.debug(line, { operation, method, attempt, durationMs, ...outcome });
  };
}
