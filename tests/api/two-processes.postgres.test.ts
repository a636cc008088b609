import { createHash } from 'node:crypto';
import type { OperationId } from '@unkey-ts/contract';
import { type App, createApp, createLog, loadConfig } from '@unkey-ts/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DataPlace, newDataPlace } from '../data-place.ts';
import { callInProcess } from './in-process.ts';

/** Two servers that have only the database in common. */
let place: DataPlace;
let here: App;
let there: App;
let rootKey: string;
let apiId: string;

beforeAll(async () => {
  place = await newDataPlace();
  const config = loadConfig({ flags: {}, env: { ...place.env, LOG_LEVEL: 'error' }, cwd: place.dataDir });
  const log = createLog({ level: 'error' });
  [here, there] = await Promise.all([
    createApp({ config, log, hasJobs: false }),
    createApp({ config, log, hasJobs: false }),
  ]);
  rootKey = here.firstStart?.rootKey ?? there.firstStart?.rootKey ?? '';
  ({ apiId } = await call(here, 'apis.createApi', { name: 'shared' }));
});
afterAll(async () => {
  await here.close();
  await there.close();
  await place.remove();
});

// biome-ignore lint/suspicious/noExplicitAny: tests know the shape of their responses
async function call(app: App, operation: OperationId, body: object, as = rootKey): Promise<any> {
  const reply = await callInProcess(app, operation, { rootKey: as, body });
  return reply.status === 200 ? reply.body.data : reply.body.error;
}

const verify = (app: App, key: string) => call(app, 'keys.verifyKey', { key });

async function seen(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise((resolve) => setImmediate(resolve));
}

test('two servers that start at once on an empty database create one workspace', () => {
  expect([here.firstStart, there.firstStart].filter((start) => start !== null)).toHaveLength(1);
});

const changes: Record<string, { operation: OperationId; body: object; code: string }> = {
  disabling: { operation: 'keys.updateKey', body: { enabled: false }, code: 'DISABLED' },
  expiring: { operation: 'keys.updateKey', body: { expires: 1 }, code: 'EXPIRED' },
  deleting: { operation: 'keys.deleteKey', body: {}, code: 'NOT_FOUND' },
  rerolling: { operation: 'keys.rerollKey', body: { expiration: 0 }, code: 'EXPIRED' },
};

test.each(Object.entries(changes))('%s a key here is seen there', async (_, { operation, body, code }) => {
  const { key, keyId } = await call(here, 'keys.createKey', { apiId });
  expect(await verify(there, key)).toMatchObject({ code: 'VALID' });
  await call(here, operation, { keyId, ...body });
  await seen(async () => (await verify(there, key)).code === code);
});

test('a key that one process looked up before another migrated it is found afterwards', async () => {
  const key = 'migrated-key';
  const hash = createHash('sha256').update(key).digest('base64');
  const migration = { id: 'mig_1', name: 'legacy', algorithm: 'sha256', createdAt: 0 } as const;
  const [{ id: workspaceId } = { id: '' }] = await here.services.storage.read((store) =>
    store.workspaces.list(),
  );
  await here.services.storage.write((store) => store.migrations.create(workspaceId, migration));
  expect(await verify(there, key)).toMatchObject({ code: 'NOT_FOUND' });
  await call(here, 'keys.migrateKeys', { apiId, migrationId: migration.id, keys: [{ hash }] });
  await seen(async () => (await verify(there, key)).code === 'VALID');
});

test('a role’s permission that one process removes is missing in the other', async () => {
  const { roleId } = await call(here, 'permissions.createRole', {
    name: 'reader',
    permissions: ['docs.read'],
  });
  const { key } = await call(here, 'keys.createKey', { apiId, roles: ['reader'] });
  const codeOf = async () => (await call(there, 'keys.verifyKey', { key, permissions: 'docs.read' })).code;
  expect(await codeOf()).toBe('VALID');
  await call(here, 'permissions.setRolePermissions', { roleId, permissions: [] });
  await seen(async () => (await codeOf()) === 'INSUFFICIENT_PERMISSIONS');
});

test('credits spent on both sides never exceed what there is', async () => {
  const { key, keyId } = await call(here, 'keys.createKey', { apiId, credits: { remaining: 100 } });
  const verdicts = await Promise.all(
    Array.from({ length: 300 }, (_, index) => verify(index % 2 === 0 ? here : there, key)),
  );
  expect(verdicts.filter(({ code }) => code === 'VALID')).toHaveLength(100);
  expect(verdicts.filter(({ code }) => code === 'USAGE_EXCEEDED')).toHaveLength(200);
  expect((await call(there, 'keys.getKey', { keyId })).credits).toMatchObject({ remaining: 0 });
});

test('a call with one Idempotency-Key runs once, whichever process it reaches', async () => {
  const send = (app: App) =>
    app.handle({
      method: 'POST',
      path: '/v2/keys.createKey',
      headers: {
        authorization: `Bearer ${rootKey}`,
        'content-type': 'application/json',
        'idempotency-key': 'sent-to-both',
      },
      body: Buffer.from(JSON.stringify({ apiId })),
      peer: '127.0.0.1',
    });
  const replies = await Promise.all([here, there, here, there].map(send));
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(new Set(replies.map(({ body }) => JSON.parse(String(body)).data.keyId)).size).toBe(1);
});

test('the metrics show whether notifications arrive, and their delay', async () => {
  const { body } = await there.handle({
    method: 'GET',
    path: '/metrics',
    headers: {},
    body: Buffer.alloc(0),
    peer: '127.0.0.1',
  });
  expect(body).toContain('unkey_change_channel_up 1\n');
  expect(body).toMatch(/^unkey_change_lag_seconds_count [1-9]/m);
});
