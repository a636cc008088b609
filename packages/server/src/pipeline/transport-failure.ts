import type { ErrorCode } from '@unkey-ts/contract';
import type { HttpResponse, ReportFailure, TransportFailure } from '../base/http-message.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { Refusal } from '../operations/refusal.ts';
import { respondToFault } from './fault.ts';
import { respondRefusal } from './respond.ts';

type ClientFailure = Exclude<TransportFailure, 'internal_error' | 'overloaded'>;

const failures: Record<ClientFailure, readonly [ErrorCode, location: string, message: string]> = {
  too_large: ['user/bad_request/request_body_too_large', 'body', 'is larger than the maximum'],
  read_timeout: [
    'user/bad_request/request_timeout',
    'body',
    'did not arrive completely in time; send the request again',
  ],
  unreadable: ['user/bad_request/request_body_unreadable', 'body', 'could not be read to its end'],
  headers_too_large: [
    'user/bad_request/headers_too_large',
    'headers',
    'are larger than 65536 bytes, the maximum',
  ],
  expectation_failed: [
    'user/bad_request/expectation_failed',
    'header.expect',
    'must be `100-continue`, or absent',
  ],
  malformed: ['unkey/application/invalid_input', 'request', 'is not well-formed HTTP/1.1'],
};

/** Makes the responses to requests that never reach the pipeline, or whose response never leaves it. */
export function createFailureReport({
  ids,
  log,
  metrics,
}: {
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'observe'>;
}): ReportFailure {
  const count = (response: HttpResponse) => {
    metrics.observe('transport', String(response.status), 0);
    return response;
  };
  return (kind, { accept, error, maxBytes } = {}) => {
    const requestId = ids.id('req');
    const operation = 'transport';
    if (kind === 'internal_error')
      return count(respondToFault(log, error, { requestId, operation, headers: { accept } }));
    if (kind === 'overloaded') {
      log.warn({ requestId, operation, status: 429 }, 'bodies exceed their bound');
      return count(respondRefusal(overloaded, requestId, accept));
    }
    return respondRefusal(refusalOf(kind, maxBytes), requestId, accept);
  };
}

// Not 503, for the reason in fault.ts: strangers can send that many bodies.
const overloaded = new Refusal(
  'user/too_many_requests/workspace_rate_limited',
  'The service is receiving too many large requests. Send the request again later.',
  [],
  { 'retry-after': '1' },
);

function refusalOf(kind: ClientFailure, maxBytes: number | undefined): Refusal {
  const [code, location, rule] = failures[kind];
  const message =
    kind === 'too_large' && maxBytes !== undefined ? `is larger than ${maxBytes} bytes, the maximum` : rule;
  const subject = location === 'header.expect' ? 'header Expect' : location;
  return new Refusal(code, `The ${subject} ${message}.`, [{ location, message }]);
}
