import { readdir } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { createDatabase } from '../postgres.ts';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { runUnkey } from './run-unkey.ts';
import { endServers, startServer } from './server-process.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
afterEach(async () => {
  await endServers();
  await removeDataDirs();
  await database.drop();
});

async function newEnvironment() {
  database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  return { DATABASE_URL: database.url, UNKEY_MASTER_KEY: 'off' };
}

test('the first start makes the data folder for the root key only', async () => {
  const dataDir = await newDataDir();
  const server = await startServer({ dataDir, env: await newEnvironment() });
  expect((await server.call('apis.createApi', { name: 'first' })).status).toBe(200);
  expect(await readdir(dataDir)).toEqual(['root.key']);
});

test('a first start that cannot write the root key says how to make another one', async () => {
  const env = await newEnvironment();
  const server = await startServer({ dataDir: '/proc/none', env });
  expect(server.output()).toMatch(/root key is lost.*\/proc\/none cannot be made/);
  expect(server.output()).not.toMatch(/unkey_\w/);
  const command = /`unkey (.+)`/.exec(server.output())?.[1] ?? '';
  const made = await runUnkey([...command.split(' '), '--json'], { env });
  expect(made).toMatchObject({ status: 0, stderr: '' });
  const { key } = JSON.parse(made.stdout);
  expect((await server.call('apis.createApi', { name: 'first' }, key)).status).toBe(200);
});
