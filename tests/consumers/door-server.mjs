// An application on its real adapter: node door-server.mjs <kind> <folder of its package> [<folder of Hono>]
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { protect as protectExpress } from 'unkey-ts/express';
import { unkey as fastifyPlugin } from 'unkey-ts/fastify';
import { checkDoor } from './door-checks.mjs';
import { unkey } from './door-double.mjs';
import { honoApp } from './door-hono.mjs';

const [kind, folder, honoFolder] = process.argv.slice(2);
const load = (...path) => import(pathToFileURL(join(...path)).href);

/** Each starts to listen, and returns its `node:http` server. */
const servers = {
  async hono() {
    const { serve } = await load(folder, 'dist/index.mjs');
    const { Hono } = await load(honoFolder, 'dist/index.js');
    const server = serve({ fetch: honoApp(Hono).fetch, hostname: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return server;
  },

  async express() {
    const { default: express } = await load(folder, 'index.js');
    const app = express();
    app.use(protectExpress({ unkey }));
    app.get('/json', (request, response) => response.json({ hello: request.unkey.keyId }));
    app.get('/text', (_request, response) => response.send('hello'));
    app.get('/raw', (_request, response) => response.end('hello'));
    app.get('/redirect', (_request, response) => response.redirect('/text'));
    app.get('/stream', (_request, response) => Readable.from(['hello']).pipe(response));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  },

  async fastify() {
    const { default: fastify } = await load(folder, 'fastify.js');
    const app = fastify();
    await app.register(fastifyPlugin, { unkey });
    app.get('/json', async (request) => ({ hello: request.unkey.keyId }));
    app.get('/text', async () => 'hello');
    app.get('/raw', (_request, reply) => reply.send(Buffer.from('hello')));
    app.get('/redirect', (_request, reply) => reply.code(302).header('location', '/text').send());
    app.get('/stream', (_request, reply) => reply.send(Readable.from(['hello'])));
    await app.listen({ host: '127.0.0.1', port: 0 });
    return app.server;
  },
};

const server = await servers[kind]();
await checkDoor(`http://127.0.0.1:${server.address().port}`);
server.closeAllConnections();
server.close();
console.log('done');
