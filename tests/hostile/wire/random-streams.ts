/** A path that only a request within the body of another one has: no server may answer it. */
export const canaryPath = '/canary';

/** Repeatable random numbers (mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((((mixed ^ (mixed >>> 14)) >>> 0) * below) / 2 ** 32) | 0;
  };
}

const canary = `POST ${canaryPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;
const bodies = ['', 'a', 'abc', canary, `\r\n${canary}`, `0\r\n\r\n${canary}`, '??', '\xe9\0\r\n'];
const lines = ['POST /1 HTTP/1.1', 'POST /a/b HTTP/1.1'];
const oddLines = [
  'GET /2 HTTP/1.1',
  'HEAD /3 HTTP/1.1',
  'POST /4?a=b HTTP/1.1',
  'POST http://x/5 HTTP/1.1',
  'POST /6 HTTP/1.0',
  'POST  /7 HTTP/1.1',
  'post /8 HTTP/1.1',
  'POST /9 HTTP/1.1 ',
  'PRI * HTTP/2.0',
  'OPTIONS * HTTP/1.1',
];
const fields = [
  'Accept: */*',
  'connection: Keep-Alive',
  'X-Padded: \t a b \t ',
  'X-Empty:',
  'Authorization: Bearer a',
  'Content-Type: application/json',
];
const oddFields = [
  'Host: y',
  'host: x',
  'Connection: close',
  'Connection: keep-alive, close',
  'Proxy-Connection: close',
  'Connection: upgrade',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Content-Length: 0',
  'Content-Length: 1',
  'Content-Length: 3',
  'Content-Length: 03',
  'Content-Length: +3',
  'Content-Length: 0x3',
  'Content-Length: 3, 3',
  'Content-Length : 3',
  'Content-Length: 3 ',
  'Content-Length: ',
  'Content-Length: 99999999999999999999',
  'Content_Length: 3',
  'Transfer-Encoding: chunked',
  'transfer-encoding: CHUNKED',
  'Transfer-Encoding: chunked ',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding:',
  'Transfer_Encoding: chunked',
  'X: a\r\n Transfer-Encoding: chunked',
  'X: a\nTransfer-Encoding: chunked',
  'X: a\rTransfer-Encoding: chunked',
  'X: a\0b',
  'X: \xe9',
  'TE: trailers',
  'Trailer: x',
  ' X: a',
  'X',
  ': a',
  '__proto__: a',
];
const damage = [
  '',
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  '\0',
  '/',
  '+',
  '0',
  '1',
  '9',
  'a',
  ',',
  ';',
  '\xe9',
  '\x7f',
];

/** Requests, most of them odd, some of them damaged, one character a byte. */
export function randomStream(seed: number): string {
  const random = randomOf(seed);
  const pick = (list: readonly string[]): string => list[random(list.length)] ?? '';
  let text = '';
  for (let count = 1 + random(4); count > 0; count--) text += randomRequest(random, pick);
  for (let count = random(3) === 0 ? 1 + random(2) : 0; count > 0; count--) {
    const at = random(text.length);
    text = text.slice(0, at) + pick(damage) + text.slice(at + random(3));
  }
  return text;
}

function randomRequest(random: (below: number) => number, pick: (list: readonly string[]) => string): string {
  const isOdd = random(3) === 0;
  const body = pick(bodies);
  const head = [isOdd && random(3) === 0 ? pick(oddLines) : pick(lines)];
  if (!isOdd || random(10) > 0) head.push('Host: x');
  for (let count = random(3); count > 0; count--) head.push(pick(fields));
  const isChunked = random(isOdd ? 3 : 8) === 0;
  if (isChunked) head.push('Transfer-Encoding: chunked');
  else if (!isOdd || random(4) > 0) head.push(`Content-Length: ${body.length}`);
  if (isOdd)
    for (let count = 1 + random(2); count > 0; count--)
      head.splice(1 + random(head.length), 0, pick(oddFields));
  return `${head.join('\r\n')}\r\n\r\n${isChunked ? inChunks(body, random, pick) : body}`;
}

const sizes = ['', '0', '+', '-', '0x', ' '];
const extensions = ['', ';a', ';a=b', ' ;a="b"', ';\n', ' ', '\n'];

function inChunks(
  body: string,
  random: (below: number) => number,
  pick: (list: readonly string[]) => string,
): string {
  const isOdd = random(4) === 0;
  const middle = random(body.length + 1);
  const chunks = [body.slice(0, middle), body.slice(middle)].filter((chunk) => chunk !== '');
  const text = chunks.map((chunk) => {
    const size = `${isOdd ? pick(sizes) : ''}${chunk.length.toString(16)}${isOdd ? pick(extensions) : ''}`;
    return `${size}\r\n${chunk}\r\n`;
  });
  const end = isOdd
    ? pick(['0\r\n\r\n', '00\r\nX: a\r\n\r\n', '0\r\nX : a\r\n\r\n', '0\n\n', '0;a\r\n\r\n'])
    : '0\r\n\r\n';
  return text.join('') + end;
}
