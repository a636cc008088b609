import type { MaybePromise } from '../maybe-promise.ts';

/** What an edge hands to the pipeline. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
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
