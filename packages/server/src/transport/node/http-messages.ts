import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpRequest, HttpResponse, TransportFailure } from '../../base/http-message.ts';
import { isHost } from './host.ts';

/** The handler's view of a request of node:http. */
export function toHttpRequest(request: IncomingMessage, body: Uint8Array): HttpRequest {
  return {
    method: request.method ?? '',
    path: pathOf(request.url ?? ''),
    // Only `set-cookie` is ever a list here, and no request uses it.
    headers: request.headers as Record<string, string | undefined>,
    body,
    peer: request.socket.remoteAddress ?? '',
  };
}

// Proxies may send the absolute URL instead of the path (RFC 9112, section 3.2.2).
function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}

/** The reason to refuse a request for its head alone. What follows such a request is not read. */
export function headFailure(request: IncomingMessage): TransportFailure | undefined {
  const { host = '', 'transfer-encoding': coding, expect } = request.headers;
  const isHttp10 = request.httpVersion === '1.0';
  // node:http takes a request line without a version for HTTP/0.9.
  if (!isHttp10 && request.httpVersion !== '1.1') return 'malformed';
  const hosts = countHosts(request.rawHeaders);
  if (hosts > 1 || (hosts === 0 && !isHttp10) || !isHost(host)) return 'malformed';
  // node:http reads no other coding, but lets some pass; HTTP/1.0 has none, and proxies may not read it there.
  if (coding !== undefined && (isHttp10 || coding.toLowerCase() !== 'chunked')) return 'malformed';
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return 'expectation_failed';
  return undefined;
}

// `headers` has only the first one.
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === 'host') count++;
  }
  return count;
}

export function sendResponse(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  // node:http writes a flat list as it is; copying the record to add a member costs a microsecond.
  const lines: string[] = [];
  if (status !== 304) lines.push('Content-Length', String(Buffer.byteLength(body)));
  for (const name in headers) lines.push(name, headers[name] ?? '');
  lines.push('X-Content-Type-Options', 'nosniff');
  response.writeHead(status, lines);
  response.end(body);
}
