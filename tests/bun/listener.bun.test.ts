import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { listenerConformance } from '../../packages/server/src/transport/conformance/listener-conformance.ts';

const script = fileURLToPath(
  new URL('../../packages/server/src/transport/conformance/serve-on-bun.ts', import.meta.url),
);

listenerConformance('the listener on Bun', async (limits) => {
  const bun = process.env.UNKEY_TEST_BUN ?? 'bun';
  const child = spawn(bun, [script, JSON.stringify(limits)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [port] = await once(child.stdout, 'data');
  return {
    port: Number(String(port)),
    async drain() {
      child.kill('SIGTERM');
      await ended;
    },
  };
});
