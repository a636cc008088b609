import Type from 'typebox';
import { operation } from '../operation.ts';
import { key, keySecret } from '../schemas/key.ts';
import { onKey } from './key-access.ts';

export const whoami = operation({
  id: 'keys.whoami',
  method: 'POST',
  mode: 'read',
  summary: 'Identify a key',
  description: `Finds a key by the key itself. It spends no credits, counts against no limit, and also returns disabled and expired
keys. To decide whether to let a caller in, use \`keys.verifyKey\`.

If the root key lacks the permission, the response is 404, as for a key that does not exist.`,
  input: Type.Object({ key: keySecret }, { additionalProperties: false }),
  output: key,
  isPaged: false,
  access: [{ requires: onKey('read_key'), maskAs: 'unkey/data/key_not_found' }],
  errors: ['unkey/data/key_not_found'],
  audit: [],
  hasCreditsAlias: true,
  idempotent: true,
  example: {
    request: { key: 'demo_ThisIsNotARealKey11111' },
    response: {
      keyId: 'key_8fJ2mQw4Z',
      start: 'demo_This',
      enabled: true,
      name: 'Laptop',
      createdAt: 1767225600000,
      identity: { id: 'id_5tGh7Yb2N', externalId: 'user_42' },
    },
  },
});
