import { afterEach, expect, test } from 'vitest';
import { newDataDir, removeDataDirs } from '../cli/data-folders.ts';
import { run } from '../cli/run-unkey.ts';
import { endServers, type ServerProcess, startServer } from '../cli/server-process.ts';
import type { Reply } from '../service.ts';

/** No file grows beyond 2 MiB (4 in shells that count in larger blocks); what goes beyond fails to be written. */
const smallFiles = 'trap "" XFSZ; ulimit -S -f 4096';

afterEach(async () => {
  await endServers();
  await removeDataDirs();
});

test('on a full disk writes are refused with the reason, reads continue and nothing is lost', async () => {
  const dataDir = await newDataDir();
  const server = await startServer({ dataDir, shellSetup: smallFiles });
  await server.said('What next');
  const { apiId } = (await server.call('apis.createApi', { name: 'full' })).body.data;
  const purse = (await server.call('keys.createKey', { apiId, credits: { remaining: 1000 } })).body.data;

  const large = await createUntilRefused(server, { apiId, fillerBytes: 50_000 });
  const small = await createUntilRefused(server, { apiId, fillerBytes: 0 });
  const keys = [...large.keys, ...small.keys];
  expect(keys.length).toBeGreaterThan(0);
  const { spends, refusal: refusedSpend } = await spendUntilRefused(server, purse.key);
  for (const refusal of [large.refusal, small.refusal, refusedSpend]) {
    expect(refusal.status).toBe(503);
    expect(refusal.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(refusal.headers.get('content-type')).toBe('application/json');
    expect(refusal.body.error.type).toContain('unkey/application/service_unavailable');
    expect(refusal.body.error.detail).toMatch(/disk/);
  }
  await expectAll(server, keys);

  if (process.platform === 'linux') {
    await run('prlimit', ['--pid', String(server.pid), '--fsize=unlimited']);
    expect((await server.call('keys.createKey', { apiId })).status).toBe(200);
  }

  server.signal('SIGKILL');
  await server.ended;
  const again = await startServer({ dataDir, rootKey: server.rootKey() });
  await expectAll(again, keys);
  const verified = await again.call('keys.verifyKey', { key: purse.key });
  expect(verified.body.data).toMatchObject({ code: 'VALID', credits: 999 - spends });
});

async function createUntilRefused(
  server: ServerProcess,
  { apiId, fillerBytes }: { apiId: string; fillerBytes: number },
): Promise<{ keys: { keyId: string; key: string }[]; refusal: Reply }> {
  const keys: { keyId: string; key: string }[] = [];
  const meta = { filler: 'x'.repeat(fillerBytes) };
  for (;;) {
    const reply = await server.call('keys.createKey', { apiId, meta });
    if (reply.status !== 200) return { keys, refusal: reply };
    keys.push(reply.body.data);
    expect(keys.length, 'the limit on the size of files has no effect').toBeLessThan(500);
  }
}

async function spendUntilRefused(
  server: ServerProcess,
  key: string,
): Promise<{ spends: number; refusal: Reply }> {
  for (let spends = 0; ; spends++) {
    const reply = await server.call('keys.verifyKey', { key });
    if (reply.status !== 200) return { spends, refusal: reply };
    expect(reply.body.data).toMatchObject({ code: 'VALID', credits: 999 - spends });
  }
}

async function expectAll(
  server: ServerProcess,
  keys: readonly { keyId: string; key: string }[],
): Promise<void> {
  for (const { keyId, key } of keys) {
    expect((await server.call('keys.getKey', { keyId })).body.data).toMatchObject({ keyId });
    expect((await server.call('keys.verifyKey', { key })).body.data).toMatchObject({ code: 'VALID' });
  }
}
