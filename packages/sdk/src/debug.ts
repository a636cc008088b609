import type { Hooks, RequestContext } from './hooks.ts';
import type { ClientOptions } from './options.ts';
import { environment, now, platform } from './platform.ts';

/** Hooks that log one line for each attempt; none if debugging is off. */
export function debugHooks(option: ClientOptions['debug']): Hooks[] {
  const logger = option ?? /^(1|true|on|yes)$/i.test(environment('UNKEY_DEBUG') ?? '');
  if (!logger) return [];
  // To stderr: the program's own output does not change.
  const write = (line: string) => (logger === true ? platform.console.error(line) : logger.debug(line));
  const startedAt = new WeakMap<RequestContext, number>();
  const log = (request: RequestContext, outcome: string) => {
    const endedAt = now();
    const milliseconds = Math.round(endedAt - (startedAt.get(request) ?? endedAt));
    const { method, operation, attempt } = request;
    write(`unkey: ${method} /v2/${operation} ${outcome}, ${milliseconds} ms, attempt ${attempt}`);
  };
  return [
    {
      beforeRequest(request) {
        startedAt.set(request, now());
      },
      afterResponse({ request, status, headers }) {
        log(request, `${status}, ${headers.get('x-request-id') ?? 'no request id'}`);
      },
      onError(error, request) {
        if (error.status === undefined) log(request, error.name);
      },
    },
  ];
}
