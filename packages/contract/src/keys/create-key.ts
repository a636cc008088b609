import Type from 'typebox';
import { operation } from '../operation.ts';
import { credits } from '../schemas/credits.ts';
import { externalId } from '../schemas/identity.ts';
import { issuedKey, keyEnabled, keyExpires, keyName, keyPermissions, keyRoles } from '../schemas/key.ts';
import { metadata } from '../schemas/metadata.ts';
import { idAlphabet } from '../schemas/pattern.ts';
import { ratelimitRequests } from '../schemas/ratelimit.ts';
import { creatingKeys, encryptingKeys } from './key-access.ts';

export const createKey = operation({
  id: 'keys.createKey',
  method: 'POST',
  mode: 'write',
  summary: 'Make a key',
  description: `The answer is the only place where the key itself is shown, unless it is \`recoverable\`. Every call makes a new key.

An identity with \`externalId\` and permissions that do not exist yet are made; a role that does not exist is refused
with 404. If anything is refused, nothing is made. Lacking a permission looks like an API that does not exist.`,
  input: Type.Object(
    {
      apiId: Type.String({
        minLength: 3,
        maxLength: 255,
        pattern: idAlphabet.pattern,
        description: 'Id of the API that the key is for, `api_…`.',
      }),
      prefix: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 16,
          pattern: idAlphabet.pattern,
          description:
            'What the key begins with; `_` is put after it. Default: that of the API, mostly none.',
        }),
      ),
      name: Type.Optional(keyName),
      byteLength: Type.Optional(
        Type.Integer({
          minimum: 16,
          maximum: 255,
          default: 16,
          description: 'Random bytes in the key. Default 16, which nobody guesses.',
        }),
      ),
      externalId: Type.Optional(externalId),
      meta: Type.Optional(metadata),
      roles: Type.Optional(keyRoles),
      permissions: Type.Optional(keyPermissions),
      expires: Type.Optional(keyExpires),
      credits: Type.Optional(credits),
      ratelimits: Type.Optional(ratelimitRequests),
      enabled: Type.Optional(keyEnabled),
      recoverable: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Whether to store the key, encrypted, so that it can be shown again. Default false.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({
    keyId: Type.String({ description: 'Id of the key, `key_…`: manage it by this.' }),
    key: issuedKey,
  }),
  isPaged: false,
  access: [
    { ...creatingKeys, maskAs: 'unkey/data/api_not_found' },
    { ...encryptingKeys, maskAs: 'unkey/data/api_not_found' },
  ],
  errors: ['unkey/data/api_not_found', 'unkey/data/role_not_found', 'unkey/application/precondition_failed'],
  audit: ['authorization.connect_permission_and_key', 'authorization.connect_role_and_key', 'key.create'],
  hasCreditsAlias: true,
  idempotent: 'with key',
  idempotency: 'durable',
  example: {
    request: {
      apiId: 'api_Xy3kQ9v1p',
      prefix: 'demo',
      name: 'Laptop',
      externalId: 'user_42',
      permissions: ['documents.read'],
      credits: { remaining: 1000, refill: { interval: 'monthly', amount: 1000, refillDay: 1 } },
      ratelimits: [{ name: 'requests', limit: 100, duration: 60000, autoApply: true }],
    },
    response: { keyId: 'key_8fJ2mQw4Z', key: 'demo_ThisIsNotARealKey11111' },
  },
});
