import { operationIds } from '@unkey-ts/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';
import { type Ran, run, runtime, runUnkey, unkeyFile } from './run-unkey.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

function unkey(words: readonly string[], input?: string): Promise<Ran> {
  return runUnkey(words, {
    env: { UNKEY_URL: service.url, UNKEY_ROOT_KEY: service.rootKey },
    ...(input !== undefined && { input }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: looked into by tests that know its shape
async function dataOf(words: readonly string[], input?: string): Promise<any> {
  const ran = await unkey(words, input);
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ran.stdout).data;
}

describe('an operation of the API', () => {
  test('accepts members as flags, in either spelling, with their types', async () => {
    const { apiId } = await dataOf(['apis', 'createApi', '--name', 'from the shell']);
    const { keyId } = await dataOf([
      ...['keys', 'create-key', '--api-id', apiId, '--prefix=sh', '--name', '-dashed', '--byteLength', '20'],
      ...['--permissions', 'a.read,a.write', '--permissions', 'b.read', '--credits', '{"remaining":3}'],
      ...['--enabled', 'false', '--recoverable'],
    ]);
    expect(await dataOf(['keys', 'getKey', '--keyId', keyId, '--decrypt', 'true'])).toMatchObject({
      name: '-dashed',
      enabled: false,
      permissions: ['a.read', 'a.write', 'b.read'],
      credits: { remaining: 3 },
      plaintext: expect.stringMatching(/^sh_/),
    });
  });

  test('accepts a whole body from a flag or standard input, and flags override it', async () => {
    const { apiId } = await dataOf(['apis', 'createApi', '--body', '{"name":"as JSON"}']);
    expect(await dataOf(['apis', 'getApi', '--body', '-'], JSON.stringify({ apiId }))).toMatchObject({
      name: 'as JSON',
    });
    const limits = JSON.stringify([{ namespace: 'n', identifier: 'i', limit: 1, duration: 60_000 }]);
    expect(await dataOf(['ratelimit', 'multiLimit', '--body', limits])).toMatchObject({ passed: true });
    const named = await dataOf(['apis', 'createApi', '--body', '{"name":"first"}', '--name', 'second']);
    expect(await dataOf(['apis', 'getApi', '--apiId', named.apiId])).toMatchObject({ name: 'second' });
  });

  test('is refused with title, detail and every place that is wrong', async () => {
    const ran = await unkey(['keys', 'createKey', '--apiId', 'x', '--byteLength', '1000']);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain('Bad Request (400)');
    expect(ran.stderr).toContain('body.apiId');
    expect(ran.stderr).toContain('body.byteLength');
    expect(ran.stderr).toContain('req_');
  });

  test('needs a root key unless it is public', async () => {
    const env = { UNKEY_URL: service.url };
    const ran = await runUnkey(['apis', 'createApi', '--name', 'abc'], { env });
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain('UNKEY_ROOT_KEY');
    expect((await runUnkey(['liveness'], { env })).status).toBe(0);
    const given = ['apis', 'createApi', '--name', 'abc', '--root-key', service.rootKey];
    expect((await runUnkey(given, { env })).status).toBe(0);
  });

  test('prints one line with --json', async () => {
    const ran = await unkey(['liveness', '--json']);
    expect(ran.stdout).toMatch(/^\{.*\}\n$/);
  });

  test('says how to start the service when nothing listens', async () => {
    const ran = await runUnkey(['liveness', '--url', 'http://127.0.0.1:1']);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain('unkey serve');
  });
});

describe('the help', () => {
  test('lists every operation', async () => {
    const { stdout, status } = await runUnkey(['help']);
    expect(status).toBe(0);
    for (const id of operationIds) expect(stdout).toContain(`  ${id.replace('.', ' ')} `);
  });

  test('of a command names its flags, of a group its commands', async () => {
    expect((await runUnkey(['keys', 'verifyKey', '--help'])).stdout).toContain('--ratelimits JSON');
    expect((await runUnkey(['root-keys', '--help'])).stdout).toContain('root-keys disable KEY_ID');
  });
});

describe('a command line that is not valid ends with status 2 and names the word', () => {
  test.each([
    [['sreve'], "Did you mean 'serve'?"],
    [['keys', 'creatKey'], "Did you mean 'createKey'?"],
    [['keys'], 'needs a subcommand'],
    [['serve', '--prot', '1'], "'--port'"],
    [['root-keys', 'disable'], 'KEY_ID is required'],
    [['root-keys', 'list', 'extra'], "Unexpected argument 'extra'."],
    [['root-keys', 'create', '--permissions', 'all'], '--name'],
    [['backup', '--json=yes', 'file'], '--json takes no value'],
    [['serve', '--port'], '--port needs a value'],
    [['keys', 'createKey', '--byteLength', 'many', '--root-key', 'r'], '--byteLength'],
    [['keys', 'createKey', '--body', '{', '--root-key', 'r'], '--body is not valid JSON'],
  ])('%s', async (words, message) => {
    const ran = await runUnkey(words, { env: { UNKEY_DATA_DIR: service.place.dataDir } });
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain(message);
  });
});

describe('output that cannot be written', () => {
  test.each([
    [
      'to standard output ends with one line',
      '"$@" > /dev/full',
      1,
      'unkey: Standard output cannot be written (ENOSPC).\n',
    ],
    ['to standard error keeps the exit status', '"$@" no-such-command 2> /dev/full', 2, ''],
    ['because the reader is gone is no failure', '("$@"; echo "$?" >&2) | true', 0, '0\n'],
  ])('%s', async (_, shell, status, stderr) => {
    const ran = await run('sh', ['-c', shell, 'sh', runtime, unkeyFile, 'help']);
    expect(ran).toEqual({ status, stdout: '', stderr });
  });
});

test('a name with control characters is shown escaped, and in JSON means the same', async () => {
  const name = 'a\x1b[31m\x9b\u202e';
  const { apiId } = (await service.call('apis.createApi', { name })).body.data;
  const env = {
    UNKEY_DATA_DIR: service.place.dataDir,
    UNKEY_URL: service.url,
    UNKEY_ROOT_KEY: service.rootKey,
  };
  const listed = await runUnkey(['apis', 'list'], { env });
  expect(listed.stdout).toContain('a\\u001b[31m\\u009b\\u202e');
  const read = await runUnkey(['apis', 'getApi', '--apiId', apiId], { env });
  expect(read.stdout).not.toMatch(/[\x9b\u202e]/);
  expect(JSON.parse(read.stdout).data.name).toBe(name);
});
