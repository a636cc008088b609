import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpRequest, HttpResponse } from '../../base/http-message.ts';

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

export function lacksHost(request: IncomingMessage): boolean {
  return request.httpVersion === '1.1' && request.headers.host === undefined;
}

export function sendResponse(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  // node:http writes a flat list as it is; copying the record to add a member costs a microsecond.
  const lines: string[] = status === 304 ? [] : ['Content-Length', String(Buffer.byteLength(body))];
  for (const name in headers) lines.push(name, headers[name] ?? '');
  response.writeHead(status, lines);
  response.end(body);
}
