import Type from 'typebox';
import { operation } from '../operation.ts';
import { empty } from '../schemas/empty.ts';
import { keyId } from '../schemas/key.ts';
import { onKey } from './key-access.ts';

export const deleteKey = operation({
  id: 'keys.deleteKey',
  method: 'POST',
  mode: 'write',
  summary: 'Delete a key',
  description: `From now on the key verifies as \`NOT_FOUND\` and cannot be managed any more. To stop a key for a while, update it
with \`enabled: false\`.`,
  input: Type.Object(
    {
      keyId,
      permanent: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            'true: erases all that is stored about the key at once. false: it is kept out of reach for 30 days; its hash stays taken after that. Default false.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  output: empty,
  isPaged: false,
  access: [{ requires: onKey('delete_key') }],
  errors: ['unkey/data/key_not_found'],
  audit: ['key.delete'],
  hasCreditsAlias: false,
  idempotent: true,
  example: { request: { keyId: 'key_8fJ2mQw4Z' }, response: {} },
});
