import type { Endpoint, HttpRequest, HttpResponse } from '../base/http-message.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { MaybePromise } from '../base/maybe-promise.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { respondToFault } from './fault.ts';

export interface GuardOptions {
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** An endpoint that never throws or rejects, and each of whose 5xx has a request id, a log line and a metric. */
export function guardEndpoint(endpoint: Endpoint, options: GuardOptions): Endpoint {
  const report = (response: HttpResponse) => reportFailure(endpoint, options, response);
  const fail = ({ headers }: HttpRequest, error: unknown) => {
    const requestId = options.ids.id('req');
    const response = respondToFault(options.log, error, {
      requestId,
      operation: endpoint.path,
      accept: headers.accept,
    });
    options.metrics.observe(endpoint.path, String(response.status), 0);
    return response;
  };
  return {
    ...endpoint,
    handle(request): MaybePromise<HttpResponse> {
      try {
        const response = endpoint.handle(request);
        if (!(response instanceof Promise)) return report(response);
        return response.then(report).catch((error) => fail(request, error));
      } catch (error) {
        return fail(request, error);
      }
    },
  };
}

function reportFailure({ path }: Endpoint, { ids, log, metrics }: GuardOptions, response: HttpResponse) {
  const { status, headers } = response;
  if (status < 500) return response;
  const requestId = ids.id('req');
  log.warn({ requestId, operation: path, status }, 'request');
  metrics.observe(path, String(status), 0);
  return { ...response, headers: { ...headers, 'x-request-id': requestId } };
}
