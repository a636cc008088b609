/** A stream of requests, one character a byte, and what a server must do with it. */
export interface Stream {
  readonly name: string;
  readonly text: string;
  /** The final statuses that are sent, in their order; then the connection is closed. */
  readonly statuses: readonly number[];
  /** The bodies of the requests with status 200. */
  readonly bodies: readonly string[];
}

/** Behind whatever is refused, or is the last of its connection: nobody may handle it. */
export const smuggled = 'POST /smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n';
const last = 'POST /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast';

const withBody = (fields: string, body: string, line = 'POST /a HTTP/1.1') =>
  `${line}\r\nHost: x\r\n${fields}\r\n${body}`;
const length = (body: string, fields = '') => withBody(`${fields}Content-Length: ${body.length}\r\n`, body);
const chunks = (body: string, fields = '') => withBody(`${fields}Transfer-Encoding: chunked\r\n`, body);
const get = (fields: string) => withBody(fields, '', 'GET /a HTTP/1.1');

/** RFC 9110 and 9112: a server has to accept these. */
const accepted: Readonly<Record<string, readonly [text: string, body: string]>> = {
  'no body': [get(''), ''],
  'a length of zero': [length(''), ''],
  'a body that looks like a request': [length(smuggled), smuggled],
  'a body that looks like the end of chunks': [length(`0\r\n\r\n${smuggled}`), `0\r\n\r\n${smuggled}`],
  'a body of any bytes': [length('\0\r\n\x7f\x80\xff'), '\0\r\n\x7f\x80\xff'],
  'chunks (9112, 7.1)': [chunks('3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n'), 'abc0123456789'],
  'chunks that hold a request': [
    chunks(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`),
    smuggled,
  ],
  'no chunk but the last': [chunks('0\r\n\r\n'), ''],
  'sizes in either case, with zeros': [
    chunks('0a\r\n0123456789\r\n00B\r\n01234567890\r\n000\r\n\r\n'),
    '012345678901234567890',
  ],
  'chunk extensions (9112, 7.1.1)': [chunks('1;a\r\na\r\n1;b=c;d="e f"\r\nb\r\n0;f\r\n\r\n'), 'ab'],
  'trailers (9112, 7.1.2)': [chunks('1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n'), 'a'],
  'a coding in capitals': [withBody('transfer-encoding: CHUNKED\r\n', '1\r\na\r\n0\r\n\r\n'), 'a'],
  'names in any case (9110, 5.1)': [withBody('content-LENGTH: 1\r\n', 'a'), 'a'],
  'white space around values (9112, 5)': [withBody('X: \t a \t \r\nContent-Length:  1 \r\n', 'a'), 'a'],
  'no white space, and an empty value': [withBody('X:\r\nContent-Length:1\r\n', 'a'), 'a'],
  'a tab and bytes beyond ASCII in a value (9110, 5.5)': [
    withBody('X: a\tb\xe9\r\nContent-Length: 1\r\n', 'a'),
    'a',
  ],
  'every character of a name (9110, 5.6.2)': [length('a', "!#$%&'*+-.^_`|~09azAZ: x\r\n"), 'a'],
  'an absolute target (9112, 3.2.2)': [length('a').replace('/a', 'http://x/a'), 'a'],
  'an empty line first (9112, 2.2)': [`\r\n${length('a')}`, 'a'],
  'an empty host (9112, 3.2)': [length('a').replace('Host: x', 'Host: '), 'a'],
  'a host with a port': [length('a').replace('Host: x', 'Host: a-b.example:8080'), 'a'],
  'a host of IPv6': [length('a').replace('Host: x', 'Host: [::1]:80'), 'a'],
  'an unknown field that every object has': [length('a', '__proto__: x\r\nconstructor: y\r\n'), 'a'],
  'TE (9110, 10.1.4)': [length('a', 'TE: trailers\r\nTrailer: X\r\n'), 'a'],
  'a list of tokens in Connection': [length('a', 'Connection: keep-alive, X\r\n'), 'a'],
  'an unknown method': [length('a').replace('POST', 'PATCH'), 'a'],
};

/** Refused with 400, unless a number says otherwise; nothing that follows is read. */
const refused: Readonly<Record<string, string | readonly [text: string, status: number]>> = {
  'no host (9112, 3.2)': length('a').replace('Host: x\r\n', ''),
  'two hosts (9112, 3.2)': length('a', 'Host: y\r\n'),
  'two hosts that agree': length('a', 'HOST: x\r\n'),
  'a second host behind many fields': length(
    'a',
    `${Array.from({ length: 3000 }, (_, at) => `A${at}: b\r\n`).join('')}Host: y\r\n`,
  ),
  'a host with a path (9112, 3.2)': length('a').replace('Host: x', 'Host: x/v2'),
  'a host with a space': length('a').replace('Host: x', 'Host: x y'),
  'two hosts in one': length('a').replace('Host: x', 'Host: x, y'),
  'a host with a user': length('a').replace('Host: x', 'Host: a@x'),
  'length and chunks (9112, 6.3)': chunks('0\r\n\r\n', 'Content-Length: 5\r\n'),
  'chunks and length': withBody('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
  'chunks of HTTP/1.0 (9112, 6.1)': chunks('1\r\na\r\n0\r\n\r\n', 'Connection: keep-alive\r\n').replace(
    '1.1',
    '1.0',
  ),
  'chunked is not the last coding (9112, 6.3)': chunks('0\r\n\r\n').replace(' chunked', ' chunked, gzip'),
  'a coding that is not read (9112, 6.1)': chunks('0\r\n\r\n').replace(' chunked', ' gzip'),
  'a coding before chunked': chunks('0\r\n\r\n').replace(' chunked', ' gzip, chunked'),
  'chunked twice': chunks('0\r\n\r\n').replace(' chunked', ' chunked, chunked'),
  'chunked twice, in two fields': chunks('0\r\n\r\n', 'Transfer-Encoding: chunked\r\n'),
  'the coding identity': length('', 'Transfer-Encoding: identity\r\n'),
  'an empty coding': length('', 'Transfer-Encoding:\r\n'),
  'a coding in quotes': chunks('0\r\n\r\n').replace(' chunked', ' "chunked"'),
  'a coding that begins like chunked': chunks('0\r\n\r\n').replace(' chunked', ' chunkedx'),
  'a coding behind a vertical tab': chunks('0\r\n\r\n').replace(' chunked', ' \x0bchunked'),
  'a coding of an upgrade': length('', 'Connection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: gzip\r\n'),
  'a length with a sign (9112, 6.3)': withBody('Content-Length: +1\r\n', 'a'),
  'a negative length': withBody('Content-Length: -1\r\n', 'a'),
  'a hexadecimal length': withBody('Content-Length: 0x1\r\n', 'a'),
  'a length with an exponent': withBody('Content-Length: 1e0\r\n', 'a'),
  'a length with a fraction': withBody('Content-Length: 1.0\r\n', 'a'),
  'a length with a space in it': withBody('Content-Length: 1 0\r\n', '0123456789'),
  'an empty length': withBody('Content-Length:\r\n', ''),
  'a length beyond 64 bits': withBody('Content-Length: 18446744073709551617\r\n', 'a'),
  'lengths that differ': withBody('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab'),
  'lengths that differ, in one field': withBody('Content-Length: 1, 2\r\n', 'ab'),
  'a space before the colon (9112, 5.1)': withBody('Content-Length : 1\r\n', 'a'),
  'a tab before the colon': withBody('Transfer-Encoding\t: chunked\r\n', '0\r\n\r\n'),
  'a folded line (9112, 5.2)': length('', 'X: a\r\n Transfer-Encoding: chunked\r\n'),
  'a space before the first field (9112, 2.2)': length('a').replace('Host', ' Host'),
  'a field without a colon': length('a', 'X\r\n'),
  'a field without a name': length('a', ': a\r\n'),
  'a name with a byte beyond ASCII': length('a', 'X\xe9: a\r\n'),
  'NUL in a value (9110, 5.5)': length('a', 'X: a\0b\r\n'),
  'NUL in a name': length('a', 'X\0: a\r\n'),
  'a bare carriage return (9112, 2.2)': length('', 'X: a\rTransfer-Encoding: chunked\r\n'),
  'a bare line feed in a field': length('', 'X: a\nTransfer-Encoding: chunked\r\n'),
  'only line feeds': length('a').replaceAll('\r\n', '\n'),
  'a line feed instead of the empty line': length('a').replace('\r\n\r\n', '\r\n\n'),
  'a space in the target (9112, 3)': length('a').replace('/a', '/a b'),
  'a target with a control character': length('a').replace('/a', '/\x01'),
  'a tab in the request line': length('a').replace('POST ', 'POST\t'),
  'a method with a colon': length('a').replace('POST', 'PO:ST'),
  'no version (HTTP/0.9)': 'GET /a\r\n\r\n',
  'no version, with fields': length('a').replace(' HTTP/1.1', ''),
  'half a version': length('a').replace(' HTTP/1.1', ';TTP/1.1'),
  'another version': length('a').replace('1.1', '1.2'),
  'another protocol': length('a').replace('HTTP', 'ICE'),
  'HTTP/2 without negotiation': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a tunnel': 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  'no HTTP': 'garbage\r\n\r\n',
  'a chunk without a size': chunks('\r\na\r\n0\r\n\r\n'),
  'a size with a sign': chunks('+1\r\na\r\n0\r\n\r\n'),
  'a negative size': chunks('-1\r\na\r\n0\r\n\r\n'),
  'a size with 0x': chunks('0x1\r\na\r\n0\r\n\r\n'),
  'a size with an underscore': chunks('1_0\r\na\r\n0\r\n\r\n'),
  'a size beyond 64 bits': chunks('10000000000000001\r\na\r\n0\r\n\r\n'),
  'a line feed behind the size': chunks('1\na\r\n0\r\n\r\n'),
  'a line feed in an extension': chunks(`1;a\nb\r\na\r\n0\r\n\r\n`),
  'a chunk longer than its size': chunks('1\r\nab\r\n0\r\n\r\n'),
  'a chunk without its line end': chunks('1\r\na0\r\n\r\n'),
  'a carriage return alone behind a chunk': chunks('1\r\na\r0\r\n\r\n'),
  'a trailer with a space before the colon': chunks('0\r\nX : a\r\n\r\n'),
  'a trailer without a colon': chunks('0\r\nX\r\n\r\n'),
  'an expectation that is not met (9110, 10.1.1)': [length('a', 'Expect: nonsense\r\n'), 417],
  'two expectations': [length('a', 'Expect: 100-continue, nonsense\r\n'), 417],
  'a head that is too large': [length('a', `X: ${'x'.repeat(70_000)}\r\n`), 431],
};

/** What follows the last request of a connection is not read, whatever it is. */
const lastOnes: Readonly<Record<string, string>> = {
  'Connection: close': length('a', 'Connection: close\r\n'),
  'close among other tokens': length('a', 'Connection: keep-alive, close\r\n'),
  'HTTP/1.0': length('a').replace('1.1', '1.0'),
  'an upgrade': length('a', 'Connection: upgrade\r\nUpgrade: h2c\r\n'),
  'an upgrade that is not declared': length('a', 'Upgrade: websocket\r\n'),
  'an upgrade with chunks': chunks('1\r\na\r\n0\r\n\r\n', 'Connection: upgrade\r\nUpgrade: h2c\r\n'),
};
const followers: Readonly<Record<string, string>> = {
  'a request': smuggled,
  'one that asks first': smuggled.replace('Host', 'Expect: 100-continue\r\nHost'),
  'one with an unknown expectation': smuggled.replace('Host', 'Expect: nonsense\r\nHost'),
  'an upgrade': smuggled.replace('Host', 'Connection: upgrade\r\nUpgrade: h2c\r\nHost'),
  'no request': '\0\r\n\r\n',
};

export const streams: readonly Stream[] = [
  ...Object.entries(accepted).map(([name, [text, body]]) => ({
    name,
    text: text + last,
    statuses: [200, 200],
    bodies: [body, 'last'],
  })),
  ...Object.entries(refused).map(([name, row]) => {
    const [text, status] = typeof row === 'string' ? ([row, 400] as const) : row;
    return { name, text: length('first') + text + smuggled, statuses: [200, status], bodies: ['first'] };
  }),
  ...Object.entries(lastOnes).flatMap(([name, text]) =>
    Object.entries(followers).map(([follower, more]) => ({
      name: `${name}, and then ${follower}`,
      text: text + more,
      statuses: [200],
      bodies: ['a'],
    })),
  ),
];
