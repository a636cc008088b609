import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { type Ran, run, runUnkey } from './run-unkey.ts';
import { endServers, startServer } from './server-process.ts';

afterAll(async () => {
  await endServers();
  await removeDataDirs();
});

describe('unkey config', () => {
  test('shows each setting with its source, and no secret', async () => {
    const env = {
      PORT: '8080',
      UNKEY_ROOT_KEY: 'unkey_not-to-be-seen',
      REDIS_URL: 'redis://:not-to-be-seen@h:1',
    };
    const ran = await runUnkey(['config', '--host', '::'], { env });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^HOST +:: +--host$/m);
    expect(ran.stdout).toMatch(/^PORT +8080 +PORT$/m);
    expect(ran.stdout).toMatch(/^UNKEY_ROOT_KEY +\(hidden\) +UNKEY_ROOT_KEY$/m);
    expect(ran.stdout).toMatch(/^LOG_LEVEL +info +default$/m);
    expect(ran.stdout).not.toContain('not-to-be-seen');
  });

  test.each([
    ['DATABASE_URL', 'postgres://u:not-%to-be-seen@h/d', 'write the % itself as %25'],
    ['DATABASE_URL', 'postgres://u:not-to?be-seen@h/d', 'percent-encode'],
    ['DATABASE_URL', 'postgres://u:not-to-be-seen@h,i/d', 'several hosts'],
    ['REDIS_URL', 'redis://u:not-%to-be-seen@h', 'write the % itself as %25'],
    ['REDIS_URL', 'redis://h,i', 'several hosts'],
  ])('names what is wrong with %s, in the build: %s', async (name, value, reason) => {
    const { status, stderr } = await runUnkey(['config'], { env: { [name]: value } });
    expect(status).toBe(1);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('be-seen');
  });

  test('fails when a setting is not valid, and still shows all', async () => {
    const { status, stdout, stderr } = await runUnkey(['config'], { env: { PORT: 'none' } });
    expect(status).toBe(1);
    expect(stderr).toContain('PORT');
    expect(stdout).toContain('UNKEY_DATA_DIR');
  });
});

describe('unkey doctor', () => {
  const statesOf = ({ stdout }: Ran): Record<string, string> =>
    Object.fromEntries(
      JSON.parse(stdout).map(({ part, state }: { part: string; state: string }) => [part, state]),
    );
  const doctor = (dataDir: string, env: Record<string, string> = {}) =>
    runUnkey(['doctor', '--json', '--data-dir', dataDir], { env });

  test('finds nothing wrong with a folder that a server uses', async () => {
    const server = await startServer({ dataDir: await newDataDir() });
    const dataDir = server.output().match(/data in (.+)/)?.[1] ?? '';
    const ran = await doctor(dataDir);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(statesOf(ran)).toEqual({
      versions: 'ok',
      settings: 'ok',
      'data folder': 'ok',
      database: 'ok',
      'master key': 'ok',
    });
    const shown = await runUnkey(['doctor', '--data-dir', dataDir]);
    expect(shown.stdout.trim().split('\n')).toHaveLength(5);
  });

  test('creates nothing where there is nothing', async () => {
    const dataDir = await newDataDir();
    const ran = await doctor(dataDir);
    expect(statesOf(ran)).toMatchObject({ 'data folder': 'warning', database: 'ok' });
    expect(ran.status).toBe(0);
    expect(statesOf(await doctor(dataDir))).toMatchObject({ 'data folder': 'warning' });
  });

  test('names a folder open to others, a damaged file, and an unreachable database and Redis', async () => {
    const dataDir = await newDataDir();
    await mkdir(dataDir);
    await chmod(dataDir, 0o755);
    await writeFile(join(dataDir, 'unkey.sqlite'), 'this is not a database '.repeat(100));
    const ran = await doctor(dataDir, { REDIS_URL: 'redis://127.0.0.1:1' });
    expect(ran.status).toBe(1);
    expect(statesOf(ran)).toMatchObject({ 'data folder': 'warning', database: 'failed', redis: 'failed' });

    const url = 'postgres://user:not-to-be-seen@127.0.0.1:1/none';
    const remote = await doctor(dataDir, { DATABASE_URL: url });
    expect(remote.status).toBe(1);
    expect(statesOf(remote)).toMatchObject({ database: 'failed', 'master key': 'failed' });
    expect(remote.stdout).not.toContain('not-to-be-seen');
  });

  test('names the invalid settings, and checks nothing else', async () => {
    const ran = await doctor(await newDataDir(), { PORT: 'none' });
    expect(ran.status).toBe(1);
    expect(statesOf(ran)).toEqual({ versions: 'ok', settings: 'failed' });
  });
});

describe('unkey completion', () => {
  const completed = async (...words: string[]) => {
    const script = `
      eval "$(cat)"
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _unkey
      echo "\${COMPREPLY[*]}"
    `;
    const { stdout: input } = await runUnkey(['completion', 'bash']);
    const ran = await run('bash', ['--norc', '-c', script, 'bash', 'unkey', ...words], { input });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    return ran.stdout.trim();
  };

  test('completes commands, subcommands and flags in bash', async () => {
    expect(await completed('ser')).toBe('serve');
    expect(await completed('root-keys', 'cr')).toBe('create');
    expect(await completed('root-keys', 'create', '--perm')).toBe('--permissions');
    expect(await completed('serve', '--data-dir', '/tmp', '--po')).toBe('--port');
    expect(await completed('keys', 'verif')).toBe('verifyKey');
  });

  test('has every command for zsh and fish, and refuses another shell', async () => {
    const zsh = await runUnkey(['completion', 'zsh']);
    expect(zsh.stdout).toMatch(/^#compdef unkey\n/);
    const fish = await runUnkey(['completion', 'fish']);
    expect(fish.stdout).toContain("-a verifyKey -d 'Verify a key.'");
    expect(await runUnkey(['completion', 'tcsh'])).toMatchObject({ status: 2, stdout: '' });
  });
});
