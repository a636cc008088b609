import type { Hooks, RequestContext } from './hooks.ts';
import type { ClientOptions } from './options.ts';
import { environment, now, platform } from './platform.ts';

/** Hooks that log one line for each attempt; none if debugging is off. */
export function debugHooks(option: ClientOptions['debug']): Hooks[] {
  const logger = option ?? /^(1|true|on|yes)$/i.test(environment('UNKEY_DEBUG') ?? '');
  if (!logger) return [];
  const log = ({ method, operation, attempt, startedAt }: RequestContext, outcome: string) => {
    const durationMs = Math.round(now() - startedAt);
    const line = `unkey: ${method} /v2/${operation} ${outcome}, ${durationMs} ms, attempt ${attempt}`;
    // To stderr: the program's own output does not change.
    if (logger === true) platform.console.error(line);
    else logger.debug(line);
  };
  return [
    {
      afterResponse({ request, status, headers }) {
        log(request, `${status}, ${headers.get('x-request-id') ?? 'no request id'}`);
      },
      onError(error, request) {
        if (error.status === undefined) log(request, error.name);
      },
    },
  ];
}
