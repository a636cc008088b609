import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startService } from '../../tests/service.ts';

const program = new URL('main.mjs', import.meta.url).pathname;
const run = promisify(execFile);

test('the example starts a service of its own, and everything is as it should be', async () => {
  const { UNKEY_SERVER_URL: _, UNKEY_ROOT_KEY: __, ...env } = process.env;
  const { stdout } = await run(process.execPath, [program], { env });
  expect(stdout).toContain('429 {"error":"USAGE_EXCEEDED"}');
  expect(stdout).toContain('403 {"error":"INSUFFICIENT_PERMISSIONS"}');
  expect(stdout).toMatch(/ConflictErrorResponse, identity_already_exists, req_\w+: /);
  expect(stdout).toContain('NotFoundErrorResponse, api_not_found: ');
  expect(stdout).toContain('Everything is as it should be.');
});

test('with a service that runs, no identity stays behind', async () => {
  const service = await startService();
  try {
    const env = { ...process.env, UNKEY_SERVER_URL: service.url, UNKEY_ROOT_KEY: service.rootKey };
    await run(process.execPath, [program], { env });
    expect((await service.call('identities.listIdentities', {})).body.data).toEqual([]);
  } finally {
    await service.close();
  }
});

test('a wrong root key ends it with 1, and says why without telling the key', async () => {
  const service = await startService();
  try {
    const env = { ...process.env, UNKEY_SERVER_URL: service.url, UNKEY_ROOT_KEY: 'unkey_nobody' };
    const failure = await run(process.execPath, [program], { env }).catch((error) => error);
    expect(failure.code).toBe(1);
    expect(failure.stderr).toContain('apis.createApi failed, UnauthorizedErrorResponse: ');
    expect(failure.stdout + failure.stderr).not.toContain('unkey_nobody');
  } finally {
    await service.close();
  }
});
