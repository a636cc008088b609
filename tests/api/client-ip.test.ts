import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';

/** The same service, with and without a proxy that it trusts; every test connects from 127.0.0.1. */
let trusting: Service;
let plain: Service;
beforeAll(async () => {
  trusting = await startService({ env: { UNKEY_TRUSTED_PROXIES: '127.0.0.1' } });
  plain = await startService();
});
afterAll(() => Promise.all([trusting.close(), plain.close()]));

/** A key of an API with this list of allowed addresses. */
async function makeKey(service: Service, allowedIps: string | null, members: object = {}) {
  const { apiId } = (await service.call('apis.createApi', { name: 'walled' })).body.data;
  const made = (await service.call('keys.createKey', { apiId, ...members })).body.data;
  await allow(service, apiId, allowedIps);
  return { apiId, keyId: made.keyId as string, key: made.key as string };
}

function allow(service: Service, apiId: string, allowedIps: string | null): Promise<void> {
  return service.app.services.storage.write((store) =>
    store.apis.update(service.workspaceId, apiId, { allowedIps }),
  );
}

async function verify(service: Service, key: string, headers: Record<string, string> = {}) {
  return (await service.call('keys.verifyKey', { key }, { headers })).body.data;
}

const from = (address: string) => ({ 'x-forwarded-for': address });

test('behind a trusted proxy the forwarded address decides', async () => {
  const { key } = await makeKey(trusting, '123.123.123.123');
  expect(await verify(trusting, key, from('192.168.1.1'))).toMatchObject({ valid: false, code: 'FORBIDDEN' });
  expect(await verify(trusting, key, from('123.123.123.123'))).toMatchObject({ code: 'VALID' });
  expect(await verify(trusting, key)).toMatchObject({ code: 'FORBIDDEN' });
});

test('addresses that a client writes before the proxy do not count', async () => {
  const { key } = await makeKey(trusting, '123.123.123.123');
  expect(await verify(trusting, key, from('123.123.123.123, 192.168.1.1'))).toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(await verify(trusting, key, from('192.168.1.1, 123.123.123.123'))).toMatchObject({ code: 'VALID' });
  expect(await verify(trusting, key, { 'true-client-ip': '123.123.123.123' })).toMatchObject({
    code: 'FORBIDDEN',
  });
});

test('without a trusted proxy the forwarded address is ignored', async () => {
  const { key } = await makeKey(plain, '123.123.123.123');
  expect(await verify(plain, key, from('123.123.123.123'))).toMatchObject({ code: 'FORBIDDEN' });
  const local = await makeKey(plain, '127.0.0.1');
  expect(await verify(plain, local.key, from('123.123.123.123'))).toMatchObject({ code: 'VALID' });
});

test('a list holds addresses and blocks of both families', async () => {
  const { key } = await makeKey(trusting, ' 10.0.0.0/8 , 2001:db8::/32,192.0.2.7 ');
  const verdicts = {
    '10.255.0.1': 'VALID',
    '11.0.0.1': 'FORBIDDEN',
    '[2001:db8::1]:443': 'VALID',
    '2001:db9::1': 'FORBIDDEN',
    '192.0.2.7:5555': 'VALID',
    '192.0.2.8': 'FORBIDDEN',
  };
  for (const [address, code] of Object.entries(verdicts)) {
    expect(await verify(trusting, key, from(address)), address).toMatchObject({ code });
  }
});

test('a change of the list counts from the next verification on', async () => {
  const { apiId, key } = await makeKey(trusting, null);
  expect(await verify(trusting, key, from('192.168.1.1'))).toMatchObject({ code: 'VALID' });
  await allow(trusting, apiId, '123.123.123.123');
  expect(await verify(trusting, key, from('192.168.1.1'))).toMatchObject({ code: 'FORBIDDEN' });
  await allow(trusting, apiId, null);
  expect(await verify(trusting, key, from('192.168.1.1'))).toMatchObject({ code: 'VALID' });
});

test('FORBIDDEN comes after EXPIRED and before INSUFFICIENT_PERMISSIONS, and nothing is counted', async () => {
  const walled = await makeKey(trusting, '123.123.123.123', {
    name: 'Laptop',
    credits: { remaining: 5 },
    ratelimits: [{ name: 'requests', limit: 1, duration: 60_000, autoApply: true }],
  });
  const body = { key: walled.key, permissions: 'nobody.has.this' };
  const { data } = (await trusting.call('keys.verifyKey', body)).body;
  expect(data).toEqual({
    valid: false,
    code: 'FORBIDDEN',
    keyId: walled.keyId,
    name: 'Laptop',
    enabled: true,
    credits: 5,
  });
  expect(await verify(trusting, walled.key, from('123.123.123.123'))).toMatchObject({
    code: 'VALID',
    credits: 4,
  });
  const expired = await makeKey(trusting, '123.123.123.123', { expires: 1 });
  expect(await verify(trusting, expired.key)).toMatchObject({ code: 'EXPIRED' });
});

test('audit records have the address of the client', async () => {
  const { apiId } = (
    await trusting.call('apis.createApi', { name: 'far away' }, { headers: from('203.0.113.9') })
  ).body.data;
  const records = await trusting.app.services.storage.read((store) =>
    store.audit.list({ since: 0, workspaceId: trusting.workspaceId, limit: 10_000 }),
  );
  const record = records.find(({ resources }) => resources.some(({ id }) => id === apiId));
  expect(record?.remoteIp).toBe('203.0.113.9');
});
