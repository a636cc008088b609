import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpResponse } from '../../base/http-message.ts';

/** How long an idle connection is kept; each response says so. */
export const keepAliveMs = 65_000;

const fieldValue = /^[\t\x20-\x7e]*$/;

/** Writes a response as node:http would. False when the client reads more slowly than it sends requests. */
export function writeResponse(
  socket: Duplex,
  { status, headers, body }: HttpResponse,
  connection: 'keep-alive' | 'close',
): boolean {
  const bodyBytes = Buffer.byteLength(body);
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\nContent-Length: ${bodyBytes}\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? '';
    // A line break in a value would begin a response of its own.
    if (!fieldValue.test(value))
      throw new TypeError(`The header ${name} has a character that a header value cannot have.`);
    text += `${name}: ${value}\r\n`;
  }
  text += `${lastLines(connection)}\r\n`;
  if (typeof body !== 'string') return socket.write(Buffer.concat([Buffer.from(text, 'latin1'), body]));
  text += body;
  // As many bytes as characters: the text is ASCII, and latin1 is its cheapest encoding.
  return socket.write(text, bodyBytes === body.length ? 'latin1' : 'utf8');
}

let second = 0;
let lines = { 'keep-alive': '', close: '' };

function lastLines(connection: 'keep-alive' | 'close'): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    const date = `X-Content-Type-Options: nosniff\r\nDate: ${new Date(now * 1000).toUTCString()}\r\n`;
    second = now;
    lines = {
      'keep-alive': `${date}Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1000}\r\n`,
      close: `${date}Connection: close\r\n`,
    };
  }
  return lines[connection];
}
