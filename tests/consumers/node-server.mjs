// A Hono application on @hono/node-server: node node-server.mjs <folder of the adapter> <folder of Hono>
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { protect } from 'unkey-ts/hono';

const [adapter, framework] = process.argv.slice(2);
const { serve } = await import(pathToFileURL(join(adapter, 'dist/index.mjs')).href);
const { Hono } = await import(pathToFileURL(join(framework, 'dist/index.js')).href);

const ratelimits = [{ name: 'requests', limit: 3, remaining: 2, reset: Date.now() + 5000, exceeded: false }];
const unkey = {
  request: async (_operation, { key }) => ({
    meta: { requestId: 'req_1' },
    data:
      key === 'good'
        ? { valid: true, code: 'VALID', keyId: 'key_1', ratelimits }
        : { valid: false, code: 'RATE_LIMITED', ratelimits },
  }),
};
const handlers = {
  '/json': (c) => c.json({ hello: c.var.unkey.keyId }),
  '/text': (c) => c.text('hello'),
  '/raw': () => new Response('hello'),
  '/redirect': (c) => c.redirect('/text'),
  '/stream': (c) => c.body(new Blob(['hello']).stream()),
};
const app = new Hono();
app.use(protect({ unkey }));
for (const [path, handler] of Object.entries(handlers)) app.get(path, handler);

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${server.address().port}`;
for (const path of [...Object.keys(handlers), '/missing']) {
  for (const [key, isAllowed] of [
    ['good', true],
    ['bad', false],
  ]) {
    const init = { headers: { authorization: `Bearer ${key}` }, redirect: 'manual' };
    const response = await fetch(`${url}${path}`, init);
    await response.text();
    assert.equal(response.headers.get('ratelimit-remaining'), '2', `${path} with a ${key} key`);
    assert.equal(response.status === 429, !isAllowed, `${path} with a ${key} key`);
  }
}
server.closeAllConnections();
server.close();
console.log('done');
