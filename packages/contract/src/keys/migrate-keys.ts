import Type from 'typebox';
import { largeBodyBytes, operation } from '../operation.ts';
import { choice } from '../schemas/choice.ts';
import { credits } from '../schemas/credits.ts';
import { itemsMax } from '../schemas/items-max.ts';
import { keyPermissions, keyRoles, newKeySettings } from '../schemas/key.ts';
import { ratelimitRequests } from '../schemas/ratelimit.ts';
import { onApi } from './key-access.ts';

const keyToMigrate = Type.Object(
  {
    hash: Type.String({
      minLength: 3,
      description:
        'SHA-256 of the key, or of the part that the migration states: 64 characters of hex, or 43 or 44 of base64 or base64url. Never send the key itself.',
    }),
    ...newKeySettings,
    externalId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: 'Your own id of the user, team or organization that owns the key.',
      }),
    ),
    roles: Type.Optional(keyRoles),
    permissions: Type.Optional(keyPermissions),
    credits: Type.Optional(credits),
    ratelimits: Type.Optional(ratelimitRequests),
  },
  { title: 'V2KeysMigrateKeyData', additionalProperties: false, description: 'A key to migrate.' },
);

const migratedKey = Type.Object(
  {
    hash: Type.String({ description: 'The hash as it was sent.' }),
    keyId: Type.String({ description: 'Id of the key, `key_…`.' }),
  },
  { title: 'V2KeysMigrateKeysMigration', description: 'A migrated key.' },
);

const failedKey = Type.Object(
  {
    hash: Type.String({ description: 'The hash as it was sent.' }),
    reason: choice(['hash_taken', 'hash_malformed'], {
      description:
        '`hash_taken`: a key of the workspace has the hash. `hash_malformed`: the text is not a SHA-256.',
    }),
  },
  { title: 'MigrationFailure', additionalProperties: false, description: 'A key that was not migrated.' },
);

export const migrateKeys = operation({
  id: 'keys.migrateKeys',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Migrate keys from another system',
  description: `Imports keys by their hashes, so that their holders need no new ones. The operator of the service creates the
migration, which states how the hashes were computed.

A hash that is taken or malformed is listed in \`failed\`, with the reason in \`failures\`, and skipped. Identities, permissions and roles that do not exist
are created. The permission is checked before the API is looked up.`,
  input: Type.Object(
    {
      migrationId: Type.String({ minLength: 3, maxLength: 255, description: 'Id of the migration.' }),
      apiId: Type.String({
        minLength: 3,
        maxLength: 255,
        description: 'Id of the API of the keys, `api_…`.',
      }),
      keys: Type.Array(keyToMigrate, {
        minItems: 1,
        maxItems: itemsMax,
        description: 'The keys to migrate.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({
    migrated: Type.Array(migratedKey, { description: 'The migrated keys.' }),
    failed: Type.Array(Type.String(), {
      description: 'Hashes that were not migrated, as they were sent. Empty: none.',
    }),
    failures: Type.Array(failedKey, {
      description: 'The hashes of `failed`, in their order, each with its reason.',
    }),
  }),
  isPaged: false,
  access: [{ requires: onApi('create_key') }],
  errors: ['unkey/data/api_not_found', 'unkey/data/migration_not_found'],
  audit: ['authorization.connect_permission_and_key', 'authorization.connect_role_and_key', 'key.create'],
  hasCreditsAlias: false,
  idempotent: 'with key',
  idempotency: 'durable',
  example: {
    request: {
      migrationId: 'migration_acme',
      apiId: 'api_Xy3kQ9v1p',
      keys: [{ hash: '6coSd2Pd5uNxqDoeFFGsz68bEWowlJ5iOzNfEn3bcjg=', name: 'Laptop', externalId: 'user_42' }],
    },
    response: {
      migrated: [{ hash: '6coSd2Pd5uNxqDoeFFGsz68bEWowlJ5iOzNfEn3bcjg=', keyId: 'key_8fJ2mQw4Z' }],
      failed: [],
      failures: [],
    },
  },
});
