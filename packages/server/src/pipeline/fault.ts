import type { HttpRequest, HttpResponse } from '../base/http-message.ts';
import { errorFields, type Log } from '../base/log.ts';
import { CountersUnavailableError, IdempotencyShareError } from '../counters/port.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import { StorageUnavailableError } from '../storage/port/storage.ts';
import { callerFields } from './log-fields.ts';
import { respondRefusal } from './respond.ts';

/** Where a fault happened. */
export interface FaultPlace {
  readonly requestId: string;
  readonly operation: string;
  /** Of the request, as far as they were read. */
  readonly headers: HttpRequest['headers'];
}

/** Logs what was thrown, and makes the response: 429 or 503 if nothing was done, otherwise 500. */
export function respondToFault(
  log: Log,
  error: unknown,
  { requestId, operation, headers }: FaultPlace,
): HttpResponse {
  const { accept } = headers;
  // An outage of the counters is logged once, where it is noticed.
  if (error instanceof CountersUnavailableError) {
    return respondRefusal(refuseUnavailable(error.message), requestId, accept);
  }
  // Not 503: clients take that for an outage, and `onOutage: 'allow'` would let requests through.
  if (error instanceof IdempotencyShareError) {
    const code = 'user/too_many_requests/workspace_rate_limited';
    const refusal = new Refusal(code, error.message, [], { 'retry-after': '60' });
    return respondRefusal(refusal, requestId, accept);
  }
  log.error({ requestId, operation, ...callerFields(headers), ...errorFields(error) }, 'request failed');
  if (error instanceof StorageUnavailableError) {
    // 503 says that nothing was done, and clients may retry.
    const refusal = error.mayBeDone
      ? refuse('unkey/application/unexpected_error', error.message)
      : refuseUnavailable(error.message);
    return respondRefusal(refusal, requestId, accept);
  }
  const detail = `Internal error. Quote the request id ${requestId} when you report it.`;
  return respondRefusal(refuse('unkey/application/unexpected_error', detail), requestId, accept);
}

function refuseUnavailable(detail: string): Refusal {
  return new Refusal('unkey/application/service_unavailable', detail, [], { 'retry-after': '1' });
}
