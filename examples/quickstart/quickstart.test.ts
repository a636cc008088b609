import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startService } from '../../tests/service.ts';

const program = new URL('main.mjs', import.meta.url).pathname;
const run = promisify(execFile);

test('the quickstart starts a service of its own, and its sums add up', async () => {
  const { UNKEY_URL: _, UNKEY_ROOT_KEY: __, ...env } = process.env;
  const { stdout } = await run(process.execPath, [program], { env });
  expect(stdout).toMatch(/free +30 +3000 +1800 +900 +0 +300 +0\n/);
  expect(stdout).toMatch(/pro +15 +1500 +1200 +0 +300 +0 +13800\n/);
  expect(stdout).toMatch(/business +5 +500 +500 +0 +0 +0 +unlimited\n/);
  expect(stdout).toContain('the old one is EXPIRED, the new one VALID.');
  expect(stdout).toContain('Everything adds up.');
});

test('with a service that runs, wrong sums end it with 1, and no identity and no role stay behind', async () => {
  const service = await startService();
  try {
    // The roles now hold a permission that is spelt otherwise than the verifications ask for it.
    await service.call('permissions.createPermission', { name: 'Read', slug: 'Reports.Read' });
    const env = { ...process.env, UNKEY_URL: service.url, UNKEY_ROOT_KEY: service.rootKey };
    const failure = await run(process.execPath, [program], { env }).catch((error) => error);
    expect(failure.code).toBe(1);
    expect(failure.stdout).toContain(`The service is at ${service.url}.`);
    expect(failure.stdout).toContain('WRONG: VALID on plan free should be 1800 and is 0.');
    expect((await service.call('identities.listIdentities', {})).body.data).toEqual([]);
    expect((await service.call('permissions.listRoles', {})).body.data).toEqual([]);
  } finally {
    await service.close();
  }
});
