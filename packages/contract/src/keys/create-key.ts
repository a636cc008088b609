import Type from 'typebox';
import { largeBodyBytes, operation } from '../operation.ts';
import { credits } from '../schemas/credits.ts';
import { externalId } from '../schemas/identity.ts';
import { issuedKey, keyPermissions, keyRoles, newKeySettings } from '../schemas/key.ts';
import { idAlphabet } from '../schemas/pattern.ts';
import { ratelimitRequests } from '../schemas/ratelimit.ts';
import { creatingKeys, encryptingKeys } from './key-access.ts';

export const createKey = operation({
  id: 'keys.createKey',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Create a key',
  description: `Only this response shows the key itself, unless it is \`recoverable\`. Every call creates a new key.

An identity or a permission that does not exist is created; a role that does not exist is refused with 404. If
anything is refused, nothing is created. If the root key lacks the permission, the response is 404, as for an API that
does not exist.`,
  input: Type.Object(
    {
      apiId: Type.String({
        minLength: 3,
        maxLength: 255,
        pattern: idAlphabet.pattern,
        description: 'Id of the API of the key, `api_…`.',
      }),
      prefix: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 16,
          pattern: idAlphabet.pattern,
          description:
            'First part of the key, followed by `_`. Default: the prefix of the API, if it has one.',
        }),
      ),
      ...newKeySettings,
      byteLength: Type.Optional(
        Type.Integer({
          minimum: 16,
          maximum: 255,
          default: 16,
          description: 'Number of random bytes in the key. Default 16.',
        }),
      ),
      externalId: Type.Optional(externalId),
      roles: Type.Optional(keyRoles),
      permissions: Type.Optional(keyPermissions),
      credits: Type.Optional(credits),
      ratelimits: Type.Optional(ratelimitRequests),
      recoverable: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Whether to store the key, encrypted, so that it can be read again. Default false.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({
    keyId: Type.String({ description: 'Id of the key, `key_…`, for managing it.' }),
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
