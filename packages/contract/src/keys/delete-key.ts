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
  description: `Verifications of the key return \`NOT_FOUND\` from now on, and it can no longer be managed. To disable a key for a time,
use \`keys.updateKey\` with \`enabled: false\`.`,
  input: Type.Object(
    {
      keyId,
      permanent: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            'true: erases everything about the key at once. false: the key is unreachable and is erased after 30 days; its hash stays taken. Default false.',
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
