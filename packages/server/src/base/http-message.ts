import type { MaybePromise } from './maybe-promise.ts';

/** The request headers that the service reads. */
export type HeaderName =
  | 'accept'
  | 'authorization'
  | 'content-encoding'
  | 'content-type'
  | 'idempotency-key'
  | 'if-none-match'
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
  readonly body: string | Uint8Array;
}

/** Never throws and never rejects: a fault becomes a response. A response that waits for nothing is returned at once. */
export type HttpHandler = (request: HttpRequest) => MaybePromise<HttpResponse>;

export type HttpMethod = 'GET' | 'POST';

/** Serves the requests of one path and method. */
export interface Endpoint {
  /** Begins with a slash. */
  readonly path: string;
  /** Whether all paths that begin with `path` are served. An exact path wins, then the longest prefix. Default false. */
  readonly isPrefix?: boolean;
  /** GET includes HEAD: the listener sends its response without the body. */
  readonly method: HttpMethod;
  /** A fault that it throws becomes a 500 with a request id. */
  handle(request: HttpRequest): MaybePromise<HttpResponse>;
}

/** The largest request body: 10 MiB. */
export const bodyBytesMax = 10 * 1024 * 1024;

/** Why a request did not reach the handler, or has no response from it. */
export type TransportFailure =
  | 'too_large'
  | 'read_timeout'
  | 'unreadable'
  | 'headers_too_large'
  | 'malformed'
  | 'expectation_failed'
  /** What the handler or the listener itself has thrown. */
  | 'internal_error';

/**
 * The response to a request that does not reach the handler, or that the handler failed to respond to. `accept` is the
 * request's header, if it was read; `error` is what was thrown. Never throws.
 */
export type ReportFailure = (kind: TransportFailure, accept?: string, error?: unknown) => HttpResponse;
