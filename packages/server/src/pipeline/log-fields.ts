import type { HttpRequest } from '../base/http-message.ts';

/** What ties a log line to the caller's own logs and traces. */
export interface CallerFields {
  /** From `traceparent` (W3C Trace Context): the caller's trace, and the span that sent the request. */
  readonly traceId?: string;
  readonly spanId?: string;
  /** The caller's `X-Request-Id`. */
  readonly clientRequestId?: string;
}

// Later versions may append fields. Ids of zeros only are invalid, and version ff is reserved.
const traceparent = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/;
const requestIdMax = 128;

export function callerFields(headers: HttpRequest['headers']): CallerFields {
  const [, traceId, spanId] = traceparent.exec(headers.traceparent ?? '') ?? [];
  const requestId = headers['x-request-id'];
  return {
    ...(traceId !== undefined && spanId !== undefined && { traceId, spanId }),
    ...(requestId !== undefined && {
      clientRequestId: requestId.slice(0, requestIdMax).replace(unsafe, percentEncode),
    }),
  };
}

// Logs are read in terminals and pages, which interpret some characters.
const unsafe = /[^\w.:/+=@-]/g;

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
}
