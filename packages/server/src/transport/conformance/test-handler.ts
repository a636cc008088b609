import { setImmediate } from 'node:timers/promises';
import type { AdmitBody, HttpHandler, HttpResponse, TransportFailure } from '../../base/http-message.ts';

const statuses: Record<TransportFailure, number> = {
  too_large: 413,
  overloaded: 429,
  read_timeout: 408,
  unreadable: 400,
  headers_too_large: 431,
  malformed: 400,
  expectation_failed: 417,
  internal_error: 500,
};

/** A response whose body names the failure. */
export const failure = (kind: TransportFailure): HttpResponse => json(statuses[kind], { kind });

export function json(status: number, value: unknown): HttpResponse {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

/** All 256 bytes. */
export const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);

export const echo: HttpHandler = async (request) =>
  json(200, { method: request.method, path: request.path, body: Buffer.from(request.body).toString() });

/** Larger bodies go to `/known` only, up to 2000 bytes. */
export const testAdmission: AdmitBody = async ({ path }) => (path === '/known' ? 2000 : json(401, { path }));

/** Responds by path, so that a listener in another process can be given the same requests. */
export const testHandler: HttpHandler = (request) => {
  switch (request.path) {
    case '/bytes':
      return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: allBytes };
    case '/bytes-late':
      return setImmediate({ status: 200, headers: { 'content-type': 'font/woff2' }, body: allBytes });
    case '/throw':
      throw new Error('secret');
    case '/reject':
      return Promise.reject(new Error('secret'));
    case '/bad-header':
      return { status: 200, headers: { 'x-bad': 'a\r\n\r\nHTTP/1.1 200 OK' }, body: 'secret' };
    case '/headers':
      return json(200, { agent: request.headers['user-agent'], peer: request.peer });
    default:
      return echo(request);
  }
};
