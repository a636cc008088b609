import { expect, test } from 'vitest';
import type { Endpoint, HttpRequest } from '../base/http-message.ts';
import { randomIds } from '../base/ids.ts';
import { createRouter } from './router.ts';

const endpoint = (path: string, change: Partial<Endpoint> = {}): Endpoint => ({
  path,
  method: 'GET',
  handle: () => ({ status: 200, headers: {}, body: path }),
  ...change,
});

function setUp(endpoints: readonly Endpoint[]) {
  const { handle } = createRouter({ endpoints, ids: randomIds() });
  const ask = async (path: string, method = 'GET') =>
    handle({ method, path, headers: {}, body: new Uint8Array(0), peer: '' } satisfies HttpRequest);
  return { ask };
}

test('an exact path wins over prefixes, and a longer prefix over a shorter one', async () => {
  const prefixes = ['/', '/app/', '/app/assets/'].map((path) => endpoint(path, { isPrefix: true }));
  const { ask } = setUp([...prefixes, endpoint('/app/exact')]);
  expect((await ask('/app/exact')).body).toBe('/app/exact');
  expect((await ask('/app/exact/more')).body).toBe('/app/');
  expect((await ask('/app/assets/a.js')).body).toBe('/app/assets/');
  expect((await ask('/other')).body).toBe('/');
});

test.each([
  ['GET', ['GET', 'HEAD']],
  ['POST', ['POST']],
] as const)('an endpoint of %s serves %j, and every other method is told so', async (method, served) => {
  const { ask } = setUp([endpoint('/one', { method })]);
  for (const asked of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'get', '']) {
    const { status, headers } = await ask('/one', asked);
    const isServed = (served as readonly string[]).includes(asked);
    expect([asked, status, headers.allow]).toEqual([
      asked,
      isServed ? 200 : 405,
      isServed ? undefined : served.join(', '),
    ]);
  }
});

test('one path has endpoints for several methods', async () => {
  const created = { status: 201, headers: {}, body: 'created' };
  const { ask } = setUp([
    endpoint('/one'),
    endpoint('/one', { method: 'POST', handle: async () => created }),
  ]);
  expect((await ask('/one', 'HEAD')).status).toBe(200);
  expect((await ask('/one', 'POST')).status).toBe(201);
  expect((await ask('/one', 'PUT')).headers.allow).toBe('GET, HEAD, POST');
});

test('two endpoints for one path and method are a mistake', () => {
  expect(() => setUp([endpoint('/one'), endpoint('/one')])).toThrow('Two endpoints serve GET /one.');
});
