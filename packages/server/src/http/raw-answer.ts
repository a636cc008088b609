import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from './exchange.ts';

/** The bytes of a last answer, for a connection on which no request could be read. */
export function rawAnswer({ status, headers, body }: HttpResponse): string {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
