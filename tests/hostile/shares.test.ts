import { createHash } from 'node:crypto';
import { createLog } from '@unkey-ts/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';

/** What strangers and other tenants use up must not be what a valid caller needs. */

let service: Service;
const lines: string[] = [];

beforeAll(async () => {
  const log = createLog({ level: 'warn', destination: { write: (line) => lines.push(line) } });
  service = await startService({ log, env: { UNKEY_TRUSTED_PROXIES: '127.0.0.1' } });
});
afterAll(() => service.close());

async function limitedWorkspace(requestsPerMinute: number) {
  const { workspaceId, rootKey } = await service.newWorkspace();
  const call: Service['call'] = (operation, body, options) =>
    service.call(operation, body, { rootKey, ...options });
  const { data: api } = (await call('apis.createApi', { name: 'paying' })).body;
  const { data: key } = (await call('keys.createKey', { apiId: api.apiId })).body;
  const limit = (to: number | null) =>
    service.app.services.storage.write((store) =>
      store.workspaces.update(workspaceId, { requestsPerMinute: to }),
    );
  await limit(requestsPerMinute);
  return { call, limit, workspaceId, apiId: api.apiId as string, key: key.key as string };
}

test('made-up keys use up a share of their own, half of the limit', async () => {
  const { call, key } = await limitedWorkspace(5);
  const statuses = [];
  for (let index = 0; index < 5; index++) {
    statuses.push((await call('keys.verifyKey', { key: `made_up_${index}` })).status);
  }
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  for (let index = 0; index < 5; index++) {
    expect((await call('keys.verifyKey', { key })).body.data).toMatchObject({ code: 'VALID' });
  }
  expect((await call('keys.verifyKey', { key })).status).toBe(429);
});

test('the first verification of a migrated key is not one of an unknown key; made-up keys with a migration are', async () => {
  const { call, limit, apiId, workspaceId } = await limitedWorkspace(4);
  const migrationId = `migration_of_${workspaceId}`;
  await service.app.services.storage.write((store) =>
    store.migrations.create(workspaceId, {
      id: migrationId,
      name: 'test',
      algorithm: 'github.com/seamapi/prefixed-api-key',
      createdAt: 1,
    }),
  );
  const tokens = Array.from({ length: 4 }, (_, index) => `${workspaceId.slice(3)}${index}`);
  const hashes = tokens.map((token) => createHash('sha256').update(token).digest('hex'));
  await limit(null);
  const keys = hashes.map((hash) => ({ hash }));
  expect((await call('keys.migrateKeys', { apiId, migrationId, keys })).body.data.failed).toEqual([]);
  await limit(4);
  for (const made of [`re_short_made${workspaceId}`, 'malformed', 're_other_made_up']) {
    const reply = await call('keys.verifyKey', { key: made, migrationId });
    expect(reply.status).toBe(made === 're_other_made_up' ? 429 : made === 'malformed' ? 400 : 200);
  }
  for (const token of tokens) {
    const reply = await call('keys.verifyKey', { key: `re_short_${token}`, migrationId });
    expect(reply.body.data).toMatchObject({ code: 'VALID' });
  }
});

test('a key of another workspace counts as unknown, like a repetition with an Idempotency-Key', async () => {
  const { call, key } = await limitedWorkspace(2);
  const other = await limitedWorkspace(2);
  expect((await call('keys.verifyKey', { key: other.key })).body.data).toMatchObject({ code: 'NOT_FOUND' });
  const again = await call('keys.verifyKey', { key: other.key }, { headers: { 'idempotency-key': 'one' } });
  expect(again.status).toBe(429);
  expect((await call('keys.verifyKey', { key })).status).toBe(200);
  expect((await other.call('keys.verifyKey', { key: other.key })).status).toBe(200);
});

test('unknown root keys exhaust the share of their address only, and never that of valid root keys', async () => {
  const send = async (rootKey: string, address: string) => {
    const response = await service.app.handle({
      method: 'POST',
      path: '/v2/apis.listKeys',
      headers: {
        authorization: `Bearer ${rootKey}`,
        'content-type': 'application/json',
        'x-forwarded-for': address,
      },
      body: Buffer.from('{"apiId":"api_12345678"}'),
      peer: '127.0.0.1',
    });
    return response.status;
  };
  for (let index = 0; index < 600; index++) {
    expect(await send(`made_up_root_key_${index}`, '192.0.2.1')).toBe(401);
  }
  expect(await send('made_up_root_key', '192.0.2.1')).toBe(429);
  expect(await send('made_up_root_key', '192.0.2.2')).toBe(401);
  expect(await send(service.rootKey, '192.0.2.1')).toBe(404);
  service.clock.advance(60_000);
  expect(await send('made_up_root_key', '192.0.2.1')).toBe(401);
  const told = lines.filter((line) => line.includes('unknown root keys'));
  expect(told.map((line) => JSON.parse(line).address)).toEqual(['192.0.2.1', '192.0.2.1']);
  expect(lines.join('')).not.toMatch(/made_up/);
});

test('in two threads, each counts unknown root keys for itself, with the address of the client', async () => {
  const threaded = await startService({ isThreaded: true, env: { UNKEY_TRUSTED_PROXIES: '127.0.0.1' } });
  try {
    const send = async (operation: 'apis.listKeys' | 'keys.verifyKey', address: string) => {
      const body = operation === 'apis.listKeys' ? { apiId: 'api_12345678' } : { key: 'made_up' };
      const headers = { 'x-forwarded-for': address };
      return (await threaded.call(operation, body, { rootKey: 'made_up_root_key', headers })).status;
    };
    for (const operation of ['apis.listKeys', 'keys.verifyKey'] as const) {
      for (let index = 0; index < 600; index++) expect(await send(operation, '192.0.2.1')).toBe(401);
      expect(await send(operation, '192.0.2.1')).toBe(429);
      expect(await send(operation, '192.0.2.2')).toBe(401);
    }
  } finally {
    await threaded.close();
  }
});
