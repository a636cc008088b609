import { isHost } from './host.ts';

/** The head of a request that the fast path supports: what common clients send, and nothing else. */
export interface RequestHead {
  /** The whole head with its empty line, one character a byte. */
  readonly text: string;
  readonly path: string;
  /** As node:http gives them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

const headBytesMax = 8192;
const headersMax = 100;
const bodyBytesMax = 65_536;

// Each line ends with CRLF, no line is folded, and names are tokens. So the parser below may split at the first colon
// and at the end of the line, and no byte is left that another server could interpret differently.
const headPattern = /^POST (\/[\w./-]*) HTTP\/1\.1\r\n(?:[\w!#$%&'*+.^`|~-]+:[\x20-\x7e]*\r\n)+\r\n$/;
const beginning = 'POST /';
const headEnd = '\r\n\r\n';

/** Headers that change how the bytes are parsed, or that node:http does not give as one string. */
const unsupportedNames = new Set([
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
 * The head at the beginning of the bytes. It accepts less than node:http does, never more: an unsupported one may still
 * be valid. `last` is the previous head of the connection; clients repeat theirs byte for byte.
 */
export function readHead(
  bytes: Buffer,
  last: RequestHead | undefined,
): RequestHead | 'incomplete' | 'unsupported' {
  if (last !== undefined && bytes.toString('latin1', 0, last.text.length) === last.text) return last;
  const end = bytes.indexOf(headEnd);
  // Only the head becomes text: a slice of a longer text would keep the body, which holds keys, in memory.
  if (end !== -1 && end + headEnd.length <= headBytesMax) {
    return parseHead(bytes.toString('latin1', 0, end + headEnd.length)) ?? 'unsupported';
  }
  const mayBeSupported =
    bytes.length < headBytesMax && beginning.startsWith(bytes.toString('latin1', 0, beginning.length));
  return mayBeSupported ? 'incomplete' : 'unsupported';
}

function parseHead(text: string): RequestHead | null {
  const path = headPattern.exec(text)?.[1];
  if (path === undefined) return null;
  const headers: Record<string, string> = {};
  let count = 0;
  for (let at = text.indexOf('\r\n') + 2; at < text.length - 2; ) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r\n', colon);
    const name = text.slice(at, colon).toLowerCase();
    // Also true for names that every object has, like `constructor`.
    if (headers[name] !== undefined || unsupportedNames.has(name) || ++count > headersMax) return null;
    headers[name] = text.slice(colon + 1, end).trim();
    at = end + 2;
  }
  const { host, connection, 'content-length': length } = headers;
  if (host === undefined || !isHost(host) || length === undefined || !/^(0|[1-9]\d{0,6})$/.test(length))
    return null;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return null;
  const bodyBytes = Number(length);
  return bodyBytes > bodyBytesMax ? null : { text, path, headers, bodyBytes };
}
