import type { HttpHandler, HttpResponse, TransportFailure } from '../base/http-message.ts';

export interface EdgeOptions {
  handle: HttpHandler;
  /** The answer to a request that does not get as far as `handle`; `accept` is its header, if that was read. */
  failure(kind: TransportFailure, accept?: string): HttpResponse;
  /** Default 10 MiB. */
  maxBodyBytes?: number;
  /** How long a body may take from its headers to its end. Default 10,000. */
  bodyTimeoutMs?: number;
  /** How long a drain waits for requests that are still arriving. Default 10,000. */
  drainGraceMs?: number;
  /** How long a drain leaves connections open on which nothing arrives. Default 2000. */
  idleGraceMs?: number;
}

/** Where requests come in and answers go out. */
export interface Edge {
  /** Rejects with a `ListenError`. Port 0 takes a free one. */
  listen(host: string, port: number): Promise<{ url: string; port: number }>;
  /** Accepts no new connection, ends those there are with their next answer, and resolves when all are answered. */
  drain(): Promise<void>;
}

/** The address cannot be listened on. The message says why and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'the port is not allowed to this user',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  ENOTFOUND: 'the host name is unknown',
};

export function listenError(host: string, port: number, cause: NodeJS.ErrnoException): ListenError {
  const reason = reasons[cause.code ?? ''] ?? cause.message;
  return new ListenError(
    `Cannot listen on ${host}, port ${port}: ${reason}. Choose others with HOST and PORT.`,
    { cause },
  );
}

export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
