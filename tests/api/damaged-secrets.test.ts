import { Writable } from 'node:stream';
import { bindDataKeys, createApp, createLog, loadConfig, rotateMasterKey } from '@unkey-ts/server';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { seal } from '../../packages/server/src/secrets/sealing.ts';
import { newDataPlace } from '../data-place.ts';
import { type Service, startService } from '../service.ts';
import { expectError } from './expect-error.ts';
import { newWorld, type World } from './scenario.ts';

const unexpected = 'unkey/application/unexpected_error';
const masterKey = Buffer.alloc(32, 7);

const lines: string[] = [];
const destination = new Writable({
  write(chunk, _encoding, done) {
    lines.push(String(chunk));
    done();
  },
});

let service: Service;
let world: World;
beforeAll(async () => {
  service = await startService({
    log: createLog({ level: 'info', destination }),
    env: { LOG_LEVEL: 'info', UNKEY_MASTER_KEY: masterKey.toString('base64') },
  });
});
afterAll(() => service.close());
beforeEach(async () => {
  world = await newWorld(service);
});

interface Recoverable {
  readonly apiId: string;
  readonly keyId: string;
  readonly key: string;
}

async function newKey({ do: act }: World): Promise<Recoverable> {
  const { apiId } = await act('apis.createApi', { name: 'payments' });
  return { apiId, ...(await act('keys.createKey', { apiId, recoverable: true })) };
}

const dataKeyOf = async ({ workspaceId }: World) => {
  const workspace = await service.app.services.storage.read((store) => store.workspaces.find(workspaceId));
  return workspace?.wrappedDataKey ?? null;
};
const setDataKey = ({ workspaceId }: World, wrappedDataKey: string | null) =>
  service.app.services.storage.write((store) => store.workspaces.update(workspaceId, { wrappedDataKey }));
const copyCiphertext = (from: string, to: string) =>
  service.place.execute(
    `UPDATE keys SET ciphertext = (SELECT k.ciphertext FROM keys k WHERE k.id = '${from}') WHERE id = '${to}'`,
  );

/** The reports about this test's workspace, as soon as there are so many and the metric has counted those of all. */
async function reports(count: number) {
  const all = () => lines.map((line) => JSON.parse(line)).filter(({ reason }) => reason !== undefined);
  const own = () => all().filter(({ workspaceId }) => workspaceId === world.workspaceId);
  await vi.waitFor(async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(own()).toHaveLength(count);
    expect(text).toContain(`\nunkey_damaged_secrets_total ${all().length}\n`);
  }, 30_000);
  return own();
}

const damages: Record<string, (key: Recoverable) => Promise<unknown>> = {
  'a damaged ciphertext': ({ keyId }) =>
    service.place.execute(`UPDATE keys SET ciphertext = 'ct1.AAAA' WHERE id = '${keyId}'`),
  'the ciphertext of another key': async ({ keyId }) => copyCiphertext((await newKey(world)).keyId, keyId),
  'the ciphertext and the data key of another workspace': async ({ keyId }) => {
    const other = await newWorld(service);
    await copyCiphertext((await newKey(other)).keyId, keyId);
    await setDataKey(world, await dataKeyOf(other));
  },
  'the data key of another workspace': async () => {
    const other = await newWorld(service);
    await newKey(other);
    await setDataKey(world, await dataKeyOf(other));
  },
  'no data key any more': () => setDataKey(world, null),
};

describe.each(Object.entries(damages))('%s', (_what, damage) => {
  test('is told by getKey, the log and a metric, and the key verifies', async () => {
    const made = await newKey(world);
    await damage(made);
    const { keyId, apiId, key } = made;
    const shown = await world.call('keys.getKey', { keyId, decrypt: true });
    expectError(shown, unexpected);
    expect(shown.body.error.detail).toContain('damaged');
    const listed = await world.do('apis.listKeys', { apiId, decrypt: true });
    expect(listed).toMatchObject([{ keyId }]);
    expect(listed[0]).not.toHaveProperty('plaintext');
    expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID' });
    expect(await world.do('keys.whoami', { key })).toMatchObject({ keyId });

    expect(await reports(2)).toMatchObject(
      [shown.body.meta.requestId, expect.stringMatching(/^req_/)].map((requestId) => ({
        level: 'error',
        requestId,
        reason: expect.stringMatching(/key_|data key/),
      })),
    );
    expect(lines.join('')).not.toContain(key);
    expect(lines.join('')).not.toContain(await dataKeyOf(world));
  });
});

test('of a list, the other keys have their plaintext', async () => {
  const { apiId, keyId } = await newKey(world);
  const other = await world.do('keys.createKey', { apiId, recoverable: true });
  await service.place.execute(`UPDATE keys SET ciphertext = 'ct1.AAAA' WHERE id = '${keyId}'`);
  const listed: { keyId: string; plaintext?: string }[] = await world.do('apis.listKeys', {
    apiId,
    decrypt: true,
  });
  expect(new Map(listed.map((one) => [one.keyId, one.plaintext]))).toEqual(
    new Map([
      [keyId, undefined],
      [other.keyId, other.key],
    ]),
  );
});

test('with a damaged data key no recoverable key is created, and others are', async () => {
  const { apiId, keyId } = await newKey(world);
  const other = await newWorld(service);
  await newKey(other);
  await setDataKey(world, await dataKeyOf(other));
  expectError(await world.call('keys.createKey', { apiId, recoverable: true }), unexpected);
  expectError(await world.call('keys.rerollKey', { keyId, expiration: 0 }), unexpected);
  await world.do('keys.createKey', { apiId });
  expect(await world.do('apis.listKeys', { apiId })).toHaveLength(2);
  await reports(2);
});

describe('a data key of an earlier release, which is not bound to its workspace,', () => {
  /** Replaces the workspace's data key; returns a key that is encrypted with it. */
  const withUnboundDataKey = async (): Promise<Recoverable> => {
    const made = await newKey(world);
    const bytes = Buffer.alloc(32, 9);
    const [, masterKeyId] = (await dataKeyOf(world))?.split('.') ?? [];
    const ciphertext = `ct1.${seal(bytes, Buffer.from(made.key), made.keyId)}`;
    await setDataKey(world, `dk1.${masterKeyId}.${seal(masterKey, bytes, 'dk1')}`);
    await service.place.execute(`UPDATE keys SET ciphertext = '${ciphertext}' WHERE id = '${made.keyId}'`);
    return made;
  };
  const expectReadable = async ({ keyId, key }: Recoverable) =>
    expect(await world.do('keys.getKey', { keyId, decrypt: true })).toMatchObject({ plaintext: key });

  test('is read, and used, until it is bound', async () => {
    const made = await withUnboundDataKey();
    await expectReadable(made);
    const later = await world.do('keys.createKey', { apiId: made.apiId, recoverable: true });
    expect(await dataKeyOf(world)).toMatch(/^dk1\./);
    expect(await bindDataKeys(service.app.services)).toBe(1);
    expect(await dataKeyOf(world)).toMatch(/^dk2\./);
    await expectReadable(made);
    await expectReadable(later);
    expect(await bindDataKeys(service.app.services)).toBe(0);
  });

  test('is bound by a rotation, too', async () => {
    const made = await withUnboundDataKey();
    const { storage, vault } = service.app.services;
    await rotateMasterKey({ storage, vault, keyFile: null });
    expect(await dataKeyOf(world)).toMatch(/^dk2\./);
    await expectReadable(made);
  });

  test('is bound at the start of a process, unless others may use the same database', async () => {
    const own = await newDataPlace();
    const config = loadConfig({
      flags: { port: '0', 'data-dir': own.dataDir },
      env: { LOG_LEVEL: 'silent', ...own.env, UNKEY_MASTER_KEY: masterKey.toString('base64') },
      cwd: own.dataDir,
    });
    const first = await createApp({ config, hasJobs: false });
    const [, masterKeyId] = first.services.vault.newDataKey('ws').split('.');
    const unbound = `dk1.${masterKeyId}.${seal(masterKey, Buffer.alloc(32, 9), 'dk1')}`;
    const [workspace] = await first.services.storage.write(async (store) => {
      const workspaces = await store.workspaces.list();
      for (const { id } of workspaces) await store.workspaces.update(id, { wrappedDataKey: unbound });
      return workspaces;
    });
    await first.close();

    const next = await createApp({ config });
    const { url } = await next.listen();
    const stored = () => next.services.storage.read((store) => store.workspaces.find(workspace?.id ?? ''));
    const hasRun = async (job: string) =>
      (await (await fetch(`${url}/metrics`)).text()).includes(
        `last_success_timestamp_seconds{name="${job}"}`,
      );
    await vi.waitFor(async () => expect(await hasRun('deleted_rows')).toBe(true), 20_000);
    if (config.databaseUrl === undefined) {
      await vi.waitFor(async () => expect(await hasRun('bound_data_keys')).toBe(true), 20_000);
      expect((await stored())?.wrappedDataKey).toMatch(/^dk2\./);
    } else {
      expect(await hasRun('bound_data_keys')).toBe(false);
      expect((await stored())?.wrappedDataKey).toBe(unbound);
    }
    await next.close();
    await own.remove();
  });

  test('is bound once by many processes at once, while keys are created', async () => {
    const made = await withUnboundDataKey();
    const { storage, vault } = service.app.services;
    const [bound, created] = await Promise.all([
      Promise.all([
        ...Array.from({ length: 5 }, () => bindDataKeys(service.app.services)),
        rotateMasterKey({ storage, vault, keyFile: null }).then(() => 0),
      ]),
      Promise.all(
        Array.from({ length: 10 }, () =>
          world.do('keys.createKey', { apiId: made.apiId, recoverable: true }),
        ),
      ),
    ]);
    expect(bound.filter((count) => count > 0).length).toBeLessThanOrEqual(1);
    expect(await dataKeyOf(world)).toMatch(/^dk2\./);
    for (const key of [made, ...created]) await expectReadable(key);
  });
});
