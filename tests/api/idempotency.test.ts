import { createHash } from 'node:crypto';
import { type Operation, type OperationId, operationIds, operations } from '@unkey-ts/contract';
import { type App, createApp, deleteExpiredIdempotencyRecords, loadConfig } from '@unkey-ts/server';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newDataPlace } from '../data-place.ts';
import { fakeClock, type Service, startService } from '../service.ts';
import { eventsOf } from './audit.ts';
import { expectError } from './expect-error.ts';
import { newWorld, type World } from './scenario.ts';
import { arrangeSuccess } from './successful-call.ts';

const day = 86_400_000;
const conflict = 'unkey/application/idempotency_conflict';

const repeatable = operationIds.filter((id) => asAnyone(id).idempotency !== undefined);
const lifetimes = { durable: day, cached: 60_000 };

let service: Service;
let world: World;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());
beforeEach(async () => {
  service.clock.set(fakeClock().now());
  world = await newWorld(service);
});

function asAnyone(id: OperationId): Operation {
  return operations[id];
}

function limitOf(namespace: string) {
  return { namespace, identifier: 'user_1', limit: 10, duration: 600_000 };
}

/** By direct access to the database. */
async function newApi({ do: act }: World): Promise<string> {
  return (await act('apis.createApi', { name: 'payments' })).apiId;
}

async function newKey(
  { do: act }: World,
  members: object = {},
): Promise<{ apiId: string; keyId: string; key: string }> {
  const { apiId } = await act('apis.createApi', { name: 'payments' });
  return { apiId, ...(await act('keys.createKey', { apiId, ...members })) };
}

interface Sent {
  readonly status: number;
  /** The text of the response, byte for byte. */
  readonly text: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: cases know the shape of their responses
  readonly body: any;
  readonly isReplayed: boolean;
}

interface Order {
  readonly key?: string;
  readonly rootKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
}

async function send(operation: OperationId, body: unknown, order: Order = {}): Promise<Sent> {
  const { key = 'the-key', rootKey = world.rootKey, headers, url = service.url } = order;
  const response = await fetch(`${url}/v2/${operation}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${rootKey}`,
      'idempotency-key': key,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isReplayed = response.headers.get('idempotent-replayed') === 'true';
  return { status: response.status, text, headers: response.headers, body: JSON.parse(text), isReplayed };
}

/** The body of a successful call, for which the world is prepared. */
function bodyOf(id: OperationId): Promise<unknown> {
  return arrangeSuccess(id, world);
}

describe.each(repeatable)('%s', (id) => {
  test('a repetition gets the first response, byte for byte, and has no effect', async () => {
    const body = await bodyOf(id);
    const first = await send(id, body);
    expect({ status: first.status, isReplayed: first.isReplayed }).toEqual({
      status: 200,
      isReplayed: false,
    });
    const audited = await eventsOf(world);
    service.clock.advance(1000);
    for (let count = 0; count < 3; count++) {
      const again = await send(id, body);
      expect(again).toMatchObject({ status: 200, text: first.text, isReplayed: true });
      expect(again.headers.get('content-type')).toBe('application/json');
      expect(again.headers.get('x-request-id')).toMatch(/^req_/);
      expect(again.headers.get('x-request-id')).not.toBe(first.body.meta.requestId);
    }
    expect(await eventsOf(world)).toEqual(audited);
  });

  test('of many concurrent calls one runs, and all get its response', async () => {
    await send(id, await bodyOf(id));
    const eventsOfOne = await eventsOf(world);
    world = await newWorld(service);
    const body = await bodyOf(id);
    const sent = await Promise.all(Array.from({ length: 20 }, () => send(id, body)));
    expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 200));
    expect(new Set(sent.map(({ text }) => text)).size).toBe(1);
    expect(sent.filter(({ isReplayed }) => !isReplayed)).toHaveLength(1);
    expect(await eventsOf(world)).toEqual(eventsOfOne);
  });

  test('409 with another body, however little it differs', async () => {
    const body = JSON.stringify(await bodyOf(id));
    const first = await send(id, body);
    expectError(await send(id, `${body} `), conflict);
    expect((await send(id, body)).text).toBe(first.text);
  });

  test('409 for another root key of the workspace, which does not own the record', async () => {
    const body = await bodyOf(id);
    const first = await send(id, body);
    const { key } = await service.newRootKey(world.workspaceId, []);
    const other = await send(id, body, { rootKey: key });
    expectError(other, conflict);
    expect(other.text).not.toContain(first.body.meta.requestId);
  });

  test('another workspace can use the same key', async () => {
    const first = await send(id, await bodyOf(id));
    world = await newWorld(service);
    const other = await send(id, await bodyOf(id));
    expect(other).toMatchObject({ status: 200, isReplayed: false });
    expect(other.body.meta.requestId).not.toBe(first.body.meta.requestId);
  });

  test.each([
    ['an empty one', ''],
    ['two words', 'two words'],
    ['letters beyond ASCII', 'ümlaut'],
    ['control characters', 'tab\tin it'],
    ['256 characters', 'x'.repeat(256)],
  ])('400 for %s as the key, and nothing is done', async (_what, key) => {
    const body = await bodyOf(id);
    const audited = await eventsOf(world);
    expectError(await send(id, body, { key }), 'unkey/application/invalid_input', 'header.idempotency-key');
    expect(await eventsOf(world)).toEqual(audited);
  });

  test('any other visible text is accepted as a key', async () => {
    const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('');
    for (const key of ['0', visible, 'x'.repeat(255)]) {
      world = await newWorld(service);
      const body = await bodyOf(id);
      const first = await send(id, body, { key });
      expect(await send(id, body, { key })).toMatchObject({
        status: 200,
        text: first.text,
        isReplayed: true,
      });
    }
  });

  test('the record lives for its lifetime, counted from the first request', async () => {
    const { idempotency } = asAnyone(id);
    const lifetime = idempotency === undefined ? 0 : lifetimes[idempotency];
    const body = await bodyOf(id);
    const first = await send(id, body);
    service.clock.advance(lifetime - 1);
    expect((await send(id, body)).text).toBe(first.text);
    service.clock.advance(1);
    const later = await send(id, body);
    expect(later.isReplayed).toBe(false);
    expect(later.text).not.toBe(first.text);
  });
});

function inAnyOrder(data: unknown): unknown {
  return Array.isArray(data) ? data.map((item) => JSON.stringify(item)).toSorted() : data;
}

describe('without a key, a repetition changes nothing more:', () => {
  const idempotent = operationIds.filter(
    (id) => asAnyone(id).mode === 'write' && asAnyone(id).idempotent === true,
  );
  test.each(idempotent)('%s', async (id) => {
    const body = await arrangeSuccess(id, world);
    const first = await world.call(id, body);
    const again = await world.call(id, body);
    // Deleted resources are not found any more.
    if (/\.delete/.test(id) && again.status === 404) return;
    expect(inAnyOrder(again.body.data)).toEqual(inAnyOrder(first.body.data));
  });
});

test('operations that do not declare idempotency ignore the header', async () => {
  const { keyId } = await newKey(world);
  for (const key of ['the-key', 'two words', '']) {
    for (const enabled of [true, false]) {
      expect(await send('keys.updateKey', { keyId, enabled }, { key })).toMatchObject({
        status: 200,
        isReplayed: false,
      });
    }
  }
  expect((await world.do('keys.getKey', { keyId })).enabled).toBe(false);
});

test('the same key is independent for another operation', async () => {
  const body = { name: 'one' };
  expect((await send('apis.createApi', body)).body.data).toHaveProperty('apiId');
  expect((await send('permissions.createRole', body)).body.data).toHaveProperty('roleId');
  expect(await send('apis.createApi', body)).toMatchObject({ isReplayed: true });
});

test('twenty concurrent requests create one key', async () => {
  const apiId = await newApi(world);
  const sent = await Promise.all(
    Array.from({ length: 20 }, () => send('keys.createKey', { apiId, name: 'wanted once' })),
  );
  const listed = await world.do('apis.listKeys', { apiId });
  expect(listed).toHaveLength(1);
  for (const { body } of sent) expect(body.data.keyId).toBe(listed[0].keyId);
});

test('an increment is applied once', async () => {
  const { keyId } = await newKey(world, { credits: { remaining: 10 } });
  const body = { keyId, operation: 'increment', value: 5 };
  for (let count = 0; count < 5; count++) {
    expect((await send('keys.updateCredits', body)).body.data.remaining).toBe(15);
  }
  expect((await world.do('keys.getKey', { keyId })).credits.remaining).toBe(15);
  expect((await send('keys.updateCredits', body, { key: 'another' })).body.data.remaining).toBe(20);
});

test('a repeated verification spends no credits, consumes no limit and records no event', async () => {
  const ratelimits = [{ name: 'requests', limit: 10, duration: 600_000, autoApply: true }];
  const { key } = await newKey(world, { credits: { remaining: 10 }, ratelimits });
  const { events } = service.app.services;
  const recorded = async () => {
    await events.flush();
    return events.stats().written;
  };
  const before = await recorded();
  const first = await send('keys.verifyKey', { key });
  expect(first.body.data).toMatchObject({ code: 'VALID', credits: 9, ratelimits: [{ remaining: 9 }] });
  for (let count = 0; count < 5; count++)
    expect((await send('keys.verifyKey', { key })).text).toBe(first.text);
  expect(await recorded()).toBe(before + 1);
  expect(await world.do('keys.verifyKey', { key })).toMatchObject({
    credits: 8,
    ratelimits: [{ remaining: 8 }],
  });
});

describe('a repeated verification of a key', () => {
  const changes: Record<string, [code: string, change: (keyId: string) => Promise<unknown>]> = {
    'that was deleted meanwhile': ['NOT_FOUND', (keyId) => world.do('keys.deleteKey', { keyId })],
    'that was disabled meanwhile': [
      'DISABLED',
      (keyId) => world.do('keys.updateKey', { keyId, enabled: false }),
    ],
    'that has expired meanwhile': [
      'EXPIRED',
      (keyId) => world.do('keys.updateKey', { keyId, expires: service.clock.now() }),
    ],
  };
  test.each(Object.entries(changes))(
    '%s is verified anew, and spends nothing',
    async (_what, [code, change]) => {
      const { key, keyId } = await newKey(world, { credits: { remaining: 10 } });
      expect((await send('keys.verifyKey', { key })).body.data).toMatchObject({ code: 'VALID', credits: 9 });
      await change(keyId);
      for (let count = 0; count < 2; count++) {
        const again = await send('keys.verifyKey', { key });
        expect(again).toMatchObject({ isReplayed: false, body: { data: { valid: false, code } } });
        expect([undefined, 9]).toContain(again.body.data.credits);
      }
    },
  );

  test('that has been renamed gets the first response', async () => {
    const { key, keyId } = await newKey(world);
    const first = await send('keys.verifyKey', { key });
    await world.do('keys.updateKey', { keyId, name: 'Other' });
    expect((await send('keys.verifyKey', { key })).text).toBe(first.text);
  });
});

test('a repeated verification repeats everything, of which large metadata are not recorded', async () => {
  const { apiId } = await world.do('apis.createApi', { name: 'payments' });
  await world.do('permissions.createRole', { name: 'reader' });
  await world.do('identities.createIdentity', { externalId: 'ann', meta: { plan: 'x'.repeat(300_000) } });
  const { key, keyId } = await world.do('keys.createKey', {
    apiId,
    name: 'production',
    externalId: 'ann',
    meta: { region: 'x'.repeat(300_000) },
    expires: service.clock.now() + 600_000,
    permissions: ['documents.read'],
    roles: ['reader'],
    credits: { remaining: 10 },
    ratelimits: [{ name: 'requests', limit: 10, duration: 600_000, autoApply: true }],
  });
  const { counters } = service.app.services;
  const { complete } = counters;
  let recorded = '';
  counters.complete = (name, record, expiresAt) => {
    recorded = record.response;
    return complete(name, record, expiresAt);
  };
  const first = await send('keys.verifyKey', { key }).finally(() => Object.assign(counters, { complete }));
  expect(first.body.data).toMatchObject({ code: 'VALID', credits: 9, identity: { externalId: 'ann' } });
  expect(recorded).toContain('"credits":9');
  expect(recorded.length).toBeLessThan(1000);
  expect((await send('keys.verifyKey', { key })).text).toBe(first.text);

  // What describes the key is what it is now.
  await world.do('keys.updateKey', { keyId, meta: { region: 'eu' }, externalId: null });
  const again = await send('keys.verifyKey', { key });
  const { identity, ...rest } = first.body.data;
  expect(again.body).toEqual({ meta: first.body.meta, data: { ...rest, meta: { region: 'eu' } } });
});

test('the response recorded by a release that recorded all of it is repeated', async () => {
  const { key } = await newKey(world, { meta: { a: 1 }, credits: { remaining: 10 } });
  const { counters } = service.app.services;
  const { complete } = counters;
  let sent = '';
  counters.complete = (name, record, expiresAt) =>
    complete(
      name,
      { ...record, response: sent.replace('REQUEST', JSON.parse(record.response).meta.requestId) },
      expiresAt,
    );
  const data = await world.do('keys.verifyKey', { key });
  sent = JSON.stringify({ meta: { requestId: 'REQUEST' }, data: { ...data, credits: 8 } });
  const first = await send('keys.verifyKey', { key }).finally(() => Object.assign(counters, { complete }));
  expect((await send('keys.verifyKey', { key })).text).toBe(first.text);
});

test('repeated limits are consumed once', async () => {
  const body = [limitOf('emails'), limitOf('calls')];
  for (let count = 0; count < 5; count++) {
    expect((await send('ratelimit.multiLimit', body)).body.data.limits[0].remaining).toBe(9);
  }
  for (let count = 0; count < 5; count++) {
    expect((await send('ratelimit.limit', limitOf('emails'))).body.data.remaining).toBe(8);
  }
});

describe('not recorded', () => {
  test('a refused write leaves the key free, for any body', async () => {
    const apiId = await newApi(world);
    const body = { apiId, roles: ['reader'] };
    expectError(await send('keys.createKey', body), 'unkey/data/role_not_found');
    await world.do('permissions.createRole', { name: 'reader' });
    expect(await send('keys.createKey', { ...body, name: 'later' })).toMatchObject({
      status: 200,
      isReplayed: false,
    });
  });

  test('a refused spend leaves the key free, for any body', async () => {
    const { key, keyId } = await newKey(world);
    const body = { key, ratelimits: [{ name: 'requests' }] };
    expectError(await send('keys.verifyKey', body), 'unkey/application/precondition_failed');
    const ratelimits = [{ name: 'requests', limit: 10, duration: 60_000, autoApply: false }];
    await world.do('keys.updateKey', { keyId, ratelimits });
    expect(await send('keys.verifyKey', { ...body, tags: ['t'] })).toMatchObject({
      status: 200,
      isReplayed: false,
    });
  });

  test('when the first of many concurrent calls is refused, each is refused on its own', async () => {
    const { key } = await newKey(world);
    const body = { key, ratelimits: [{ name: 'requests' }] };
    const sent = await Promise.all(Array.from({ length: 10 }, () => send('keys.verifyKey', body)));
    for (const one of sent) expectError(one, 'unkey/application/precondition_failed');
    expect(new Set(sent.map(({ body: { meta } }) => meta.requestId)).size).toBe(10);
  });

  test.each(['keys.createKey', 'keys.verifyKey'] as const)(
    'a fault in %s leaves the key free',
    async (id) => {
      const body = await bodyOf(id);
      const { lookups, storage } = service.app.services;
      const { findVerifiableKey } = lookups;
      const { write } = storage;
      const broken = () => {
        throw new Error('broken');
      };
      Object.assign(lookups, { findVerifiableKey: broken });
      Object.assign(storage, {
        // Fails after all the work, so that the record has to be rolled back too.
        write: <Result>(work: (store: never) => Promise<Result>) =>
          write(async (store) => {
            await work(store as never);
            return broken();
          }),
      });
      try {
        expectError(await send(id, body), 'unkey/application/unexpected_error');
      } finally {
        Object.assign(lookups, { findVerifiableKey });
        Object.assign(storage, { write });
      }
      expect(await send(id, body)).toMatchObject({ status: 200, isReplayed: false });
    },
  );
});

describe('access to a stored response', () => {
  test('the sender of the first request, also when its resource has been deleted', async () => {
    const apiId = await newApi(world);
    const first = await send('keys.createKey', { apiId });
    await world.do('apis.deleteApi', { apiId });
    expect(await send('keys.createKey', { apiId })).toMatchObject({ status: 200, text: first.text });
  });

  test('a disabled or deleted root key has no access to its records', async () => {
    const { storage } = service.app.services;
    const { key: rootKey, rootKeyId } = await service.newRootKey(world.workspaceId, ['api.*.create_api']);
    expect((await send('apis.createApi', { name: 'payments' }, { rootKey })).status).toBe(200);
    await storage.write((store) => store.rootKeys.setEnabled(rootKeyId, false));
    expectError(
      await send('apis.createApi', { name: 'payments' }, { rootKey }),
      'unkey/authorization/key_disabled',
    );
    await storage.write((store) => store.rootKeys.delete(rootKeyId, service.clock.now()));
    expectError(
      await send('apis.createApi', { name: 'payments' }, { rootKey }),
      'unkey/authentication/key_not_found',
    );
  });

  test('a repetition is one of the workspace’s requests', async () => {
    const { storage } = service.app.services;
    const limit = { requestsPerMinute: 2 };
    await storage.write((store) => store.workspaces.update(world.workspaceId, limit));
    const first = await send('apis.createApi', { name: 'payments' });
    const again = await send('apis.createApi', { name: 'payments' });
    expect([first, again].map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['1', '0']);
    expect(again.isReplayed).toBe(true);
    const refused = await send('apis.createApi', { name: 'payments' });
    expectError(refused, 'user/too_many_requests/workspace_rate_limited');
  });
});

describe('stored records', () => {
  test('are unreadable with access to the database alone, also without a master key', async () => {
    for (const env of [{}, { UNKEY_MASTER_KEY: 'off' }]) {
      const own = await startService({ env });
      try {
        const order = { url: own.url, rootKey: own.rootKey, key: 'a-name-of-the-caller' };
        const { apiId } = (await send('apis.createApi', { name: 'sealed' }, order)).body.data;
        const first = await send('keys.createKey', { apiId }, order);
        expect((await send('keys.createKey', { apiId }, order)).text).toBe(first.text);
        const stored = await own.place.text();
        const { key, keyId } = first.body.data;
        expect(stored).toContain(keyId);
        for (const secret of [key, first.body.meta.requestId, order.key, own.rootKey]) {
          expect(stored.includes(secret)).toBe(false);
        }
      } finally {
        await own.close();
      }
    }
  });

  test('can be opened for their own operation and root key only, whatever the database contains', async () => {
    const own = await startService();
    try {
      const body = { name: 'moved' };
      const order = { url: own.url, rootKey: own.rootKey };
      const { key } = await own.newRootKey(own.workspaceId, ['api.*.create_api']);
      const otherOrder = { url: own.url, rootKey: key };
      await send('apis.createApi', body, { ...order, key: 'first' });
      await send('apis.createApi', body, { ...otherOrder, key: 'second' });
      const second = createHash('sha256').update('second').digest('base64url');
      await own.place.execute(
        `UPDATE idempotency_records SET fingerprint =
          (SELECT k.fingerprint FROM idempotency_records k WHERE k.key_hash = '${second}')`,
      );
      const asAnother = await send('apis.createApi', body, { ...otherOrder, key: 'first' });
      expectError(asAnother, 'unkey/application/unexpected_error');
      const asItself = await send('apis.createApi', body, { ...otherOrder, key: 'second' });
      expect(asItself.isReplayed).toBe(true);
      await own.place.execute("UPDATE idempotency_records SET operation = 'permissions.createRole'");
      const elsewhere = await send('permissions.createRole', body, { ...otherOrder, key: 'second' });
      expectError(elsewhere, 'unkey/application/unexpected_error');
    } finally {
      await own.close();
    }
  });

  test('are deleted when they have expired', async () => {
    const { services } = service.app;
    await deleteExpiredIdempotencyRecords(services, service.clock.now() + 2 * day);
    for (let count = 0; count < 501; count++) {
      const key = `call-${count}`;
      expect((await send('apis.createApi', { name: 'payments' }, { key })).status).toBe(200);
    }
    expect(await deleteExpiredIdempotencyRecords(services, service.clock.now() + day - 1)).toBe(0);
    expect(await deleteExpiredIdempotencyRecords(services, service.clock.now() + day)).toBe(501);
    expect(await deleteExpiredIdempotencyRecords(services, service.clock.now() + day)).toBe(0);
  });

  test('are deleted at the start of a server too, and not before they have expired', async () => {
    const { dataDir, env, remove } = await newDataPlace();
    const clock = fakeClock();
    const config = loadConfig({
      flags: { 'data-dir': dataDir },
      env: { ...env, LOG_LEVEL: 'silent' },
      cwd: dataDir,
    });
    const withApp = async <Result>(hasJobs: boolean, work: (app: App) => Promise<Result>) => {
      const app = await createApp({ config, clock, hasJobs });
      try {
        return await work(app);
      } finally {
        await app.close();
      }
    };
    const expired = { operation: 'o', keyHash: 'expired', fingerprint: 'f', expiresAt: clock.now() };
    const live = { ...expired, keyHash: 'live', expiresAt: clock.now() + 1 };
    await withApp(false, ({ services }) =>
      services.storage.write(async (store) => {
        for (const request of [expired, live]) await store.idempotencyRecords.claim('ws_1', request, 0);
      }),
    );
    await withApp(true, async () => {});
    const left = await withApp(false, ({ services }) =>
      deleteExpiredIdempotencyRecords(services, clock.now() + day),
    );
    expect(left).toBe(1);
    await remove();
  });
});
