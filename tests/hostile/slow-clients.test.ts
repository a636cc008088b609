import { afterEach, describe, expect, test } from 'vitest';
import {
  type Client,
  json,
  post,
  start,
} from '../../packages/server/src/transport/conformance/started-listener.ts';

/** Clients that never send the rest, or never read: each loses its connection, and none holds up a stop. */

const timers = new Set<NodeJS.Timeout>();
afterEach(() => {
  for (const timer of timers) clearInterval(timer);
  timers.clear();
});

/** Sends a byte at a time, for ever. */
function drip({ socket }: Client, start: string): void {
  socket.write(start);
  const timer = setInterval(() => socket.write('x'), 5);
  timers.add(timer);
  socket.once('close', () => clearInterval(timer));
}

/** Reads some bytes at a time. */
function sip({ socket }: Client): void {
  socket.pause();
  const timer = setInterval(() => {
    socket.read(10);
  }, 5);
  timers.add(timer);
}

const head = 'POST /slow HTTP/1.1\r\nHost: x\r\n';
const senders: Readonly<Record<string, string>> = {
  'the request line': 'POST /slow',
  'a header': `${head}X-Slow: `,
  'a body': `${head}Content-Length: 100000\r\n\r\n`,
  'the size of a chunk': `${head}Transfer-Encoding: chunked\r\n\r\n`,
  'a chunk': `${head}Transfer-Encoding: chunked\r\n\r\nfffff\r\n`,
  'an extension of a chunk': `${head}Transfer-Encoding: chunked\r\n\r\n1;`,
  trailers: `${head}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: `,
  'the body of a second request': `${post('/first', 'a')}${head}Content-Length: 100000\r\n\r\n`,
};

const large = 'x'.repeat(10_000_000);

describe.each([true, false])('fast path %s', (hasFastPath) => {
  test.each(Object.entries(senders))(
    'a client that sends %s byte by byte loses its connection',
    async (_what, text) => {
      const { open } = await start({ hasFastPath, bodyTimeoutMs: 50, requestTimeoutMs: 50 });
      const client = open();
      drip(client, text);
      expect(await client.ended).toMatch(/HTTP\/1.1 4\d\d [\s\S]*Connection: close/);
    },
  );

  test('a stop waits for none of them, nor for those that read nothing or little', async () => {
    let calls = 0;
    const { open, server } = await start({
      hasFastPath,
      drainGraceMs: 50,
      handle() {
        calls++;
        return json(200, large);
      },
    });
    for (const text of Object.values(senders)) drip(open(), text.replace(post('/first', 'a'), ''));
    for (let count = 0; count < 2; count++) {
      const client = open();
      if (count === 0) client.socket.pause();
      else sip(client);
      client.socket.write(post('/', 'a'));
    }
    await expect.poll(() => calls).toBe(2);
    await server.drain();
  });
});
