import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { eventsOfCall, makeApi, makeKey, makePermissions, makeRoles } from '../arrange-keys.ts';
import { makeMigration } from '../migrations.ts';
import { type OtherWorkspace, otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { type Scenario, scenario, suite, type World } from '../scenario.ts';

const sha256 = (key: string) => createHash('sha256').update(key).digest('base64');
/** Keys of this case only: hashes are unique across workspaces. */
const keyOf = ({ workspaceId }: World, name: string) => `${name}_${workspaceId}`;

interface Migration {
  readonly apiId: string;
  readonly migrationId: string;
  readonly hash: string;
}

/** A key of another workspace, whose hash this one migrates. */
interface Contested extends Migration {
  readonly other: OtherWorkspace;
  readonly theirs: { readonly keyId: string; readonly key: string };
}

async function arrange(world: World): Promise<Migration> {
  const { apiId } = await makeApi(world);
  const migrationId = await makeMigration(world, 'sha256');
  world.clock.advance(1000);
  return { apiId, migrationId, hash: sha256(keyOf(world, 'first')) };
}

const oneKey = ({ apiId, migrationId, hash }: Migration) => ({ apiId, migrationId, keys: [{ hash }] });

function refused(what: string, item: object, location: string): Scenario {
  return scenario({
    name: `400 for ${what}, and nothing is created`,
    arrange,
    body: ({ apiId, migrationId, hash }: Migration) => ({
      apiId,
      migrationId,
      keys: [
        { hash: sha256(`${hash} ok`), externalId: 'user_1', permissions: ['made'], roles: ['made'] },
        { hash, ...item },
      ],
    }),
    expect: { status: 400, code: 'unkey/application/invalid_input', locations: [location] },
    async after(world, { apiId }) {
      expect(await world.do('apis.listKeys', { apiId })).toEqual([]);
      expect(await world.do('identities.listIdentities', {})).toEqual([]);
      expect(await world.do('permissions.listPermissions', {})).toEqual([]);
      expect(await world.do('permissions.listRoles', {})).toEqual([]);
    },
  });
}

const item = (members: object) => ({ apiId: 'api', migrationId: 'mig', keys: [{ hash: 'abc', ...members }] });

export const drops = ['hash'];

export const notSimulated = 'Apart from its hash, the key is like one of keys.createKey.';

export default suite('keys.migrateKeys', [
  scenario({
    name: 'a key is migrated with all members, and missing roles and permissions are created',
    arrange,
    permissions: ['api.*.create_key'],
    body: ({ apiId, migrationId, hash }: Migration) => ({
      apiId,
      migrationId,
      keys: [
        {
          hash,
          name: 'Laptop',
          externalId: 'user 1/ä',
          meta: { a: [1, null] },
          roles: ['Billing Admin'],
          permissions: ['documents.read'],
          expires: 4_102_444_800_000,
          enabled: false,
          credits: { remaining: 5, refill: { interval: 'monthly', amount: 50, refillDay: 31 } },
          ratelimits: [{ name: 'requests', limit: 5, duration: 60_000, autoApply: true }],
        },
      ],
    }),
    expect: { status: 200, data: { failed: [] } },
    async after(world, { hash, apiId }, reply) {
      const { migrated } = reply.body.data;
      expect(migrated).toEqual([{ hash, keyId: expect.stringMatching(/^key_/) }]);
      expect(await world.do('keys.getKey', { keyId: migrated[0].keyId })).toEqual({
        keyId: migrated[0].keyId,
        start: '',
        createdAt: world.clock.now(),
        name: 'Laptop',
        enabled: false,
        meta: { a: [1, null] },
        roles: ['Billing Admin'],
        permissions: ['documents.read'],
        expires: 4_102_444_800_000,
        credits: { remaining: 5, refill: { interval: 'monthly', amount: 50, refillDay: 31 } },
        ratelimits: [
          {
            id: expect.stringMatching(/^rl_/),
            name: 'requests',
            limit: 5,
            duration: 60_000,
            autoApply: true,
          },
        ],
        identity: { id: expect.stringMatching(/^id_/), externalId: 'user 1/ä' },
      });
      expect(await world.do('permissions.getRole', { role: 'Billing Admin' })).not.toHaveProperty(
        'permissions',
      );
      expect(await world.do('apis.listKeys', { apiId })).toHaveLength(1);
      expect(await eventsOfCall(world)).toEqual([
        'authorization.connect_permission_and_key',
        'authorization.connect_role_and_key',
        'key.create',
      ]);
    },
  }),
  scenario({
    name: 'a key with the hash of the whole key verifies without the migration',
    arrange,
    body: oneKey,
    expect: { status: 200 },
    async after(world, { migrationId }, reply) {
      const { keyId } = reply.body.data.migrated[0];
      const key = keyOf(world, 'first');
      expect(await world.do('keys.verifyKey', { key })).toEqual({
        valid: true,
        code: 'VALID',
        keyId,
        enabled: true,
      });
      expect(await world.do('keys.verifyKey', { key, migrationId })).toMatchObject({ code: 'VALID' });
    },
  }),
  scenario({
    name: 'keys share identities, permissions and roles, which may exist in another case',
    async arrange(world) {
      await makePermissions(world, ['documents.read']);
      await makeRoles(world, ['Admin']);
      return arrange(world);
    },
    body: ({ apiId, migrationId, hash }: Migration) => ({
      apiId,
      migrationId,
      keys: ['a', 'b'].map((suffix) => ({
        hash: sha256(hash + suffix),
        externalId: 'user_1',
        permissions: ['Documents.Read', 'new', 'NEW'],
        roles: ['ADMIN', 'Other', 'other', 'Other'],
      })),
    }),
    expect: { status: 200, data: { failed: [] } },
    async after(world, _given, reply) {
      expect(reply.body.data.migrated).toHaveLength(2);
      expect(await world.do('identities.listIdentities', {})).toHaveLength(1);
      expect(await world.do('permissions.listPermissions', {})).toHaveLength(2);
      expect(await world.do('permissions.listRoles', {})).toHaveLength(2);
      for (const { keyId } of reply.body.data.migrated) {
        const shown = await world.do('keys.getKey', { keyId });
        expect(shown.permissions).toEqual(['documents.read', 'new']);
        expect([...shown.roles].sort()).toEqual(['Admin', 'Other']);
      }
    },
  }),
  scenario({
    name: 'hashes in use fail, also those of deleted keys; the others are migrated',
    async arrange(world) {
      const made = await arrange(world);
      const deleted = await makeKey(world, { apiId: made.apiId });
      await world.do('keys.deleteKey', { keyId: deleted.keyId });
      const live = await makeKey(world);
      return { ...made, taken: [sha256(deleted.key), sha256(live.key)] };
    },
    body: ({ apiId, migrationId, hash, taken }: Migration & { taken: string[] }) => ({
      apiId,
      migrationId,
      keys: [...taken, hash, hash].map((one) => ({ hash: one })),
    }),
    expect: { status: 200 },
    async after(world, { apiId, migrationId, hash, taken }, reply) {
      expect(reply.body.data.failed).toEqual([...taken, hash]);
      expect(reply.body.data.migrated).toMatchObject([{ hash }]);
      expect(await world.do('keys.migrateKeys', { apiId, migrationId, keys: [{ hash }] })).toEqual({
        migrated: [],
        failed: [hash],
        failures: [{ hash, reason: 'hash_taken' }],
      });
      expect(await world.do('apis.listKeys', { apiId })).toHaveLength(1);
    },
  }),
  scenario({
    name: 'a hash of another workspace is migrated, too: each verifies its own key, and neither learns of the other',
    async arrange(world) {
      const made = await arrange(world);
      const other = await otherWorkspace(world);
      const { apiId } = await other.do('apis.createApi', { name: 'theirs' });
      const theirs = await other.do('keys.createKey', { apiId, name: 'theirs', credits: { remaining: 5 } });
      expect(await other.do('keys.verifyKey', { key: theirs.key })).toMatchObject({ credits: 4 });
      // Known not to exist here, until it is migrated.
      expect(await world.do('keys.verifyKey', { key: theirs.key })).toMatchObject({ code: 'NOT_FOUND' });
      return { ...made, other, theirs };
    },
    body: ({ apiId, migrationId, theirs }: Contested) => ({
      apiId,
      migrationId,
      keys: [{ hash: sha256(theirs.key), name: 'ours' }],
    }),
    expect: { status: 200, data: { failed: [], failures: [] } },
    async after(world, { other, theirs }, reply) {
      const { key } = theirs;
      const [{ keyId }] = reply.body.data.migrated;
      const ours = { code: 'VALID', keyId, name: 'ours' };
      for (let count = 3; count >= 1; count--) {
        expect(await world.do('keys.verifyKey', { key })).toMatchObject(ours);
        expect(await other.do('keys.verifyKey', { key })).toMatchObject({
          keyId: theirs.keyId,
          name: 'theirs',
          credits: count,
        });
      }
      expect(await world.do('keys.whoami', { key })).toMatchObject({ keyId, name: 'ours' });
      expect(await other.do('keys.whoami', { key })).toMatchObject({ keyId: theirs.keyId, name: 'theirs' });

      await other.do('keys.updateKey', { keyId: theirs.keyId, enabled: false });
      expect(await other.do('keys.verifyKey', { key })).toMatchObject({ code: 'DISABLED' });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject(ours);
      await other.do('keys.deleteKey', { keyId: theirs.keyId, permanent: true });
      expect(await other.do('keys.verifyKey', { key })).toMatchObject({ code: 'NOT_FOUND' });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject(ours);
      await world.do('keys.deleteKey', { keyId });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'NOT_FOUND' });
    },
  }),
  scenario({
    name: 'every notation of a hash verifies and is returned as sent; other texts fail, and nothing is created for them',
    async arrange(world) {
      const made = await arrange(world);
      const digest = (name: string) => createHash('sha256').update(keyOf(world, name)).digest();
      const hashes = {
        HEX: digest('HEX').toString('hex').toUpperCase(),
        url: digest('url').toString('base64url'),
        short: digest('short').toString('base64').slice(0, 43),
        line: `${digest('line').toString('hex')}\n`,
      };
      return { ...made, hashes, plain: `plain text ${world.workspaceId}` };
    },
    body: ({ apiId, migrationId, hashes, plain }: Migration & { hashes: object; plain: string }) => ({
      apiId,
      migrationId,
      keys: [...Object.values(hashes), plain].map((hash) => ({
        hash,
        externalId: hash === plain ? 'none' : 'user',
      })),
    }),
    expect: { status: 200 },
    async after(world, { hashes, plain }, reply) {
      const { migrated, failed, failures } = reply.body.data;
      expect(migrated.map(({ hash }: { hash: string }) => hash)).toEqual(Object.values(hashes));
      expect(failed).toEqual([plain]);
      expect(failures).toEqual([{ hash: plain, reason: 'hash_malformed' }]);
      for (const name of Object.keys(hashes)) {
        expect(await world.do('keys.verifyKey', { key: keyOf(world, name) })).toMatchObject({
          code: 'VALID',
        });
      }
      expect(await world.do('identities.listIdentities', {})).toHaveLength(1);
      expect(await world.service.place.text()).not.toContain(plain);
    },
  }),
  scenario({
    name: 'a key with null for its credits is unlimited',
    arrange,
    body: ({ apiId, migrationId, hash }: Migration) => ({
      apiId,
      migrationId,
      keys: [{ hash, credits: { remaining: null } }],
    }),
    expect: { status: 200 },
    async after(world, _given, reply) {
      const { keyId } = reply.body.data.migrated[0];
      expect(await world.do('keys.getKey', { keyId })).not.toHaveProperty('credits');
    },
  }),
  refused(
    'a monthly refill without its day',
    { credits: { remaining: 1, refill: { interval: 'monthly', amount: 5 } } },
    'body.keys[1].credits.refill.refillDay',
  ),
  refused(
    'a refill of unlimited credits',
    { credits: { remaining: null, refill: { interval: 'daily', amount: 5 } } },
    'body.keys[1].credits.remaining',
  ),
  refused('meta above 1 MiB', { meta: { text: 'x'.repeat(1024 * 1024) } }, 'body.keys[1].meta'),
  scenario({
    name: 'the permission for this API suffices',
    arrange,
    permissions: ({ apiId }) => [`api.${apiId}.create_key`],
    body: oneKey,
    expect: { status: 200 },
  }),
  ...denied<Migration>({
    arrange,
    body: oneKey,
    held: {
      'no permission': () => [],
      'read_key only': () => ['api.*.read_key'],
      'the permission for another API': () => ['api.api_12345678.create_key'],
      'wildcards that nobody asks for': () => ['*', 'api.*', 'api.create'],
      'a grant only': (_given, { workspaceId }) => [`unkey:v1:${workspaceId}:keyspaces/*#create_key`],
    },
  }),
  ...denied({
    body: { apiId: 'api_doesNotExist', migrationId: 'mig', keys: [{ hash: 'abc' }] },
    held: { 'no permission, also for an API that does not exist': () => [] },
  }),
  {
    name: '404 for an API that does not exist',
    body: { apiId: 'api_doesNotExist', migrationId: 'mig', keys: [{ hash: 'abc' }] },
    expect: { status: 404, code: 'unkey/data/api_not_found' },
  },
  ...Object.entries<(world: World) => Promise<string>>({
    'an API of another workspace': async (world) =>
      (await (await otherWorkspace(world)).do('apis.createApi', { name: 'theirs' })).apiId,
    'a deleted API': async (world) => {
      const { apiId } = await makeApi(world);
      await world.do('apis.deleteApi', { apiId });
      return apiId;
    },
  }).map(([what, apiOf]) =>
    scenario({
      name: `404 for ${what}`,
      arrange: async (world) => ({ ...(await arrange(world)), apiId: await apiOf(world) }),
      body: oneKey,
      expect: { status: 404, code: 'unkey/data/api_not_found' },
    }),
  ),
  {
    name: '404 for a migration that does not exist',
    arrange,
    body: (made: unknown) => ({ ...oneKey(made as Migration), migrationId: 'migration_unknown' }),
    expect: { status: 404, code: 'unkey/data/migration_not_found' },
  },
  scenario({
    name: '404 for a migration of another workspace',
    async arrange(world) {
      const made = await arrange(world);
      const { workspaceId } = await world.service.newWorkspace();
      return { ...made, migrationId: await makeMigration({ ...world, workspaceId }, 'sha256') };
    },
    body: oneKey,
    expect: { status: 404, code: 'unkey/data/migration_not_found' },
  }),
  ...malformed([
    ['nothing at all', {}, 'body.migrationId'],
    ['an empty apiId', { ...item({}), apiId: '' }, 'body.apiId'],
    ['an empty migrationId', { ...item({}), migrationId: '' }, 'body.migrationId'],
    ['no keys', { ...item({}), keys: [] }, 'body.keys'],
    ['a key without hash', { ...item({}), keys: [{}] }, 'body.keys[0].hash'],
    ['an empty hash', item({ hash: '' }), 'body.keys[0].hash'],
    ['a negative expires', item({ expires: -1 }), 'body.keys[0].expires'],
    ['an empty permission', item({ permissions: [''] }), 'body.keys[0].permissions[0]'],
    [
      'a permission of 513 characters',
      item({ permissions: ['p'.repeat(513)] }),
      'body.keys[0].permissions[0]',
    ],
    ['an empty role', item({ roles: [''] }), 'body.keys[0].roles[0]'],
    ['a role of 513 characters', item({ roles: ['r'.repeat(513)] }), 'body.keys[0].roles[0]'],
    ['a member that it does not know', item({ prefix: 'x' }), 'body.keys[0].prefix'],
  ]),
]);
