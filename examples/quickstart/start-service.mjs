import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/** `unkey serve` on a free port with an empty data folder; `close` ends both. */
export async function startService() {
  const dataDir = await mkdtemp(join(tmpdir(), 'unkey-quickstart-'));
  const rootKey = `unkey_${randomBytes(24).toString('hex')}`;
  const server = spawn(process.execPath, [program, 'serve', '--port', '0', '--data-dir', dataDir], {
    env: { ...process.env, UNKEY_ROOT_KEY: rootKey, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  const close = async () => {
    server.kill('SIGTERM');
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  };
  const url = await Promise.race([addressOf(server.stdout), ended.then(() => null)]);
  if (url !== null) return { url, rootKey, close };
  await close();
  throw new Error('The service did not start. Has it been built? `npm run build` does that.');
}

/** The address, which it prints when it listens. */
function addressOf(output) {
  return new Promise((resolve) => {
    let text = '';
    output.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const [, url] = /listens on (http:\S+?),/.exec(text) ?? [];
      if (url) resolve(url);
    });
  });
}
