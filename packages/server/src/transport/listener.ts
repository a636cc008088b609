import type { AdmitBody, HttpHandler, ReportFailure } from '../base/http-message.ts';
import type { BodyBounds } from './body-budget.ts';

export interface ListenerOptions {
  handle: HttpHandler;
  failure: ReportFailure;
  /** The largest body that is read without asking `admitBody`, in bytes. Default 64 kB. */
  maxBodyBytes?: number;
  /** Decides about larger bodies. Without it they are refused. */
  admitBody?: AdmitBody;
  /** Bounds of all bodies together, for the process. */
  bodyBounds?: BodyBounds;
  /** How long a body may take to arrive after its headers, in milliseconds. Default 10,000. */
  bodyTimeoutMs?: number;
  /** How long a drain waits for requests that are still arriving, in milliseconds. Default 10,000. */
  drainGraceMs?: number;
  /** How long a drain still accepts connections, with one request each, in milliseconds. Default 0. */
  drainDelayMs?: number;
}

/** Accepts connections, hands their requests to the handler and sends its responses. */
export interface Listener {
  /** Rejects with a `ListenError`. Port 0 takes a free one. */
  listen(host: string, port: number): Promise<{ url: string; port: number }>;
  /**
   * Closes each connection with its next response. After the drain delay accepts no new connections, closes idle ones
   * at once, and resolves when all requests that have arrived have their response. A second call returns the promise of
   * the first.
   */
  drain(): Promise<void>;
}

/** The address cannot be listened on. The message gives the reason and the remedy. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'this user may not listen on the port',
  EADDRNOTAVAIL: 'the address does not belong to this machine',
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
