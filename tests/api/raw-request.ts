import { connect } from 'node:net';
import type { Reply } from '../service.ts';

type Bytes = string | Uint8Array;

/** The result of a raw request. `closed`: the connection ended without a response. */
export type RawReply = Reply | 'closed';

/** Writes the bytes as they are, and reads the first response. `isEnding`: ends the sending side. */
export function sendRaw(
  url: string,
  bytes: Bytes | readonly Bytes[],
  { isEnding = false } = {},
): Promise<RawReply> {
  const { hostname, port } = new URL(url);
  const isList = Array.isArray(bytes);
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = connect(Number(port), hostname);
    const finish = (reply: RawReply) => {
      socket.destroy();
      resolve(reply);
    };
    socket.on('data', (chunk) => {
      received.push(chunk);
      const reply = parseReply(Buffer.concat(received));
      if (reply) finish(reply);
    });
    socket.on('close', () => resolve('closed'));
    // A reset after the response does not matter: `close` follows.
    socket.on('error', () => {});
    for (const part of isList ? bytes : [bytes]) socket.write(part as Bytes);
    if (isEnding) socket.end();
  });
}

/** The first response in the bytes, once it is complete. */
function parseReply(bytes: Buffer): Reply | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(statusLine.split(' ')[1]);
  if (status === 100) return parseReply(bytes.subarray(end + 4));
  const body = bytes.subarray(end + 4);
  if (body.length < Number(headers.get('content-length'))) return null;
  return { status, headers, body: JSON.parse(body.toString('utf8')) };
}

/** A request's text, with the length of its body. */
export function requestText(order: {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
}): Bytes[] {
  const body = order.body ?? '';
  const headers = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...order.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`${order.method ?? 'POST'} ${order.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, body];
}
