import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execute, plainEnvironment } from './execute.mjs';

/**
 * A built Next application: a server component, routes on Node and on the edge runtime, and doors. Next 13.4 to 14 caches
 * what `fetch` returns, so a deleted key could stay valid.
 */
export const next = Object.fromEntries(
  ['next-14', 'next-15'].map((name) => [
    `${name}: nothing comes from a cache, and doors set their headers`,
    async (kit) => {
      const folder = await prepareApp(kit, name);
      const next = join(folder, 'node_modules/next/dist/bin/next');
      // Without a root key, as in a pipeline that has no secrets.
      const env = { NEXT_TELEMETRY_DISABLED: '1' };
      await execute(process.execPath, [next, 'build'], { cwd: folder, env, timeoutMs: 600_000 });
      const app = await startApp(next, folder, {
        ...env,
        UNKEY_ROOT_KEY: kit.stage.rootKey,
        UNKEY_SERVER_URL: kit.stage.url,
      });
      try {
        await callApp(kit, app.url);
      } finally {
        await app.stop();
      }
    },
  ]),
);

/** Below the folder of the tools, so that React is found, and with Next under its own name. */
async function prepareApp({ tools, packed }, name) {
  const folder = join(tools, '../apps', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await cp(fileURLToPath(new URL('next-app/app', import.meta.url)), join(folder, 'app'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  await cp(packed.folder, join(folder, 'node_modules/unkey-ts'), { recursive: true });
  // Links: it has 150 MB.
  await execute('cp', ['-al', join(tools, name), join(folder, 'node_modules/next')]);
  return folder;
}

async function startApp(next, cwd, env) {
  const args = [next, 'start', '--hostname', '127.0.0.1', '--port', '0'];
  const child = spawn(process.execPath, args, { cwd, env: { ...plainEnvironment, ...env } });
  const ended = once(child, 'exit');
  let output = '';
  const stop = async () => {
    child.kill();
    await ended;
  };
  const started = new Promise((resolve, reject) => {
    const read = (text) => {
      output += text;
      const [address] = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(output) ?? [];
      if (address && output.includes('Ready')) resolve(address);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    ended.then(() => reject(new Error(`Next ended:\n${output}`)));
    setTimeout(() => reject(new Error(`Next did not start:\n${output}`)), 120_000).unref();
  });
  try {
    return { url: await started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function callApp({ packed, stage }, url) {
  const { Unkey } = await import(pathToFileURL(join(packed.folder, 'dist/index.js')).href);
  const unkey = new Unkey({ rootKey: stage.rootKey, serverURL: stage.url });
  const { data: api } = await unkey.apis.createApi({ name: 'next' });
  const limit = { name: 'requests', limit: 9, duration: 2_592_000_000, autoApply: true };
  for (const path of ['', 'node', 'edge', 'door', 'compat']) {
    const isDoor = path === 'door' || path === 'compat';
    const settings = { apiId: api.apiId, credits: { remaining: 10 }, ...(isDoor && { ratelimits: [limit] }) };
    const { data } = await unkey.keys.createKey(settings);
    const call = async () => {
      const response = await fetch(`${url}/${path}?key=${data.key}`);
      const [seen] = /\[[A-Z_]+ [^\]]+\]|"code":"\w+"/.exec(await response.text()) ?? [];
      return { seen, limit: response.headers.get('ratelimit-limit') };
    };
    const calls = [await call(), await call(), await call()];
    await unkey.keys.deleteKey({ keyId: data.keyId });
    calls.push(await call());
    const last = path === 'door' ? '"code":"NOT_FOUND"' : '[NOT_FOUND none false]';
    assert.deepEqual(
      calls.map(({ seen }) => seen),
      ['[VALID 9 true]', '[VALID 8 true]', `[VALID 7 ${isDoor}]`, last],
      `/${path}`,
    );
    if (path === 'door') assert.equal(calls[0].limit, '9');
  }
}
