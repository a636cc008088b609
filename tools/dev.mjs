import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { copyReferencePage, sources } from './bundle-unkey.mjs';

// `npm run dev [-- FLAGS OF serve]`: runs the service from the sources and restarts it after each change. Flags that
// begin with `--inspect` go to Node. Only our own code is bundled, so that a restart takes less than a second.

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}build/dev`;
const settleMs = 50;

const flags = process.argv.slice(2);
const nodeFlags = flags.filter((flag) => flag.startsWith('--inspect'));
const serveFlags = flags.filter((flag) => !flag.startsWith('--inspect'));

let service = null;
let restarting = Promise.resolve();
let timer;

for (const name of ['contract', 'server', 'cli']) {
  watch(`${root}packages/${name}/src`, { recursive: true }, (_event, file) => {
    if (file?.endsWith('.test.ts')) return;
    clearTimeout(timer);
    timer = setTimeout(restart, settleMs);
  });
}
process.on('SIGINT', () => stop().then(() => process.exit(130)));
process.on('SIGTERM', () => stop().then(() => process.exit(143)));
restart();

function restart() {
  restarting = restarting.then(async () => {
    const startedAt = performance.now();
    try {
      await bundle();
    } catch (error) {
      // The service that runs goes on until the sources can be bundled again.
      console.error(error.message);
      return;
    }
    await stop();
    start();
    console.error(`dev: restarted in ${Math.round(performance.now() - startedAt)} ms`);
  });
}

function bundle() {
  copyReferencePage(out);
  return build({
    input: {
      main: `${root}packages/cli/src/main.ts`,
      'sqlite-worker': `${root}packages/server/src/events/sqlite-worker.ts`,
      'storage-worker': `${root}packages/server/src/threads/storage-worker.ts`,
    },
    external: (id) => /^[^./]/.test(id) && !id.startsWith('@unkey-ts/') && !id.startsWith(root),
    platform: 'node',
    tsconfig: false,
    resolve: { alias: sources },
    transform: { target: 'node20.19' },
    output: { dir: out, format: 'esm', sourcemap: true, chunkFileNames: '[name].js' },
  });
}

function start() {
  service = spawn(process.execPath, [...nodeFlags, `${out}/main.js`, 'serve', ...serveFlags], {
    stdio: 'inherit',
  });
}

async function stop() {
  if (service === null || service.exitCode !== null || service.signalCode !== null) return;
  const ended = new Promise((resolve) => service.once('close', resolve));
  service.kill('SIGTERM');
  await ended;
}
