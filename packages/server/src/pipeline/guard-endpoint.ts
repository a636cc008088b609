import type { Endpoint, HttpRequest, HttpResponse } from '../base/http-message.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { MaybePromise } from '../base/maybe-promise.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { respondToFault } from './fault.ts';
import { callerFields } from './log-fields.ts';

export interface GuardOptions {
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** An endpoint that never throws or rejects, and each of whose 5xx has a request id, a log line and a metric. */
export function guardEndpoint(endpoint: Endpoint, options: GuardOptions): Endpoint {
  const report = (request: HttpRequest, response: HttpResponse) => {
    const { status, headers } = response;
    if (status < 500) return response;
    const requestId = options.ids.id('req');
    const fields = { requestId, operation: endpoint.path, status, ...callerFields(request.headers) };
    options.log.warn(fields, 'request');
    options.metrics.observe(endpoint.path, String(status), 0);
    return { ...response, headers: { ...headers, 'x-request-id': requestId } };
  };
  const fail = ({ headers }: HttpRequest, error: unknown) => {
    const requestId = options.ids.id('req');
    const response = respondToFault(options.log, error, {
      requestId,
      operation: endpoint.path,
      headers,
    });
    options.metrics.observe(endpoint.path, String(response.status), 0);
    return response;
  };
  return {
    ...endpoint,
    handle(request): MaybePromise<HttpResponse> {
      try {
        const response = endpoint.handle(request);
        if (!(response instanceof Promise)) return report(request, response);
        return response.then((late) => report(request, late)).catch((error) => fail(request, error));
      } catch (error) {
        return fail(request, error);
      }
    },
  };
}
