/** The head of a request that holds nothing but what every client sends. */
export interface PlainHead {
  /** All of it, with the empty line; a character a byte. */
  readonly text: string;
  readonly path: string;
  /** As node:http gives them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

const headBytesMax = 8192;
const headersMax = 100;
const bodyBytesMax = 65_536;

// Each line ends with CRLF, no line goes on in the next one, and names are tokens. What follows may therefore cut at
// the first colon and at the line's end, and a byte that another server could read otherwise has no place.
const shape = /^POST (\/[\w./-]*) HTTP\/1\.1\r\n(?:[\w!#$%&'*+.^`|~-]+:[\x20-\x7e]*\r\n)+\r\n$/;
const beginning = 'POST /';
const headEnd = '\r\n\r\n';

/** Headers that change how the bytes are read, or that node:http does not give as one string. */
const oddNames = new Set([
  'transfer-encoding',
  'te',
  'trailer',
  'expect',
  'upgrade',
  'keep-alive',
  'proxy-connection',
  'set-cookie',
]);

/**
 * The head at the beginning of the bytes. It takes less than node:http does, never more: what is `odd` may still be a
 * request. `last` is the head before on the same connection; clients repeat theirs byte for byte.
 */
export function readPlainHead(bytes: Buffer, last: PlainHead | undefined): PlainHead | 'unfinished' | 'odd' {
  if (last !== undefined && bytes.toString('latin1', 0, last.text.length) === last.text) return last;
  const end = bytes.indexOf(headEnd);
  // Only the head becomes text: as a part of a longer one it would keep the body, which holds keys, in memory.
  if (end !== -1 && end + headEnd.length <= headBytesMax) {
    return parsePlainHead(bytes.toString('latin1', 0, end + headEnd.length)) ?? 'odd';
  }
  const mayBecomePlain =
    bytes.length < headBytesMax && beginning.startsWith(bytes.toString('latin1', 0, beginning.length));
  return mayBecomePlain ? 'unfinished' : 'odd';
}

function parsePlainHead(text: string): PlainHead | null {
  const path = shape.exec(text)?.[1];
  if (path === undefined) return null;
  const headers: Record<string, string> = {};
  let count = 0;
  for (let at = text.indexOf('\r\n') + 2; at < text.length - 2; ) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r\n', colon);
    const name = text.slice(at, colon).toLowerCase();
    // Also true of what every object has, like `constructor`.
    if (headers[name] !== undefined || oddNames.has(name) || ++count > headersMax) return null;
    headers[name] = text.slice(colon + 1, end).trim();
    at = end + 2;
  }
  const { host, connection, 'content-length': length } = headers;
  if (host === undefined || length === undefined || !/^(0|[1-9]\d{0,6})$/.test(length)) return null;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return null;
  const bodyBytes = Number(length);
  return bodyBytes > bodyBytesMax ? null : { text, path, headers, bodyBytes };
}
