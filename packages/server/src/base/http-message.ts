import type { MaybePromise } from './maybe-promise.ts';

/** The request headers that the service reads. */
export type HeaderName =
  | 'accept'
  | 'authorization'
  | 'content-encoding'
  | 'content-type'
  | 'idempotency-key'
  | 'if-none-match'
  | 'traceparent'
  | 'user-agent'
  | 'x-forwarded-for'
  | 'x-request-id'
  | 'x-unkey-metrics';

/** A request as a listener passes it to the pipeline. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** A listener may pass others, too. */
  readonly headers: Readonly<Partial<Record<HeaderName, string | undefined>>>;
  readonly body: Uint8Array;
  /** The remote address of the socket; empty when the socket is closed. */
  readonly peer: string;
  /** When it arrived, by `performance.now()`. Default: when it is read in this turn of the event loop. */
  readonly arrivedAt?: number;
}

export interface HttpResponse {
  /** 0: there is no response, and the connection is reset. Only the emulator does that. */
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
  /** Without it the endpoint reads no large bodies. */
  readonly admitBody?: AdmitBody;
}

/** A body up to this size is read before anything is known about its sender, in bytes: 64 kB. */
export const freeBodyBytes = 65_536;

/**
 * Decides about a request whose body is larger than {@link freeBodyBytes}, before it is read any further: its maximum
 * size in bytes, or the response that refuses it. The request's own body is empty. Never throws or rejects.
 */
export type AdmitBody = (request: HttpRequest) => MaybePromise<HttpResponse | number>;

/** Why a request did not reach the handler, or has no response from it. */
export type TransportFailure =
  | 'too_large'
  /** The bodies of all requests together would exceed their bound. */
  | 'overloaded'
  | 'read_timeout'
  | 'unreadable'
  | 'headers_too_large'
  | 'malformed'
  | 'expectation_failed'
  /** The error that the handler or the listener threw. */
  | 'internal_error';

export interface FailureDetails {
  /** The request's header, if it was read. */
  readonly accept?: string | undefined;
  /** The thrown value. */
  readonly error?: unknown;
  /** The maximum that the body exceeds. */
  readonly maxBytes?: number;
}

/** The response to a request that does not reach the handler, or that the handler failed to respond to. Never throws. */
export type ReportFailure = (kind: TransportFailure, details?: FailureDetails) => HttpResponse;
