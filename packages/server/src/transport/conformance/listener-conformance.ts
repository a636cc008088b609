import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ListenerOptions } from '../listener.ts';
import { allBytes } from './test-handler.ts';

/** The options of a test. */
export type ListenerLimits = Pick<ListenerOptions, 'maxBodyBytes' | 'bodyTimeoutMs' | 'drainGraceMs'>;

export interface StartedListener {
  readonly port: number;
  /** Resolves when the listener is drained. */
  drain(): Promise<void>;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

const limits = { maxBodyBytes: 1000, bodyTimeoutMs: 300, drainGraceMs: 300 };

/** The behaviour of every listener. `start` starts one with `testHandler`. */
export function listenerConformance(
  name: string,
  start: (limits: ListenerLimits) => Promise<StartedListener>,
): void {
  describe(name, () => {
    let listener: StartedListener;
    let agent: Agent;
    beforeEach(async () => {
      listener = await start(limits);
      agent = new Agent({ keepAlive: true, maxSockets: 1 });
    });
    afterEach(async () => {
      agent.destroy();
      await listener.drain();
    });
    const send = (path: string, sent: Sent = {}) => exchange(listener.port, agent, path, sent);
    const sendRaw = (text: string) => exchangeRaw(listener.port, text);

    test('the handler gets method, path and body, without the query', async () => {
      const received = await send('/a/b?c=d', { method: 'POST', body: 'ä' });
      expect(received.status).toBe(200);
      expect(received.headers['content-type']).toBe('application/json');
      expect(JSON.parse(String(received.bytes))).toEqual({ method: 'POST', path: '/a/b', body: 'ä' });
    });

    test('a handler sees headers and the address of the client', async () => {
      const { bytes } = await send('/headers', { headers: { 'user-agent': 'agent/1' } });
      expect(JSON.parse(String(bytes))).toEqual({ agent: 'agent/1', peer: '127.0.0.1' });
    });

    test.each(['/bytes', '/bytes-late'])('a body of bytes arrives unchanged: %s', async (path) => {
      for (const method of ['GET', 'POST']) {
        const { headers, bytes } = await send(path, { method });
        expect(headers['content-length']).toBe('256');
        expect(bytes).toEqual(Buffer.from(allBytes));
      }
    });

    test.each([
      ['/bytes', '256'],
      ['/text', '42'],
    ])('HEAD has the head of GET and no body: %s', async (path, length) => {
      const { status, headers, bytes } = await send(path, { method: 'HEAD' });
      expect([status, headers['content-length'], bytes.length]).toEqual([200, length, 0]);
    });

    test('a connection serves one request after the other', async () => {
      for (const path of ['/1', '/bytes', '/2', '/throw', '/3'])
        await send(path, { method: 'POST', body: path });
      expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    });

    test.each(['/throw', '/reject', '/bad-header'])(
      'a fault of the handler is reported, and the client is not told what it is: %s',
      async (path) => {
        const { status, bytes } = await send(path, { method: 'POST', body: 'x' });
        expect(status).toBe(500);
        expect(JSON.parse(String(bytes))).toEqual({ kind: 'internal_error' });
      },
    );

    test('a body may come in chunks', async () => {
      const head =
        'POST /chunks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
      expect(await sendRaw(`${head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`)).toContain('"body":"abcde"');
    });

    test('a body as long as the limit is accepted', async () => {
      const { bytes } = await send('/long', { method: 'POST', body: 'x'.repeat(limits.maxBodyBytes) });
      expect(JSON.parse(String(bytes)).body).toHaveLength(limits.maxBodyBytes);
    });

    const declared = (bytes: number) => `Content-Length: ${bytes}\r\n\r\n`;
    const chunked = (bytes: number) =>
      `Transfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`;

    test.each([
      ['declared', `${declared(2000)}${'x'.repeat(2000)}`],
      ['in chunks', chunked(2000)],
    ])('a larger body is read once it is admitted: %s', async (_how, rest) => {
      const received = await sendRaw(`POST /known HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${rest}`);
      expect(received).toContain(`"body":"${'x'.repeat(2000)}"`);
    });

    test.each([
      ['declared, not admitted', 401, `/large HTTP/1.1\r\nHost: x\r\n${declared(1001)}`],
      ['in chunks, not admitted', 401, `/large HTTP/1.1\r\nHost: x\r\n${chunked(1001)}`],
      ['declared, above what is admitted', 413, `/known HTTP/1.1\r\nHost: x\r\n${declared(2001)}`],
      ['in chunks, above what is admitted', 413, `/known HTTP/1.1\r\nHost: x\r\n${chunked(2001)}`],
    ])('a larger body is refused, and its connection closed: %s', async (_what, status, rest) => {
      const received = await sendRaw(`POST ${rest}`);
      expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*connection: close`, 'i'));
    });

    test('a body that does not arrive in time is refused', async () => {
      const received = await sendRaw('POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
      expect(received).toMatch(/^HTTP\/1.1 408 [\s\S]*"kind":"read_timeout"/);
    });

    test.each([
      ['no HTTP', 'hello\r\n\r\n'],
      ['no Host header', 'POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
      ['a Host header with a path', 'POST /x HTTP/1.1\r\nHost: x/v2\r\nContent-Length: 0\r\n\r\n'],
      ['two lengths', 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
      [
        'length and chunks',
        'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ],
    ])('malformed HTTP is refused: %s', async (_what, text) => {
      expect(await sendRaw(text)).toMatch(/^HTTP\/1.1 400 /);
    });

    test.each([
      ['two hosts', 400, 'Host: y\r\n'],
      ['a coding that is not read', 400, 'Transfer-Encoding: gzip\r\n'],
      ['an expectation that is not met', 417, 'Expect: nonsense\r\n'],
    ])('a head that cannot be accepted is refused: %s', async (_what, status, headers) => {
      const received = await sendRaw(`POST /x HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`);
      expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    });

    test('no response can be sniffed as another type', async () => {
      for (const path of ['/text', '/bytes', '/throw']) {
        expect((await send(path)).headers['x-content-type-options']).toBe('nosniff');
      }
      const refused = await sendRaw('POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n');
      expect(refused).toMatch(/^x-content-type-options: nosniff\r$/im);
    });

    test('a drained listener accepts no connection', async () => {
      await send('/1');
      await listener.drain();
      await expect(exchange(listener.port, new Agent(), '/2', {})).rejects.toThrow('ECONNREFUSED');
    });
  });
}

function exchange(port: number, agent: Agent, path: string, { method = 'GET', headers = {}, body }: Sent) {
  return new Promise<Received>((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { host: '127.0.0.1', port, agent, path, method, headers: { ...headers, ...length } };
    const sent = request(options, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Everything that the listener sends until it closes the connection. */
function exchangeRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {});
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.once('end', () => socket.destroy());
    socket.once('close', () => resolve(received));
    socket.write(text);
  });
}
