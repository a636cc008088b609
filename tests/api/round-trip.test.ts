import type { InputOf, OperationId } from '@unkey-ts/contract';
import { operations } from '@unkey-ts/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';
import { makeApi, makeKey } from './arrange-keys.ts';
import { newWorld, type World } from './scenario.ts';

/** A value for a property of a request, and what a read must show of it. */
interface Sample {
  readonly value: unknown;
  /** Members of the response to the read. Default: the same property with the same value. */
  readonly shown?: Readonly<Record<string, unknown>>;
}

/** A sample for every property in the contract, except the one that names the target. */
type Samples<Input, Target extends keyof Input> = Readonly<Record<Exclude<keyof Input, Target>, Sample>>;

type NewKeyInput = InputOf<'keys.createKey'>;
type MigratedKeyInput = InputOf<'keys.migrateKeys'>['keys'][number];

const limit = { name: 'requests', limit: 10, duration: 60_000, autoApply: true };
const credits = { remaining: 7, refill: { interval: 'monthly', amount: 50, refillDay: 3 } } as const;
const metadata = { team: { id: 7, tags: ['a', null] } };

const ofKey = {
  name: { value: 'Laptop' },
  meta: { value: metadata },
  expires: { value: 4_000_000_000_000 },
  enabled: { value: false },
  externalId: { value: 'user_1', shown: { identity: { externalId: 'user_1' } } },
  roles: { value: ['reader'] },
  permissions: { value: ['documents.read', 'documents.write'] },
  credits: { value: credits },
  ratelimits: { value: [limit] },
} satisfies Readonly<Record<string, Sample>>;

const createSamples: Samples<NewKeyInput, 'apiId'> = {
  ...ofKey,
  prefix: { value: 'demo', shown: { start: expect.stringMatching(/^demo_/) } },
  byteLength: { value: 64, shown: { plaintext: expect.stringMatching(/^.{80,}$/) } },
  recoverable: { value: true, shown: { plaintext: expect.any(String) } },
};

const updateSamples: Samples<InputOf<'keys.updateKey'>, 'keyId'> = ofKey;
const migrateSamples: Samples<MigratedKeyInput, 'hash'> = ofKey;

const identitySamples: Samples<InputOf<'identities.updateIdentity'>, 'identity'> = {
  meta: { value: metadata },
  ratelimits: { value: [limit] },
};

let service: Service;
let world: World;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

async function newWorldWithRole(): Promise<World> {
  world = await newWorld(service);
  await world.do('permissions.createRole', { name: 'reader' });
  return world;
}

const readKey = (keyId: string) => world.do('keys.getKey', { keyId, decrypt: true });

/** Tests each property by itself, so that no property hides the loss of another. */
function eachProperty(
  samples: Readonly<Record<string, Sample>>,
  run: (body: object) => Promise<unknown>,
): void {
  for (const [name, sample] of Object.entries(samples)) {
    test(name, async () => {
      await newWorldWithRole();
      const shown = await run({ [name]: sample.value });
      expect(shown).toMatchObject(sample.shown ?? { [name]: sample.value });
    });
  }
}

/** Asserts at run time, too, that the samples name what the schema names. */
function coversSchema(properties: object, samples: object, targets: readonly string[]): void {
  test('every property of the schema has a sample', () =>
    expect([...Object.keys(samples), ...targets].sort()).toEqual(Object.keys(properties).sort()));
}

function propertiesOf(operation: OperationId): Record<string, { readonly type?: unknown }> {
  return Object((operations[operation].input as { readonly properties?: object }).properties);
}

describe('what keys.createKey accepts, keys.getKey shows', () => {
  coversSchema(propertiesOf('keys.createKey'), createSamples, ['apiId']);
  eachProperty(createSamples, async (body) => {
    const isRecoverable = 'byteLength' in body || 'recoverable' in body;
    const { keyId } = await makeKey(world, { ...body, ...(isRecoverable && { recoverable: true }) });
    return readKey(keyId);
  });
  test('apiId', async () => {
    await newWorldWithRole();
    const { apiId, keyId } = await makeKey(world);
    expect(await world.do('apis.listKeys', { apiId })).toMatchObject([{ keyId }]);
  });
});

describe('what keys.migrateKeys accepts, keys.getKey shows', () => {
  const item = operations['keys.migrateKeys'].input.properties.keys.items;
  coversSchema(item.properties, migrateSamples, ['hash']);
  eachProperty(migrateSamples, async (body) => {
    const { apiId } = await makeApi(world);
    const migrationId = `migration_${world.workspaceId}`;
    await service.app.services.storage.write((store) =>
      store.migrations.create(world.workspaceId, {
        id: migrationId,
        name: 'Old system',
        algorithm: 'sha256',
        createdAt: world.clock.now(),
      }),
    );
    const hash = Buffer.from(`a hash of ${world.workspaceId}`.padEnd(32).slice(-32)).toString('base64');
    const order = { migrationId, apiId, keys: [{ ...body, hash }] };
    const { migrated } = await world.do('keys.migrateKeys', order);
    return readKey(migrated[0].keyId);
  });
});

describe('what keys.updateKey accepts changes what keys.getKey shows', () => {
  const properties = propertiesOf('keys.updateKey');
  coversSchema(properties, updateSamples, ['keyId']);
  eachProperty(updateSamples, async (body) => {
    const { keyId } = await makeKey(world);
    await world.do('keys.updateKey', { ...body, keyId });
    return readKey(keyId);
  });
  const removable = Object.entries(properties).filter(([, { type }]) => [type].flat().includes('null'));
  test.each(removable.map(([name]) => name))('null removes %s', async (name) => {
    await newWorldWithRole();
    const sample = Object(updateSamples)[name] as Sample;
    const { keyId } = await makeKey(world, { [name]: sample.value });
    const before = await readKey(keyId);
    expect(before).toMatchObject(sample.shown ?? { [name]: sample.value });
    await world.do('keys.updateKey', { keyId, [name]: null });
    expect(Object.keys(await readKey(keyId))).not.toContain(Object.keys(sample.shown ?? { [name]: 0 })[0]);
  });
});

describe('a rerolled key has what the key had', () => {
  const own = { ...ofKey, prefix: createSamples.prefix };
  eachProperty(own, async (body) => {
    const { keyId } = await makeKey(world, body as Record<string, unknown>);
    const rerolled = await world.do('keys.rerollKey', { keyId, expiration: 0 });
    return readKey(rerolled.keyId);
  });
});

describe('what identities.createIdentity accepts, identities.getIdentity shows', () => {
  coversSchema(propertiesOf('identities.createIdentity'), identitySamples, ['externalId']);
  eachProperty(identitySamples, async (body) => {
    await world.do('identities.createIdentity', { ...body, externalId: 'user_1' });
    const shown = await world.do('identities.getIdentity', { identity: 'user_1' });
    expect(shown.externalId).toBe('user_1');
    return shown;
  });
});

describe('what identities.updateIdentity accepts changes what identities.getIdentity shows', () => {
  coversSchema(propertiesOf('identities.updateIdentity'), identitySamples, ['identity']);
  eachProperty(identitySamples, async (body) => {
    await world.do('identities.createIdentity', { externalId: 'user_1' });
    await world.do('identities.updateIdentity', { ...body, identity: 'user_1' });
    return world.do('identities.getIdentity', { identity: 'user_1' });
  });
});

/** Resources that are created in one call, with all properties at once. */
const created: Readonly<
  Record<
    string,
    { create: OperationId; body: object; read: OperationId; target: (made: never) => object; shown?: object }
  >
> = {
  permission: {
    create: 'permissions.createPermission',
    body: { name: 'Read documents', slug: 'documents.read', description: 'Reading' },
    read: 'permissions.getPermission',
    target: ({ permissionId }: { permissionId: string }) => ({ permission: permissionId }),
  },
  role: {
    create: 'permissions.createRole',
    body: { name: 'Writer', description: 'Writing', permissions: ['documents.write'] },
    read: 'permissions.getRole',
    target: ({ roleId }: { roleId: string }) => ({ role: roleId }),
    shown: { name: 'Writer', description: 'Writing', permissions: [{ slug: 'documents.write' }] },
  },
  override: {
    create: 'ratelimit.setOverride',
    body: { namespace: 'requests', identifier: 'user_*', limit: 5, duration: 90_000 },
    read: 'ratelimit.getOverride',
    target: () => ({ namespace: 'requests', identifier: 'user_*' }),
    shown: { identifier: 'user_*', limit: 5, duration: 90_000 },
  },
  API: {
    create: 'apis.createApi',
    body: { name: 'payments' },
    read: 'apis.getApi',
    target: ({ apiId }: { apiId: string }) => ({ apiId }),
  },
};

describe.each(Object.entries(created))('a new %s', (_, { create, body, read, target, shown }) => {
  coversSchema(propertiesOf(create), body, []);
  test('is shown with everything that it was created with', async () => {
    await newWorldWithRole();
    if (create === 'ratelimit.setOverride') {
      await world.do('ratelimit.limit', { namespace: 'requests', identifier: 'x', limit: 1, duration: 1000 });
    }
    const made = await world.do(create, body);
    expect(await world.do(read, target(made as never))).toMatchObject(shown ?? body);
  });
});
