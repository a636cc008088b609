import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HttpHandler } from '../../base/http-message.ts';
import { heldHandler, json, post, start } from '../conformance/started-listener.ts';

afterEach(() => {
  vi.useRealTimers();
});

const maxBodyBytes = 1000;
/** Ends whatever is incomplete: it completes any body, and is no request. */
const filler = '?'.repeat(40_000);

/** A listener that can be asked what its handler was given for some bytes, and what came back. */
async function observedListener(hasFastPath: boolean) {
  const seen: unknown[] = [];
  const handle: HttpHandler = (request) => {
    const body = Buffer.from(request.body).toString();
    seen.push({ ...request, body });
    const response = json(200, { path: request.path, body });
    return request.path.includes('late') ? setImmediate(response) : response;
  };
  const { open } = await start({ handle, hasFastPath, maxBodyBytes });
  return async (pieces: readonly string[]) => {
    const client = open();
    for (const piece of pieces) {
      client.socket.write(piece, 'latin1');
      await setImmediate();
    }
    const received = await client.ended;
    client.socket.destroy();
    return { requests: seen.splice(0), received: received.replaceAll(/^Date: .*$/gm, 'Date: now') };
  };
}

/** Sends the same bytes to a listener with the fast path and to one without, and compares. */
async function comparedListeners() {
  const [withFastPath, without] = [await observedListener(true), await observedListener(false)];
  return async (pieces: readonly string[]) => {
    const [observed, expected] = await Promise.all([withFastPath(pieces), without(pieces)]);
    expect(observed).toEqual(expected);
    return observed;
  };
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1');
const commonLines = [
  'Accept: */*\r\n',
  'connection: Keep-Alive\r\n',
  'X-Padded: \t a b \t \r\n',
  'X-Empty:\r\n',
];
const common = fc
  .record({
    path: fc.constantFrom('/', '/v2/keys.verifyKey', '//a', '/late', '/late-2'),
    body: fc.string({ unit: 'grapheme', maxLength: 30 }),
    lines: fc.subarray(commonLines),
  })
  .map(({ path, body, lines }) => latin1(post(path, body, lines.join(''))));

/** One byte of a common request is another one, or missing, or one too many. */
const damaged = fc
  .record({
    text: common,
    at: fc.nat(200),
    removed: fc.integer({ min: 0, max: 1 }),
    // No zero: HTTP/1.0 closes the connection while bytes are on their way, and a reset can overtake the response.
    added: fc.constantFrom(
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
      '1',
      '9',
      'a',
      'A',
      '\xe9',
      '\x7f',
    ),
  })
  .map(({ text, at, removed, added }) => text.slice(0, at) + added + text.slice(at + removed));

const request = (lines: string, body = '') => `POST /unsupported HTTP/1.1\r\nHost: x\r\n${lines}\r\n${body}`;
const chunked = 'Transfer-Encoding: chunked\r\n';
const unsupported = {
  'another method': 'GET /get HTTP/1.1\r\nHost: x\r\n\r\n',
  'no response body': 'HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n',
  'a query': post('/a?b=c', 'x'),
  'a whole URL': post('http://x/late', 'x'),
  'an escape': post('/%61', 'x'),
  'an empty line first': `\r\n${post('/', 'x')}`,
  'no length': request(''),
  chunks: request(chunked, '3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n'),
  'chunks that do not end': request(chunked, '3\r\nabc\r\n9\r\nde'),
  'length and chunks': request(`Content-Length: 3\r\n${chunked}`, '0\r\n\r\n'),
  'chunks and length': request(`${chunked}Content-Length: 3\r\n`, '0\r\n\r\n'),
  'an unknown coding': request('Transfer-Encoding: zip\r\nContent-Length: 3\r\n', 'abc'),
  'two lengths that differ': request('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab'),
  'two lengths that agree': request('Content-Length: 2\r\nContent-Length: 2\r\n', 'ab'),
  'lengths in a list': request('Content-Length: 2, 2\r\n', 'ab'),
  'a length with a sign': request('Content-Length: +5\r\n', 'abcde'),
  'a length in hexadecimal': request('Content-Length: 0x5\r\n', 'abcde'),
  'a length with zeros first': request('Content-Length: 005\r\n', 'abcde'),
  'a length in words': request('Content-Length: five\r\n', 'abcde'),
  'a length over the limit': request('Content-Length: 1001\r\n'),
  'a length too short': request('Content-Length: 2\r\n', 'abcde'),
  'a length too long': request('Content-Length: 900\r\n', 'abcde'),
  'no host': 'POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx',
  'two hosts': post('/', 'x', 'Host: y\r\n'),
  'a header twice': post('/', 'x', 'Accept: a\r\nACCEPT: b\r\n'),
  'a bare line feed': post('/', 'x', 'A: b\nC: d\r\n'),
  'only line feeds': post('/', 'x').replaceAll('\r', ''),
  'a bare carriage return': post('/', 'x', 'A: b\rC: d\r\n'),
  'a folded line': post('/', 'x', 'A: b\r\n c\r\n'),
  'a space before the colon': post('/', 'x', 'A : b\r\n'),
  'chunks behind a space': request(`Transfer-Encoding : chunked\r\nContent-Length: 3\r\n`, 'abc'),
  'a line that begins with a space': post('/', 'x', ' A: b\r\n'),
  'a line without a colon': post('/', 'x', 'A\r\n'),
  'a header without a name': post('/', 'x', ': b\r\n'),
  'a NUL': post('/', 'x', 'A: b\0c\r\n'),
  'a byte beyond ASCII': post('/', 'x', 'A: \xe9\r\n'),
  'a tab inside a value': post('/', 'x', 'A: b\tc\r\n'),
  'a name that every object has': post('/', 'x', 'constructor: b\r\n__proto__: c\r\n'),
  'a cookie to set': post('/', 'x', 'Set-Cookie: a=b\r\n'),
  'a head that is long': post('/', 'x', `A: ${'b'.repeat(9000)}\r\n`),
  'a head that is too long': post('/', 'x', `A: ${'b'.repeat(20_000)}\r\n`),
  'many headers': post('/', 'x', Array.from({ length: 500 }, (_, at) => `A${at}: b\r\n`).join('')),
  'a client that asks first': post('/', 'x', 'Expect: 100-continue\r\n'),
  'a later version': post('/', 'x').replace('1.1', '1.2'),
  'a method in lower case': post('/', 'x').replace('POST', 'post'),
  'two spaces': post('/', 'x').replace('POST ', 'POST  '),
} as const;

/** The last that a connection is used for. */
const closing = [
  'GET /close HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  post('/close', 'x', 'Connection: close\r\n'),
  post('/close', 'x', 'Proxy-Connection: close\r\n'),
  post('/close', 'x').replace('1.1', '1.0'),
  'GET /close HTTP/1.0\r\n\r\n',
];

function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % text.length).sort((a, b) => a - b)];
  return at.map((from, index) => text.slice(from, at[index + 1])).filter((piece) => piece !== '');
}

describe('the fast path changes nothing that a client or the handler sees', () => {
  test('whatever is sent, in whatever pieces', { timeout: 120_000 }, async () => {
    const compare = await comparedListeners();
    const streams = fc.array(
      fc.oneof(
        { weight: 5, arbitrary: common },
        { weight: 2, arbitrary: damaged },
        { weight: 1, arbitrary: fc.constantFrom(...Object.values(unsupported)) },
      ),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(streams, fc.array(fc.nat(), { maxLength: 12 }), async (texts, places) => {
        await compare([...cut(texts.join(''), places), filler]);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test.each(Object.entries(unsupported))('%s, behind and before common requests', async (_what, text) => {
    const compare = await comparedListeners();
    const { requests } = await compare([post('/late', 'a'), text + post('/', 'b'), filler]);
    expect(requests).toContainEqual(expect.objectContaining({ path: '/late', body: 'a' }));
    await compare([text, post('/', 'b'), filler]);
  });

  test('a broken body right behind others gets a response at once', async () => {
    const compare = await comparedListeners();
    const { received } = await compare([
      unsupported['another method'] + post('/', 'x') + request(chunked, 'no chunk\r\n'),
    ]);
    expect(received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  test.each(closing)('%j as the last request', async (last) => {
    const compare = await comparedListeners();
    const { requests } = await compare([post('/late', 'a') + post('/', 'b'), last]);
    expect(requests).toHaveLength(3);
  });
});

/** Ends its side with its last byte: node:http would not answer a request that takes time, the fast path does. */
test('a client that ends its side after its requests gets all responses, and the end', async () => {
  const held = heldHandler();
  const { open } = await start({ handle: held.handle });
  const client = open();
  client.socket.end(post('/1', 'a') + post('/2', 'b'));
  await held.begun;
  held.release();
  expect((await client.ended).match(/"held":true/g)).toHaveLength(2);
});

test('a client that ends its side during a request gets an error', async () => {
  const client = (await start()).open();
  client.socket.end(`${post('/1', 'a')}POST /2 HTTP/1.1\r\nHost`);
  expect(await client.ended).toMatch(/"path":"\/1"[\s\S]*HTTP\/1.1 400 [\s\S]*malformed/);
});

test('requests of one connection are handled one after the other', async () => {
  let running = 0;
  let most = 0;
  const { open } = await start({
    async handle({ path }) {
      most = Math.max(most, ++running);
      await setImmediate();
      running--;
      return json(200, { path });
    },
  });
  const client = open();
  client.socket.write(post('/1', 'a') + post('/2', 'b'));
  await client.received('"/1"');
  client.socket.write(post('/3', 'c') + post('/4', 'd'));
  const text = await client.received('"path":', 4);
  expect([...text.matchAll(/"path":"(.*?)"/g)].map(([, path]) => path)).toEqual(['/1', '/2', '/3', '/4']);
  expect(most).toBe(1);
});

/** A listener that answers once `release` is called, but at once to a path of its own. */
async function heldListener() {
  const held = heldHandler();
  const paths: string[] = [];
  const listener = await start({
    handle(request) {
      if (request.path === '/other') return json(200, {});
      paths.push(request.path);
      if (request.path === '/late') return setImmediate(json(200, {}));
      return request.path === '/held' ? held.handle(request) : json(200, {});
    },
  });
  const other = listener.open();
  let times = 0;
  /** Other requests get their responses first, so earlier bytes have had time to arrive. */
  const goOn = async () => {
    for (let count = 0; count < 100; count++) {
      other.socket.write(post('/other', ''));
      await other.received('{}', ++times);
    }
  };
  return { ...listener, ...held, paths, goOn };
}

test('bytes that arrive while a request is handled are not read beyond a bound', async () => {
  const listener = await heldListener();
  const client = listener.open();
  client.socket.write(post('/held', 'a'));
  await listener.begun;
  // More than two sockets hold.
  const count = 400;
  client.socket.write(post('/', 'x'.repeat(60_000)).repeat(count));
  await listener.goOn();
  expect(client.socket.writableLength).toBeGreaterThan(0);
  listener.release();
  await client.received('{}', count);
});

test('a response frees no more of the bound than its request used', async () => {
  const listener = await heldListener();
  const client = listener.open();
  client.socket.write(post('/late', 'a').repeat(400) + post('/held', 'a'));
  // More than two sockets hold.
  const count = 400;
  client.socket.write(post('/', 'x'.repeat(60_000)).repeat(count));
  await listener.begun;
  await listener.goOn();
  const unsent = client.socket.writableLength;
  listener.release();
  await client.received('{}', 400 + count);
  expect(unsent).toBeGreaterThan(0);
});

test('a connection continues after a request that arrived while another was handled', async () => {
  const listener = await heldListener();
  const client = listener.open();
  client.socket.write(post('/held', 'a'));
  await listener.begun;
  client.socket.write(post('/2', 'a'));
  await listener.goOn();
  expect(listener.paths).toEqual(['/held']);
  listener.release();
  await client.received('{}');
  client.socket.write(post('/3', 'a'));
  await client.received('{}', 2);
});

test('no further request of a disconnected client is handled, and others are unaffected', async () => {
  const listener = await heldListener();
  const leaving = listener.open();
  leaving.socket.write(post('/held', 'a') + post('/2', 'b'));
  await listener.begun;
  leaving.socket.resetAndDestroy();
  await listener.goOn();
  listener.release();
  await listener.goOn();
  expect(listener.paths).toEqual(['/held']);
  await listener.server.drain();
});

test('no more requests of a client that does not read are handled, and a drain ends its connection', async () => {
  let calls = 0;
  const { open, server } = await start({
    handle() {
      calls++;
      return json(200, 'x'.repeat(1_000_000));
    },
    drainGraceMs: 30,
  });
  const client = open();
  client.socket.pause();
  // More than two sockets hold.
  const count = 40;
  client.socket.write(post('/large', '').repeat(count));
  await expect.poll(() => calls).toBeGreaterThan(0);
  await server.drain();
  expect(calls).toBeLessThan(count);
});

test('a client that needs minutes to read gets its whole response', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let calls = 0;
  // More than two sockets hold.
  const size = 40_000_000;
  const { open } = await start({
    handle() {
      calls++;
      return json(200, 'x'.repeat(size));
    },
  });
  const client = open();
  client.socket.pause();
  client.socket.write(post('/', ''));
  await expect.poll(() => calls).toBe(1);
  vi.advanceTimersByTime(600_000);
  client.socket.resume();
  await expect.poll(() => client.socket.bytesRead, { timeout: 30_000 }).toBeGreaterThan(size);
});

test('a client that waits to read gets all of its responses', async () => {
  const { open } = await start({ handle: () => json(200, 'x'.repeat(1_000_000)) });
  const client = open();
  client.socket.pause();
  const count = 40;
  client.socket.write(post('/', '').repeat(count));
  await setImmediate();
  client.socket.resume();
  await expect.poll(() => client.socket.bytesRead, { timeout: 30_000 }).toBeGreaterThan(count * 1_000_000);
});

test('a connection is closed after 65 idle seconds, and not while a request is handled', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const held = heldHandler();
  const { open } = await start({ handle: held.handle });
  const client = open();
  client.socket.write(post('/', 'a'));
  await held.begun;
  vi.advanceTimersByTime(600_000);
  held.release();
  await client.received('"held":true');
  vi.advanceTimersByTime(65_000);
  client.socket.write(post('/', 'a'));
  await client.received('"held":true', 2);
  vi.advanceTimersByTime(65_200);
  expect((await client.ended).match(/"held":true/g)).toHaveLength(2);
});

test('an incomplete request is handed off to node:http and continues there', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { open } = await start();
  const client = open();
  client.socket.write(post('/1', 'a') + post('/2', 'whole').slice(0, -3));
  await client.received('"path":"/1"');
  vi.advanceTimersByTime(400);
  client.socket.write('ole');
  expect(await client.received('"path"', 2)).toContain('"body":"whole"');
});

test('a request in many pieces arrives whole', async () => {
  const { open } = await start();
  const client = open();
  for (const byte of post('/bytes', 'whole')) {
    client.socket.write(byte);
    await setImmediate();
  }
  expect(await client.received('}')).toContain('"body":"whole"');
});
