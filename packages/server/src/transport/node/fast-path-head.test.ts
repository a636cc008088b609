import { expect, test } from 'vitest';
import { readHead } from './fast-path-head.ts';

const head =
  'POST /v2/keys.verifyKey HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nAuthorization:  Bearer a \r\n\r\n';
const read = (text: string) => readHead(Buffer.from(text, 'latin1'), undefined);
const withLine = (line: string) => read(head.replace('Authorization', `${line}\r\nAuthorization`));

test('a supported head has its path, its headers as node:http gives them, and the length of its body', () => {
  expect(read(`${head}{}POST`)).toEqual({
    text: head,
    path: '/v2/keys.verifyKey',
    headers: { host: 'x', 'content-length': '2', authorization: 'Bearer a' },
    bodyBytes: 2,
  });
});

test('each beginning of a supported head is incomplete', () => {
  for (let end = 0; end < head.length; end++) expect(read(head.slice(0, end))).toBe('incomplete');
});

test('the same head again is the same object, another one is not', () => {
  const last = read(head);
  if (typeof last === 'string') throw new Error('The head is supported.');
  expect(readHead(Buffer.from(`${head}{}`), last)).toBe(last);
  const other = head.replace('Bearer a', 'Bearer b');
  expect(readHead(Buffer.from(other), last)).toMatchObject({ headers: { authorization: 'Bearer b' } });
});

test.each([
  'Connection: keep-alive',
  'connection: Keep-Alive',
  'Accept: */*',
  'Empty:',
  'X_1!#$%&\'*+.^`|~-: "é"'.replace('é', 'e'),
])('supported: %s', (line) => expect(withLine(line)).toMatchObject({ bodyBytes: 2 }));

test.each([
  'Connection: close',
  'Connection: keep-alive, upgrade',
  'Transfer-Encoding: chunked',
  'transfer-encoding:identity',
  'TE: trailers',
  'Trailer: x',
  'Expect: 100-continue',
  'Upgrade: h2c',
  'Proxy-Connection: close',
  'Set-Cookie: a',
  'HOST: y',
  'Content-Length: 2',
  'content-length: 3',
  'authorization: twice',
  'constructor: x',
  '__proto__: x',
  ' Folded: x',
  '\tFolded: x',
  'X: a\r\n folded',
  'No-Colon',
  ': no name',
  'Space : x',
  'X Y: x',
  'Tab: a\tb',
  'Nul: a\0b',
  'Latin: \xe9',
  'Bare-LF: a\nTransfer-Encoding: chunked',
  'Bare-CR: a\rTransfer-Encoding: chunked',
  'Umläut: x',
  `Long: ${'x'.repeat(9000)}`,
  Array.from({ length: 101 }, (_, index) => `X${index}: x`).join('\r\n'),
])('unsupported: %j', (line) => {
  expect(withLine(line)).toBe('unsupported');
});

test.each([
  ['another method', head.replace('POST', 'PUT')],
  ['a method in lower case', head.replace('POST', 'post')],
  ['a query', head.replace('Key HTTP', 'Key?a HTTP')],
  ['an escape', head.replace('Key HTTP', '%41 HTTP')],
  ['a whole URL', head.replace('/v2', 'http://x/v2')],
  ['two spaces', head.replace(' HTTP', '  HTTP')],
  ['HTTP/1.0', head.replace('1.1', '1.0')],
  ['HTTP/1.1 and more', head.replace('1.1', '1.1 x')],
  ['no host', head.replace('Host: x\r\n', '')],
  ['no length', head.replace('Content-Length: 2\r\n', '')],
  ['no headers', 'POST / HTTP/1.1\r\n\r\n'],
  ['an empty line first', `\r\n${head}`],
  ['a length with a sign', head.replace(': 2', ': +2')],
  ['a negative length', head.replace(': 2', ': -2')],
  ['a hexadecimal length', head.replace(': 2', ': 0x2')],
  ['a length with a fraction', head.replace(': 2', ': 2.0')],
  ['a length with an exponent', head.replace(': 2', ': 1e1')],
  ['a length that begins with zero', head.replace(': 2', ': 02')],
  ['two lengths in one', head.replace(': 2', ': 2, 2')],
  ['an empty length', head.replace(': 2', ':')],
  ['a length over the bound', head.replace(': 2', ': 65537')],
])('unsupported: %s', (_what, text) => {
  expect(read(text)).toBe('unsupported');
});
