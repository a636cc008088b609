import { itemsMax, type OperationId } from '@unkey-ts/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Reply, type Service, startService } from '../service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const numbers = Array.from({ length: itemsMax }, (_, index) => index);

async function data(operation: OperationId, body: unknown): Promise<Reply['body']> {
  const reply = await service.call(operation, body);
  expect(reply.status).toBe(200);
  return reply.body.data;
}

async function newKey(): Promise<string> {
  const { apiId } = await data('apis.createApi', { name: 'maxima' });
  return (await data('keys.createKey', { apiId })).keyId;
}

function expectRefused(reply: Reply, location: string, remedy: string): void {
  expect(reply.status).toBe(400);
  expect(reply.body.error.errors).toEqual([{ location, message: expect.stringContaining(String(itemsMax)) }]);
  expect(reply.body.error.detail).toContain(remedy);
}

test('a key has at most 10,000 permissions of its own', async () => {
  const { app, workspaceId } = service;
  const keyId = await newKey();
  const rows = numbers.map((number) => {
    const slug = `slug.${number}`;
    return { id: `perm_max_${number}`, slug, name: slug, description: null, createdAt: 0 };
  });
  const ids = rows.map(({ id }) => id);
  await app.services.storage.write(async (store) => {
    await store.permissions.create(workspaceId, rows);
    await store.keys.attachPermissions(workspaceId, keyId, ids.slice(1));
  });
  const add = (slug: string) => service.call('keys.addPermissions', { keyId, permissions: [slug] });
  expect((await add('slug.0')).status).toBe(200);
  expect((await add('slug.1')).status).toBe(200);
  expectRefused(await add('one.more'), 'body.permissions', '`keys.removePermissions`');
  expect((await service.call('permissions.getPermission', { permission: 'one.more' })).status).toBe(404);
});

test('a key has at most 10,000 roles', async () => {
  const { app, workspaceId } = service;
  const keyId = await newKey();
  const rows = [...numbers, itemsMax].map((number) => ({
    id: `role_max_${number}`,
    name: `Role ${number}`,
    description: null,
    createdAt: 0,
  }));
  await app.services.storage.write(async (store) => {
    for (let from = 0; from < rows.length; from += 1000) {
      await store.roles.create(workspaceId, rows.slice(from, from + 1000));
    }
    await store.keys.attachRoles(
      workspaceId,
      keyId,
      rows.slice(2).map(({ id }) => id),
    );
  });
  const add = (name: string) => service.call('keys.addRoles', { keyId, roles: [name] });
  expect((await add('Role 0')).status).toBe(200);
  expectRefused(await add('Role 1'), 'body.roles', '`keys.removeRoles`');
});

test('a namespace has at most 10,000 overrides', async () => {
  const { app, workspaceId } = service;
  const set = (identifier: string) =>
    service.call('ratelimit.setOverride', { namespace: 'email', identifier, limit: 1, duration: 60_000 });
  await data('ratelimit.limit', { namespace: 'email', identifier: 'a', limit: 1, duration: 60_000 });
  await app.services.storage.write(async (store) => {
    const namespace = await store.namespaces.find(workspaceId, 'email');
    for (const number of numbers.slice(1)) {
      await store.namespaces.setOverride(workspaceId, namespace?.id ?? '', {
        id: `rlor_max_${number}`,
        identifier: `user_${number}`,
        limit: 1,
        durationMs: 60_000,
        createdAt: 0,
      });
    }
  });
  expect((await set('user_0')).status).toBe(200);
  expect((await set('user_1')).status).toBe(200);
  expectRefused(await set('one more'), 'body.identifier', '`ratelimit.deleteOverride`');
  expect(
    (await service.call('ratelimit.deleteOverride', { namespace: 'email', identifier: 'user_1' })).status,
  ).toBe(200);
  expect((await set('one more')).status).toBe(200);
});

test('a migration is stored in parts, and a hash that two parts have is taken in the second', async () => {
  const { apiId } = await data('apis.createApi', { name: 'parts' });
  const migrationId = 'mig_of_parts';
  await service.app.services.storage.write((store) =>
    store.migrations.create(service.workspaceId, {
      id: migrationId,
      name: 'parts',
      algorithm: 'sha256',
      createdAt: 0,
    }),
  );
  const hashes = Array.from({ length: 2500 }, (_, number) => number.toString(16).padStart(64, '0'));
  const [first = ''] = hashes;
  const keys = [...hashes, first].map((hash) => ({ hash, permissions: ['parts.read'] }));
  const { migrated, failures } = await data('keys.migrateKeys', { migrationId, apiId, keys });
  expect(migrated.map(({ hash }: { hash: string }) => hash)).toEqual(hashes);
  expect(failures).toEqual([{ hash: first, reason: 'hash_taken' }]);
  const last = migrated.at(-1).keyId;
  expect(await data('keys.getKey', { keyId: last })).toMatchObject({ permissions: ['parts.read'] });
});
