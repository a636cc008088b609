import type { ErrorCode } from '@unkey-ts/contract';
import { bodyBytesMax, type HttpResponse, type TransportFailure } from '../base/http-message.ts';
import { Refusal } from '../operations/refusal.ts';
import { respondRefusal } from './respond.ts';

const failures: Record<TransportFailure, readonly [ErrorCode, string, string]> = {
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
  headers_too_large: ['unkey/application/invalid_input', 'header', 'is too large'],
  malformed: ['unkey/application/invalid_input', 'request', 'is not well-formed HTTP/1.1'],
};

/** The response to a request that ended early, or exceeded a bound, before it was complete. */
export function transportFailure(
  kind: TransportFailure,
  requestId: string,
  accept: string | undefined,
): HttpResponse {
  const [code, location, message] = failures[kind];
  return respondRefusal(
    new Refusal(code, `The ${location} ${message}.`, [{ location, message }]),
    requestId,
    accept,
  );
}
