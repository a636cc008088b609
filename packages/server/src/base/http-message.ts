import type { MaybePromise } from './maybe-promise.ts';

/** The headers that are read of a request. */
export type HeaderName =
  | 'accept'
  | 'authorization'
  | 'content-type'
  | 'idempotency-key'
  | 'user-agent'
  | 'x-forwarded-for'
  | 'x-unkey-metrics';

/** What an edge hands to the pipeline. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** An edge may give others, too. */
  readonly headers: Readonly<Partial<Record<HeaderName, string | undefined>>>;
  readonly body: Uint8Array;
  /** The address of the connection's other end, as the socket has it; empty when it is gone. */
  readonly peer: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Never throws and never rejects: a fault is an answer too. An answer that waits for nothing comes at once. */
export type HttpHandler = (request: HttpRequest) => MaybePromise<HttpResponse>;

/** The largest body that a request may have: 10 MiB. */
export const bodyBytesMax = 10 * 1024 * 1024;

/** Why a request did not get as far as the pipeline. */
export type TransportFailure =
  | 'too_large'
  | 'read_timeout'
  | 'unreadable'
  | 'headers_too_large'
  | 'malformed';
