import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allRootKeyPermissions } from '@unkey-ts/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { type Ran, runUnkey } from './run-unkey.ts';
import { endServers, type ServerProcess, startServer } from './server-process.ts';

let server: ServerProcess;
let dataDir: string;

beforeAll(async () => {
  dataDir = await newDataDir();
  server = await startServer({ dataDir });
  await server.said('What next');
});

afterAll(async () => {
  await endServers();
  await removeDataDirs();
});

/** Runs a local command beside the running server. */
function unkey(...words: string[]): Promise<Ran> {
  return runUnkey([...words, '--data-dir', dataDir]);
}

/** The same, and its JSON. */
// biome-ignore lint/suspicious/noExplicitAny: looked into by tests that know its shape
async function unkeyJson(...words: string[]): Promise<any> {
  const ran = await unkey(...words, '--json');
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  expect(ran.stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(ran.stdout);
}

async function newApi(name = 'an api'): Promise<string> {
  return (await server.call('apis.createApi', { name })).body.data.apiId;
}

async function newKey(apiId: string, members: object = {}): Promise<{ keyId: string; key: string }> {
  return (await server.call('keys.createKey', { apiId, ...members })).body.data;
}

async function lastAudit(): Promise<{ event: string; actor: object; resources: object[] }> {
  const [record] = await unkeyJson('audit', 'list', '--limit', '1');
  return record;
}

const byCli = { type: 'system', id: 'cli', name: 'unkey CLI' };

describe('root keys', () => {
  test('a new one is accepted by the next request, with its permissions only', async () => {
    const apiId = await newApi();
    const made = await unkeyJson(
      ...['root-keys', 'create', '--name', 'reader', '--permissions', `api.${apiId}.read_api`],
    );
    expect(made).toEqual({
      keyId: expect.stringMatching(/^key_/),
      key: expect.stringMatching(/^unkey_/),
      workspaceId: expect.stringMatching(/^ws_/),
    });
    expect((await server.call('apis.getApi', { apiId }, made.key)).status).toBe(200);
    expect((await server.call('apis.createApi', { name: 'more' }, made.key)).status).toBe(403);
    expect(await lastAudit()).toMatchObject({ event: 'rootKey.create', actor: byCli });
  });

  test('`all` gives every permission, and --expires ends it', async () => {
    const { key, keyId } = await unkeyJson(
      ...['root-keys', 'create', '--name', 'old', '--permissions', 'all', '--expires', '1000'],
    );
    const response = await server.call('apis.createApi', { name: 'late' }, key);
    expect(response.body.error.type).toContain('unkey/authorization/forbidden');
    const listed = await unkeyJson('root-keys', 'list');
    expect(listed.find((rootKey: { keyId: string }) => rootKey.keyId === keyId)).toMatchObject({
      name: 'old',
      expiresAt: 1000,
      enabled: true,
      permissions: [...allRootKeyPermissions].sort(),
    });
  });

  test('a URN grant works in its own workspace, and is refused for another', async () => {
    const apiId = await newApi();
    const apis = await unkeyJson('apis', 'list');
    const api = apis.find((row: { apiId: string }) => row.apiId === apiId);
    const grant = (workspaceId: string) => `unkey:v1:${workspaceId}:keyspaces/${api.keyspaceId}#create_key`;
    const made = await unkeyJson(
      ...['root-keys', 'create', '--name', 'urn', '--permissions', grant(api.workspaceId)],
    );
    expect((await server.call('keys.createKey', { apiId }, made.key)).status).toBe(200);
    const ran = await unkey(
      ...['root-keys', 'create', '--name', 'urn', '--permissions', grant('ws_other'), '--json'],
    );
    expect(ran.stderr).toContain('grants nothing in this workspace');
    const foreign = JSON.parse(ran.stdout);
    expect((await server.call('keys.createKey', { apiId }, foreign.key)).status).toBe(404);
  });

  test('an unknown permission is reported with the nearest known one', async () => {
    const ran = await unkey(
      'root-keys',
      'create',
      '--name',
      'x',
      '--permissions',
      'api.*.reed_key',
      '--json',
    );
    expect(ran.status).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ keyId: expect.stringMatching(/^key_/) });
    expect(ran.stderr).toContain("Did you mean 'api.*.read_key'?");
  });

  test('disable, enable and delete reach the next request', async () => {
    const { key, keyId } = await unkeyJson('root-keys', 'create', '--name', 'a', '--permissions', 'all');
    const call = async () => (await server.call('permissions.listRoles', {}, key)).body.error?.type ?? 'ok';
    expect(await call()).toBe('ok');
    await unkeyJson('root-keys', 'disable', keyId);
    expect(await call()).toContain('key_disabled');
    await unkeyJson('root-keys', 'enable', keyId);
    expect(await call()).toBe('ok');
    await unkeyJson('root-keys', 'delete', keyId);
    expect(await call()).toContain('key_not_found');
    expect(await lastAudit()).toMatchObject({ event: 'rootKey.delete', actor: byCli });
    expect((await unkey('root-keys', 'enable', keyId)).status).toBe(1);
  });
});

describe('workspaces', () => {
  test('a new one has root keys of its own, and can be disabled and limited', async () => {
    const { workspaceId } = await unkeyJson('workspaces', 'create', '--name', 'second');
    try {
      const unnamed = await unkey('root-keys', 'create', '--name', 'x', '--permissions', 'all');
      expect(unnamed).toMatchObject({ status: 1, stdout: '' });
      expect(unnamed.stderr).toContain(workspaceId);

      const { key } = await unkeyJson(
        ...['root-keys', 'create', '--name', 'x', '--permissions', 'all', '--workspace', workspaceId],
      );
      const call = async () => (await server.call('permissions.listRoles', {}, key)).status;
      expect(await call()).toBe(200);
      await unkeyJson('workspaces', 'disable', workspaceId);
      expect(await call()).toBe(403);
      await unkeyJson('workspaces', 'enable', workspaceId);
      expect(await unkeyJson('workspaces', 'limit', workspaceId, '0')).toMatchObject({
        requestsPerMinute: 0,
      });
      expect(await call()).toBe(429);
      expect(await unkeyJson('workspaces', 'limit', workspaceId, 'none')).toMatchObject({
        requestsPerMinute: null,
      });
      expect(await call()).toBe(200);
      expect(await lastAudit()).toMatchObject({ event: 'workspace.update', actor: byCli });
    } finally {
      await unkeyJson('workspaces', 'disable', workspaceId);
    }
  });
});

describe('APIs', () => {
  test('a protected one is not deleted until it is unprotected', async () => {
    const apiId = await newApi();
    await unkeyJson('apis', 'protect', apiId);
    expect((await server.call('apis.deleteApi', { apiId })).status).toBe(412);
    await unkeyJson('apis', 'unprotect', apiId);
    expect((await server.call('apis.deleteApi', { apiId })).status).toBe(200);
    expect((await unkey('apis', 'protect', apiId)).stderr).toContain(`There is no API ${apiId}`);
  });

  test('allowed addresses hold for a key that was verified a moment ago', async () => {
    const apiId = await newApi();
    const { key } = await newKey(apiId);
    const verify = async () => (await server.call('keys.verifyKey', { key })).body.data.code;
    expect(await verify()).toBe('VALID');
    await unkeyJson('apis', 'allow-ips', apiId, '192.0.2.0/24,2001:db8::/32');
    expect(await verify()).toBe('FORBIDDEN');
    expect(await lastAudit()).toMatchObject({ event: 'api.update', resources: [{ id: apiId }] });
    await unkeyJson('apis', 'allow-ips', apiId, 'none');
    expect(await verify()).toBe('VALID');
    expect((await unkey('apis', 'allow-ips', apiId, '10.0.0.0/33')).status).toBe(2);
  });

  test('defaults shape new keys', async () => {
    const apiId = await newApi();
    await unkeyJson('apis', 'defaults', apiId, '--prefix', 'acme', '--byte-length', '32');
    const { key } = await newKey(apiId);
    expect(key).toMatch(/^acme_\w{40,}$/);
    expect(await unkeyJson('apis', 'defaults', apiId, '--prefix', 'none')).toMatchObject({
      defaultPrefix: null,
      defaultByteLength: 32,
    });
    expect((await unkey('apis', 'defaults', apiId, '--byte-length', '15')).status).toBe(2);
    expect((await unkey('apis', 'defaults', apiId)).status).toBe(2);
  });
});

test('a deleted namespace gets 410, and a restored one has its overrides', async () => {
  const limit = async () => {
    const body = { namespace: 'uploads', identifier: 'u', limit: 5, duration: 60_000 };
    return server.call('ratelimit.limit', body);
  };
  await limit();
  await server.call('ratelimit.setOverride', {
    ...{ namespace: 'uploads', identifier: 'u', limit: 77, duration: 60_000 },
  });
  await unkeyJson('namespaces', 'delete', 'uploads');
  expect((await limit()).status).toBe(410);
  const { namespaceId } = await unkeyJson('namespaces', 'restore', 'uploads');
  expect((await limit()).body.data.limit).toBe(77);
  expect(await unkeyJson('namespaces', 'list')).toContainEqual(
    expect.objectContaining({ namespaceId, name: 'uploads', deletedAt: null }),
  );
  expect((await unkey('namespaces', 'delete', 'nothing')).status).toBe(1);
});

test('keys are migrated with a migration created on the command line', async () => {
  const apiId = await newApi();
  const { migrationId, workspaceId } = await unkeyJson(
    ...['migrations', 'create', '--name', 'old system', '--algorithm', 'sha256'],
    ...['--workspace', (await unkeyJson('workspaces', 'list'))[0].workspaceId],
  );
  expect(workspaceId).toMatch(/^ws_/);
  const migrated = await server.call('keys.migrateKeys', {
    ...{ migrationId, apiId, keys: [{ hash: 'a'.repeat(64) }] },
  });
  expect(migrated.body.data).toMatchObject({ failed: [], migrated: [{ hash: 'a'.repeat(64) }] });
  const refused = await unkey('migrations', 'create', '--name', 'x', '--algorithm', 'md5');
  expect(refused).toMatchObject({ status: 2, stdout: '' });
});

describe('audit list', () => {
  test('shows the records of a request, since a time and not before', async () => {
    const apiId = await newApi('for the log');
    const [record] = await unkeyJson('audit', 'list', '--since', '1h', '--limit', '1');
    expect(record).toMatchObject({ event: 'api.create', resources: [{ type: 'api', id: apiId }] });
    const [{ at }] = [record];
    expect(await unkeyJson('audit', 'list', '--since', String(at + 1))).toEqual([]);
    expect(await unkeyJson('audit', 'list', '--since', new Date(at).toISOString())).toHaveLength(1);
    expect(await unkeyJson('audit', 'list', '--workspace', 'ws_other')).toEqual([]);
    expect((await unkey('audit', 'list', '--since', 'yesterday')).status).toBe(2);
  });
});

describe('backup', () => {
  test('is a database that a server starts from, with everything in it', async () => {
    const apiId = await newApi('backed up');
    const { key } = await newKey(apiId, { credits: { remaining: 9 } });
    const file = `${dataDir}-copy.sqlite`;
    const made = await unkeyJson('backup', file);
    expect(made).toMatchObject({ file, masterKeyIncluded: false });

    const restoredDir = await newDataDir();
    await mkdir(restoredDir);
    await writeFile(join(restoredDir, 'unkey.sqlite'), readFileSync(file));
    await writeFile(join(restoredDir, 'master.key'), readFileSync(join(dataDir, 'master.key')));
    const restored = await startServer({ dataDir: restoredDir, rootKey: server.rootKey() });
    const verified = await restored.call('keys.verifyKey', { key });
    expect(verified.body.data).toMatchObject({ code: 'VALID', credits: 8 });
  });

  test('replaces nothing, and warns that the master key is not included', async () => {
    const file = `${dataDir}-once.sqlite`;
    const first = await unkey('backup', file);
    expect(first.stdout).toContain('master key is not in it');
    const content = readFileSync(file);
    const second = await unkey('backup', file);
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second.stderr).toContain('exists already');
    expect(readFileSync(file).equals(content)).toBe(true);
    expect((await unkey('backup', '/proc/nowhere/b.sqlite')).status).toBe(1);
  });
});

describe('secrets rotate', () => {
  test('creates a new key file with which the running server reads old and new secrets', async () => {
    const apiId = await newApi();
    const before = await newKey(apiId, { recoverable: true });
    const keyFile = join(dataDir, 'master.key');
    const formerKey = readFileSync(keyFile, 'utf8');
    expect(await unkeyJson('secrets', 'rotate')).toMatchObject({ workspaces: 1, source: keyFile });
    expect(readFileSync(keyFile, 'utf8')).not.toContain(formerKey.trim());
    expect(readFileSync(keyFile, 'utf8').trim().split('\n')).toHaveLength(1);
    const after = await newKey(apiId, { recoverable: true });
    for (const { keyId, key } of [before, after]) {
      const read = await server.call('keys.getKey', { keyId, decrypt: true });
      expect(read.body.data.plaintext).toBe(key);
    }
  });

  test('with UNKEY_MASTER_KEY rewraps under its first key, after which the others are not needed', async () => {
    const [former, current] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
    const folder = await newDataDir();
    const first = await startServer({ dataDir: folder, env: { UNKEY_MASTER_KEY: `${former}` } });
    await first.said('What next');
    const { apiId } = (await first.call('apis.createApi', { name: 'secrets' })).body.data;
    const made = (await first.call('keys.createKey', { apiId, recoverable: true })).body.data;
    first.signal('SIGTERM');
    await first.ended;

    const rotated = await runUnkey(['secrets', 'rotate', '--data-dir', folder], {
      env: { UNKEY_MASTER_KEY: `${current},${former}` },
    });
    expect(rotated).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(folder, 'master.key'))).toBe(false);
    const second = await startServer({
      dataDir: folder,
      env: { UNKEY_MASTER_KEY: `${current}` },
      rootKey: first.rootKey(),
    });
    const read = await second.call('keys.getKey', { keyId: made.keyId, decrypt: true });
    expect(read.body.data.plaintext).toBe(made.key);
  });

  test('without encryption is refused', async () => {
    const ran = await runUnkey(['secrets', 'rotate', '--data-dir', dataDir], {
      env: { UNKEY_MASTER_KEY: 'off' },
    });
    expect(ran).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('a data folder without a database', () => {
  test('is named, and nothing is created in it', async () => {
    const folder = await newDataDir();
    const ran = await runUnkey(['root-keys', 'list', '--data-dir', folder]);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain(folder);
    expect(ran.stderr).toContain('--data-dir');
    expect(existsSync(folder)).toBe(false);
  });

  test('may be named by UNKEY_DATA_DIR too', async () => {
    const ran = await runUnkey(['workspaces', 'list', '--json'], { env: { UNKEY_DATA_DIR: dataDir } });
    expect(JSON.parse(ran.stdout)[0]).toMatchObject({ name: 'Default', enabled: true });
  });
});

test('local commands work without a server', async () => {
  const folder = await newDataDir();
  const once = await startServer({ dataDir: folder });
  once.signal('SIGTERM');
  await once.ended;
  const made = await runUnkey([
    'root-keys',
    'create',
    '--name',
    'offline',
    '--permissions',
    'all',
    '--json',
    '--data-dir',
    folder,
  ]);
  const { key } = JSON.parse(made.stdout);
  const again = await startServer({ dataDir: folder, rootKey: key });
  expect((await again.call('apis.createApi', { name: 'by it' })).status).toBe(200);
});
