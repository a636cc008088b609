import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { checkDoor } from './door-checks.mjs';
import { execute, mustBeDone } from './execute.mjs';
import { inWorkerd } from './runtimes.mjs';

/** Frameworks whose adapters are servers of Node: the entry point of their door, and their packages. */
const packages = {
  hono: ['hono-node-server-1', 'hono-node-server-2'],
  express: ['express-4', 'express'],
  fastify: ['fastify-4', 'fastify'],
};

/** Doors on their real adapters, where a response is not always an instance of the platform's class. */
export const adapters = {
  ...Object.fromEntries(
    Object.entries(packages).flatMap(([kind, names]) =>
      names.map((name) => [`unkey-ts/${kind} on ${name}`, (kit) => runServer(kit, kind, name)]),
    ),
  ),
  'unkey-ts/hono on workerd': async (kit) => {
    await copyDoors(kit);
    const alias = { hono: join(kit.tools, 'hono/dist/index.js') };
    await inWorkerd(kit, { name: 'door-worker', alias }, (url, worker) =>
      worker.within(30_000, checkDoor(url)),
    );
  },
};

async function runServer(kit, kind, name) {
  await copyDoors(kit);
  const folders = [join(kit.tools, name), join(kit.tools, 'hono')];
  const output = await execute(process.execPath, ['door-server.mjs', kind, ...folders], {
    cwd: kit.project.folder,
    timeoutMs: 60_000,
  });
  mustBeDone(output);
}

async function copyDoors({ project }) {
  for (const name of [
    'door-checks.mjs',
    'door-double.mjs',
    'door-hono.mjs',
    'door-server.mjs',
    'door-worker.mjs',
  ]) {
    await cp(new URL(name, import.meta.url), join(project.folder, name));
  }
}
