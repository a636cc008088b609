import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, expect, test } from 'vitest';
import { runUnkey } from './run-unkey.ts';

/** Servers that are not the service, or lead elsewhere: the command refuses what the client library refuses. */

const servers: Server[] = [];
const requests: string[] = [];
afterEach(() => requests.splice(0));
afterAll(() => {
  for (const server of servers) server.close();
});

type Respond = (response: import('node:http').ServerResponse) => void;

async function startServer(respond: Respond): Promise<string> {
  const server = createServer((request, response) => {
    requests.push(`${request.headers.host}${request.url}`);
    respond(response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const call = (url: string) =>
  runUnkey(['apis', 'createApi', '--name', 'abc', '--url', url], {
    env: { UNKEY_ROOT_KEY: 'secret_root_key' },
  });

test.each([301, 302, 307, 308])('a redirect is not followed: %i', async (status) => {
  const other = await startServer((response) => response.end('{}'));
  const url = await startServer((response) => response.writeHead(status, { location: `${other}/` }).end());
  const ran = await call(url);
  expect(ran).toMatchObject({ status: 1, stdout: '' });
  expect(ran.stderr).toContain(`returned ${status}, and not a response of the Unkey API`);
  expect(requests).toEqual([`${new URL(url).host}/v2/apis.createApi`]);
});

test.each(['', 'hello', '{}', '[]', 'null', '{"data":{}}', '{"meta":{"requestId":1}}'])(
  'what another server responds is no result: %j',
  async (body) => {
    const ran = await call(await startServer((response) => response.end(body)));
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain('not a response of the Unkey API');
  },
);

test('a compressed response is bounded', async () => {
  const bomb = gzipSync(Buffer.alloc(70 * 1024 * 1024, ' '));
  const ran = await call(
    await startServer((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)),
  );
  expect(ran).toMatchObject({ status: 1, stdout: '' });
  expect(ran.stderr).toContain('has more than');
});

test('a response that breaks off is told', async () => {
  const ran = await call(
    await startServer((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{');
      setImmediate(() => response.destroy());
    }),
  );
  expect(ran).toMatchObject({ status: 1, stdout: '' });
  expect(ran.stderr).toMatch(/cannot be (read to its end|reached)/);
});

test.each([
  'http://127.0.0.1:1\\@example.org',
  'http://user:password@127.0.0.1:1',
  'http://127.0.0.1:1/?',
  'http://127.0.0.1:1/#',
  'ftp://127.0.0.1:1',
  'http://',
  '127.0.0.1:1',
])('a URL that leads elsewhere than it shows is refused: %s', async (url) => {
  const ran = await call(url);
  expect(ran).toMatchObject({ status: 2, stdout: '' });
  expect(ran.stderr).toContain('must be http or https');
  expect(ran.stderr).not.toContain('password');
});
