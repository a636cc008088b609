import type { Hooks, RequestContext } from './hooks.ts';
import type { ClientOptions, DebugLogger } from './options.ts';
import { environment, platform } from './platform.ts';

/** Hooks that log one line for each attempt; none if debugging is off. */
export function debugHooks(option: ClientOptions['debug']): Hooks[] {
  const logger = loggerOf(option);
  if (logger === undefined) return [];
  const startedAt = new WeakMap<RequestContext, number>();
  const log = (request: RequestContext, outcome: string) => {
    const now = platform.performance.now();
    const milliseconds = Math.round(now - (startedAt.get(request) ?? now));
    const { method, operation, attempt } = request;
    logger.debug(`unkey: ${method} /v2/${operation} ${outcome}, ${milliseconds} ms, attempt ${attempt}`);
  };
  return [
    {
      beforeRequest(request) {
        startedAt.set(request, platform.performance.now());
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

function loggerOf(option: ClientOptions['debug']): DebugLogger | undefined {
  const chosen = option ?? /^(1|true|on|yes)$/i.test(environment('UNKEY_DEBUG') ?? '');
  if (typeof chosen === 'object') return chosen;
  // To stderr: the program's own output does not change.
  return chosen ? { debug: (message) => platform.console.error(message) } : undefined;
}
