import Type from 'typebox';
import { operation } from '../operation.ts';
import { wholeNumber } from '../schemas/integer.ts';
import { issuedKey, keyId, timeMax } from '../schemas/key.ts';
import { creatingKeys, encryptingKeys } from './key-access.ts';

export const rerollKey = operation({
  id: 'keys.rerollKey',
  method: 'POST',
  mode: 'write',
  summary: 'Reroll a key',
  description: `Creates a new key that has everything of the old one: name, identity, metadata, permissions, roles, credits, limits and
prefix, or the API's default prefix if it has none. The new key is as long as the old one, or as the API's default
length if that is greater. The old key works until its \`expiration\`.

Requires permission to create keys, and to encrypt keys if the old one is recoverable.`,
  input: Type.Object({
    keyId,
    expiration: wholeNumber({
      minimum: 0,
      maximum: timeMax,
      description:
        'How long the old key still works, in milliseconds from now, rounded up to a full minute. 0: it stops at once.',
    }),
  }),
  output: Type.Object({
    keyId: Type.String({ description: 'Id of the new key, `key_…`.' }),
    key: issuedKey,
  }),
  isPaged: false,
  access: [creatingKeys, encryptingKeys],
  errors: ['unkey/data/key_not_found', 'unkey/application/precondition_failed'],
  audit: ['key.reroll'],
  hasCreditsAlias: false,
  idempotent: 'with key',
  idempotency: 'durable',
  example: {
    request: { keyId: 'key_8fJ2mQw4Z', expiration: 86400000 },
    response: { keyId: 'key_1aSd9Fg3H', key: 'demo_ThisIsNotARealKey22222' },
  },
});
