import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { createApp, createLog, loadConfig } from '@unkey-ts/server';

/**
 * The service, and a server for browsers in front of it: it serves the project's files and forwards `/v2`, so that page and
 * API have the same origin. Requests below `/silent` get no response.
 */
export async function openStage({ folder }) {
  const dataDir = await mkdtemp(join(tmpdir(), 'unkey-ts-consumers-data-'));
  const config = loadConfig({ flags: { port: '0', 'data-dir': dataDir }, env: {}, cwd: dataDir });
  const app = await createApp({ config, log: createLog({ level: 'silent' }) });
  const { url } = await app.listen();

  let resolveOutcome;
  const front = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url, url);
    if (pathname.startsWith('/silent/')) return;
    if (pathname.startsWith('/v2/')) {
      const { method, headers } = incoming;
      const passedOn = request(`${url}${pathname}`, { method, headers }, (response) => {
        outgoing.writeHead(response.statusCode, response.headers);
        response.pipe(outgoing);
      });
      passedOn.on('error', () => outgoing.destroy());
      incoming.pipe(passedOn);
    } else if (pathname === '/outcome') {
      let text = '';
      incoming.on('data', (chunk) => {
        text += chunk;
      });
      incoming.on('end', () => {
        outgoing.end();
        resolveOutcome?.(text);
      });
    } else serveFile(join(folder, normalize(pathname)), outgoing);
  });
  await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${front.address().port}`;

  return {
    url,
    origin,
    silentUrl: `${origin}/silent`,
    rootKey: app.firstStart.rootKey,
    /** The result that the next page sends. */
    nextOutcome: () =>
      new Promise((resolve) => {
        resolveOutcome = resolve;
      }),
    async close() {
      front.close();
      front.closeAllConnections();
      await app.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const contentTypes = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };

function serveFile(file, outgoing) {
  const stream = createReadStream(file);
  stream.on('open', () => {
    outgoing.writeHead(200, { 'content-type': contentTypes[extname(file)] ?? 'text/plain' });
    stream.pipe(outgoing);
  });
  stream.on('error', () => outgoing.writeHead(404).end());
}
