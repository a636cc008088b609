import Type from 'typebox';
import { operation } from '../operation.ts';
import { key, keyId } from '../schemas/key.ts';
import { onKey } from './key-access.ts';

export const getKey = operation({
  id: 'keys.getKey',
  method: 'POST',
  mode: 'read',
  summary: 'Get a key by its id',
  description: `Returns active, disabled and expired keys. To find a key by the key itself, use \`keys.whoami\`.

\`decrypt\` also requires permission to decrypt, and the response is 412 if the API does not store recoverable keys. A
key that is not recoverable has no \`plaintext\`. If the stored secret is damaged, the response is 500.`,
  input: Type.Object(
    {
      keyId,
      decrypt: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Whether to return a recoverable key in full. Default false.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  output: key,
  isPaged: false,
  access: [{ requires: onKey('read_key') }, { when: 'decrypt', requires: onKey('decrypt_key') }],
  errors: ['unkey/data/key_not_found', 'unkey/application/precondition_failed'],
  audit: [],
  hasCreditsAlias: true,
  idempotent: true,
  example: {
    request: { keyId: 'key_8fJ2mQw4Z' },
    response: {
      keyId: 'key_8fJ2mQw4Z',
      start: 'demo_3Zx9',
      enabled: true,
      name: 'Laptop',
      createdAt: 1767225600000,
      permissions: ['documents.read'],
      credits: { remaining: 950, refill: { interval: 'monthly', amount: 1000, refillDay: 1 } },
      identity: { id: 'id_5tGh7Yb2N', externalId: 'user_42' },
      ratelimits: [{ id: 'rl_2wEr5Ty8U', name: 'requests', limit: 100, duration: 60000, autoApply: true }],
    },
  },
});
