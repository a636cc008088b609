import type { ErrorCode } from '@unkey-ts/contract';
import { bodyBytesMax, type ReportFailure, type TransportFailure } from '../base/http-message.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { Refusal } from '../operations/refusal.ts';
import { respondToFault } from './fault.ts';
import { respondRefusal } from './respond.ts';

type ClientFailure = Exclude<TransportFailure, 'internal_error'>;

const failures: Record<ClientFailure, readonly [ErrorCode, location: string, message: string]> = {
  too_large: [
    'user/bad_request/request_body_too_large',
    'body',
    `is larger than ${bodyBytesMax} bytes, the maximum`,
  ],
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
  readonly metrics: Metrics;
}): ReportFailure {
  return (kind, accept, error) => {
    const requestId = ids.id('req');
    if (kind !== 'internal_error') {
      const [code, location, message] = failures[kind];
      const subject = location === 'header.expect' ? 'header Expect' : location;
      const refusal = new Refusal(code, `The ${subject} ${message}.`, [{ location, message }]);
      return respondRefusal(refusal, requestId, accept);
    }
    const response = respondToFault(log, error, { requestId, operation: 'transport', accept });
    metrics.observe('transport', String(response.status), 0);
    return response;
  };
}
