import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { execute, mustBeDone } from './execute.mjs';

/** Middleware on the usual adapters, where a response is not always an instance of the platform's class. */
export const adapters = Object.fromEntries(
  ['hono-node-server-1', 'hono-node-server-2'].map((name) => [
    `unkey-ts/hono on ${name}`,
    async ({ tools, project }) => {
      const file = join(project.folder, 'node-server.mjs');
      await cp(new URL('node-server.mjs', import.meta.url), file);
      const output = await execute(process.execPath, [file, join(tools, name), join(tools, 'hono')], {
        cwd: project.folder,
        timeoutMs: 30_000,
      });
      mustBeDone(output);
    },
  ]),
);
