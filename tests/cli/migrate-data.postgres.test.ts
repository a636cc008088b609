import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OperationId } from '@unkey-ts/contract';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { filledFolder, newFolder } from '../../packages/server/src/storage/conformance/every-table.ts';
import { createDatabase } from '../postgres.ts';
import { post } from '../service.ts';
import { randomOf } from '../simulation/random.ts';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { manyKeys } from './many-keys.ts';
import { environment, run, runUnkey, unkeyFile } from './run-unkey.ts';
import { endServers, type ServerProcess, startServer } from './server-process.ts';

const drops: (() => Promise<void>)[] = [];
afterEach(endServers);
afterAll(async () => {
  for (const drop of drops) await drop();
  await removeDataDirs();
});

const password = 'not-to-be-shown';

/** The URL of a new database that accepts any password: a test can check that it is not printed. */
async function newDatabaseUrl(): Promise<string> {
  const { url, drop } = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  drops.push(drop);
  const withPassword = new URL(url);
  withPassword.password = password;
  return withPassword.href;
}

function migrateData(from: string, to: string, ...more: string[]) {
  return runUnkey(['migrate-data', '--from', from, '--to', to, ...more]);
}

async function stop(server: ServerProcess): Promise<void> {
  server.signal('SIGTERM');
  await server.ended;
}

describe('a service that is moved', () => {
  test('works as before: every response, every key, and back again', async () => {
    const dataDir = await newDataDir();
    const first = await startServer({ dataDir });
    await first.said('What next');
    const rootKey = first.rootKey();
    const world = await arrange(first, dataDir);
    const before = await answersOf(first, world);
    await stop(first);

    const url = await newDatabaseUrl();
    const moved = await migrateData(dataDir, url);
    expect(moved).toMatchObject({ status: 0 });
    expect(moved.stderr).toMatch(/^copying: 100% \((\d+) of \1 rows\)$/m);
    expect(moved.stderr).toMatch(/^comparing: 100% /m);
    expectNoSecrets(`${moved.stdout}${moved.stderr}`, dataDir, url);

    const masterKey = await exportedMasterKey(moved.stdout);
    const env = { DATABASE_URL: url, UNKEY_MASTER_KEY: masterKey };
    const second = await startServer({ dataDir: await newDataDir(), rootKey, env });
    expect(await answersOf(second, world)).toEqual(before);
    await useEverything(second, world, { remaining: 9 });
    const after = await answersOf(second, world);
    await stop(second);

    const folder = await newDataDir();
    const back = await migrateData(url, folder);
    expect(back).toMatchObject({ status: 0 });
    expect(back.stdout).toContain(`--data-dir ${folder} and the same UNKEY_MASTER_KEY`);
    const third = await startServer({ dataDir: folder, rootKey, env: { UNKEY_MASTER_KEY: masterKey } });
    expect(await answersOf(third, world)).toEqual(after);
    await useEverything(third, world, { remaining: 8 });
  });

  test('waits until its server is stopped', async () => {
    const dataDir = await newDataDir();
    const server = await startServer({ dataDir });
    const url = await newDatabaseUrl();
    const refused = await migrateData(dataDir, url);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain(`in use by process ${server.pid}`);
    await stop(server);
    expect(await migrateData(dataDir, url)).toMatchObject({ status: 0 });
  });
});

test('killed repeatedly, it resumes each time, and every row arrives once', async () => {
  const source = filledFolder();
  const url = await newDatabaseUrl();
  const random = randomOf(4);
  let copied = 0;
  for (let round = 0; round < 6; round++) {
    const lines = await killedAfter(source.place.dataDir, url, 1 + random.below(2));
    const done = Number(/\((\d+) of/.exec(lines.at(-1) ?? '')?.[1]);
    if (lines.at(-1)?.startsWith('copying')) {
      expect(done).toBeGreaterThan(copied);
      copied = done;
    }
    // A server must not serve a part.
    const early = await runUnkey(['workspaces', 'list'], { env: { DATABASE_URL: url } });
    expect(early).toMatchObject({ status: 1, stdout: '' });
    expect(early.stderr).toContain('migrate-data');
  }
  const last = await migrateData(source.place.dataDir, url, '--json');
  expect(last).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(last.stdout).resumedRows).toBeGreaterThanOrEqual(copied);

  const back = newFolder();
  expect(await migrateData(url, back.place.dataDir)).toMatchObject({ status: 0 });
  expect(back.contents()).toEqual(source.contents());
});

test('50,000 keys, far more than the memory that it may use, arrive', async () => {
  const dataDir = await newDataDir();
  const bytes = manyKeys(dataDir, 50_000);
  const heapMegabytes = 80;
  expect(bytes).toBeGreaterThan(1.5 * heapMegabytes * 1024 * 1024);
  const url = await newDatabaseUrl();
  const words = [unkeyFile, 'migrate-data', '--from', dataDir, '--to', url, '--json'];
  const moved = await run(process.execPath, [`--max-old-space-size=${heapMegabytes}`, ...words]);
  expect(moved).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(moved.stdout).tables.keys.rows).toBe(50_000);
}, 180_000);

describe('data that cannot be moved', () => {
  test('is reported in one line without the URL, and leaves nothing behind', async () => {
    const url = await newDatabaseUrl();
    const folder = await newDataDir();
    const refused = await migrateData(folder, url);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toBe(`unkey: There is no database in ${folder}.\n`);
    expect(existsSync(folder)).toBe(false);
  });

  test('a target that servers have begun to use keeps its data', async () => {
    const url = await newDatabaseUrl();
    const env = { DATABASE_URL: url, UNKEY_MASTER_KEY: 'off' };
    const server = await startServer({ dataDir: await newDataDir(), env });
    const source = filledFolder().place.dataDir;
    const busy = await migrateData(source, url);
    expect(busy).toMatchObject({ status: 1, stdout: '' });
    expect(busy.stderr).toContain('in use by unkey-ts');
    await stop(server);
    const refused = await migrateData(source, url);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('holds data already');
    expect(`${busy.stderr}${refused.stderr}`).not.toContain(password);
  });

  test('an invalid place, or the same place, is a usage error', async () => {
    const folder = filledFolder().place.dataDir;
    for (const to of ['mysql://u:not-to-be-shown@h/d', 'postgres://u:not-to-be-shown@[/d', folder]) {
      const refused = await migrateData(folder, to);
      expect(refused).toMatchObject({ status: 2, stdout: '' });
      expect(refused.stderr).not.toContain(password);
    }
  });
});

interface World {
  readonly apiId: string;
  readonly keys: readonly { readonly keyId: string; readonly key: string }[];
  readonly purse: { readonly keyId: string; readonly key: string };
  readonly recoverable: { readonly keyId: string; readonly key: string };
  readonly deleted: { readonly key: string };
  readonly limited: { readonly key: string };
  readonly reader: string;
  readonly kept: { readonly body: object; readonly response: unknown };
  readonly legacy: { readonly key: string; readonly migrationId: string };
}

const keptHeaders = { 'idempotency-key': 'once-and-for-all' };

/** One resource of every kind. */
async function arrange(server: ServerProcess, dataDir: string): Promise<World> {
  const make = async (operation: OperationId, body: object) => {
    const { status, body: response } = await server.call(operation, body);
    if (status !== 200) throw new Error(`${operation} returned ${JSON.stringify(response)}`);
    return response.data;
  };
  const unkey = async (...words: string[]) => {
    const ran = await runUnkey([...words, '--json', '--data-dir', dataDir]);
    if (ran.status !== 0) throw new Error(ran.stderr);
    return JSON.parse(ran.stdout);
  };
  const { apiId } = await make('apis.createApi', { name: 'Käse 🧀' });
  const permissions = ['docs.read', 'docs.write'];
  await make('permissions.createPermission', { name: 'Read', slug: 'docs.read', description: 'reads' });
  const { roleId } = await make('permissions.createRole', { name: 'Editor', description: 'édite' });
  await make('permissions.setRolePermissions', { roleId, permissions: ['docs.write'] });
  const ratelimits = [{ name: 'calls', limit: 1_000_000_000_000, duration: 60_000, autoApply: true }];
  await make('identities.createIdentity', { externalId: 'user_1', meta: { a: [1, 'é', null] }, ratelimits });
  const newKey = (members: object) => make('keys.createKey', { apiId, ...members });
  const plain = await newKey({ name: 'plain', prefix: 'acme', permissions, meta: { deep: { '😀': 1.5 } } });
  const owned = await newKey({
    externalId: 'user_1',
    roles: ['Editor'],
    enabled: false,
    expires: 4102444800000,
  });
  const recoverable = await newKey({ name: 'shown again', recoverable: true });
  const refill = { interval: 'monthly', amount: 500, refillDay: 31 };
  const purse = await newKey({ credits: { remaining: 10, refill } });
  const limited = await newKey({
    ratelimits: [{ name: 'one', limit: 1, duration: 3_600_000, autoApply: true }],
  });
  const deleted = await newKey({ name: 'gone' });
  await make('keys.deleteKey', { keyId: deleted.keyId });
  const mail = { namespace: 'mail', identifier: 'vip_1', limit: 1, duration: 1000 };
  await make('ratelimit.limit', mail);
  await make('ratelimit.setOverride', { namespace: 'mail', identifier: 'vip*', limit: 7, duration: 1000 });
  const { migrationId } = await unkey('migrations', 'create', '--name', 'legacy', '--algorithm', 'sha256');
  const legacyHash = Buffer.from(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode('an-old-key')),
  ).toString('base64');
  const { migrated } = await make('keys.migrateKeys', { migrationId, apiId, keys: [{ hash: legacyHash }] });
  expect(migrated).toHaveLength(1);
  const reader = await unkey(
    ...['root-keys', 'create', '--name', 'reader', '--permissions', `api.${apiId}.read_api`],
  );
  await make('keys.verifyKey', { key: purse.key });
  const keptBody = { apiId, name: 'made once' };
  const kept = await post(`${server.url}/v2/keys.createKey`, keptBody, {
    rootKey: server.rootKey(),
    headers: keptHeaders,
  });
  return {
    apiId,
    keys: [plain, owned, recoverable, purse, limited],
    purse,
    recoverable,
    deleted,
    limited,
    reader: reader.key,
    kept: { body: keptBody, response: kept.body.data },
    legacy: { key: 'an-old-key', migrationId },
  };
}

/** Responses of the API, without the members that differ each time. */
async function answersOf(server: ServerProcess, { apiId, keys, kept }: World): Promise<unknown[]> {
  const calls: [OperationId, object][] = [
    ['apis.getApi', { apiId }],
    ['apis.listKeys', { apiId, decrypt: true }],
    ['identities.listIdentities', {}],
    ['permissions.listPermissions', {}],
    ['permissions.listRoles', {}],
    ['ratelimit.listOverrides', { namespace: 'mail' }],
    ...keys.map(({ keyId }): [OperationId, object] => ['keys.getKey', { keyId }]),
  ];
  const results: unknown[] = [];
  for (const [operation, body] of calls) {
    const reply = await server.call(operation, body);
    expect(reply.status, JSON.stringify(reply.body)).toBe(200);
    results.push({ operation, data: withoutUse(reply.body.data), pagination: reply.body.pagination });
  }
  const again = await post(`${server.url}/v2/keys.createKey`, kept.body, {
    rootKey: server.rootKey(),
    headers: keptHeaders,
  });
  expect(again.body.data).toEqual(kept.response);
  return results;
}

/** Waits until the last-used time of a key is written. */
function withoutUse(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data), (name, value) => (name === 'lastUsedAt' ? undefined : value));
}

async function useEverything(
  server: ServerProcess,
  world: World,
  { remaining }: { remaining: number },
): Promise<void> {
  const verify = async (key: string, members: object = {}) =>
    (await server.call('keys.verifyKey', { key, ...members })).body.data;
  const [plain, owned] = world.keys;
  expect(await verify(plain?.key ?? '', { permissions: 'docs.read AND docs.write' })).toMatchObject({
    code: 'VALID',
    keyId: plain?.keyId,
  });
  expect(await verify(owned?.key ?? '')).toMatchObject({ code: 'DISABLED' });
  expect(await verify(world.purse.key)).toMatchObject({ code: 'VALID', credits: remaining - 1 });
  expect(await verify(world.deleted.key)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await verify(world.limited.key)).toMatchObject({ code: 'VALID' });
  expect(await verify(world.limited.key)).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await verify(world.legacy.key, { migrationId: world.legacy.migrationId })).toMatchObject({
    code: 'VALID',
  });
  const read = await server.call('keys.getKey', { keyId: world.recoverable.keyId, decrypt: true });
  expect(read.body.data.plaintext).toBe(world.recoverable.key);
  expect((await server.call('apis.getApi', { apiId: world.apiId }, world.reader)).status).toBe(200);
  expect((await server.call('apis.deleteApi', { apiId: world.apiId }, world.reader)).status).toBe(403);
  const limit = { namespace: 'mail', identifier: 'vip_1', limit: 1, duration: 1000 };
  expect((await server.call('ratelimit.limit', limit)).body.data).toMatchObject({ limit: 7 });
}

/** The environment that the printed command sets. */
async function exportedMasterKey(stdout: string): Promise<string> {
  const command = /^ {2}(export UNKEY_MASTER_KEY=.*)$/m.exec(stdout)?.[1] ?? '';
  const ran = await run('sh', [], { input: `${command}\nprintf %s "$UNKEY_MASTER_KEY"\n` });
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return ran.stdout;
}

function expectNoSecrets(text: string, dataDir: string, url: string): void {
  expect(text).not.toContain(password);
  expect(text).not.toContain(new URL(url).pathname.slice(1));
  expect(text).not.toContain(readFileSync(join(dataDir, 'master.key'), 'utf8').trim());
}

/** Resolves after the kill to the output until then. */
function killedAfter(from: string, to: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [unkeyFile, 'migrate-data', '--from', from, '--to', to], {
    env: environment({}),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    child.once('close', (_, signal) => {
      expect(signal).toBe('SIGKILL');
      resolve(text.trimEnd().split('\n'));
    });
  });
}
