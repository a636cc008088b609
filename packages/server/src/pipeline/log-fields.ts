import type { HttpRequest } from '../base/http-message.ts';
import type { TraceIds } from '../events/port.ts';

/** What ties a log line to the caller's own logs and traces. */
export interface CallerFields extends Partial<TraceIds> {
  /** The caller's `X-Request-Id`. */
  readonly clientRequestId?: string;
}

// Later versions may append fields. Ids of zeros only are invalid, and version ff is reserved.
const pattern = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/;
const requestIdMax = 128;

export function callerFields(headers: HttpRequest['headers']): CallerFields {
  const requestId = headers['x-request-id'];
  return {
    ...traceOf(headers),
    ...(requestId !== undefined && {
      clientRequestId: requestId.slice(0, requestIdMax).replace(unsafe, percentEncode),
    }),
  };
}

/** Null: `traceparent` is missing or invalid. */
export function traceOf({ traceparent }: HttpRequest['headers']): TraceIds | null {
  if (traceparent === undefined) return null;
  const [, traceId, spanId] = pattern.exec(traceparent) ?? [];
  return traceId !== undefined && spanId !== undefined ? { traceId, spanId } : null;
}

// Logs are read in terminals and pages, which interpret some characters.
const unsafe = /[^\w.:/+=@-]/g;

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
}
