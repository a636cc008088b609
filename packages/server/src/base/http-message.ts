import type { MaybePromise } from './maybe-promise.ts';

/** The request headers that the service reads. */
export type HeaderName =
  | 'accept'
  | 'authorization'
  | 'content-type'
  | 'idempotency-key'
  | 'user-agent'
  | 'x-forwarded-for'
  | 'x-unkey-metrics';

/** What a listener hands to the pipeline. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** A listener may give others, too. */
  readonly headers: Readonly<Partial<Record<HeaderName, string | undefined>>>;
  readonly body: Uint8Array;
  /** The remote address of the socket; empty when the socket is closed. */
  readonly peer: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Never throws and never rejects: a fault becomes a response. A response that waits for nothing is returned at once. */
export type HttpHandler = (request: HttpRequest) => MaybePromise<HttpResponse>;

/** The largest request body: 10 MiB. */
export const bodyBytesMax = 10 * 1024 * 1024;

/** Why a request did not reach the pipeline. */
export type TransportFailure =
  | 'too_large'
  | 'read_timeout'
  | 'unreadable'
  | 'headers_too_large'
  | 'malformed';
