import Type from 'typebox';
import { largeBodyBytes, operation } from '../operation.ts';
import { keyId } from '../schemas/key.ts';
import { role, roleName } from '../schemas/role.ts';
import { onKey } from './key-access.ts';

export const removeRoles = operation({
  id: 'keys.removeRoles',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Remove roles from a key',
  description: `A role that the key does not have is ignored. If one does not exist in the workspace, the response is 404 and nothing is
removed.`,
  input: Type.Object(
    {
      keyId,
      roles: Type.Array(roleName, {
        minItems: 1,
        maxItems: 100,
        description: 'Names of the roles to remove. Ids are not accepted.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(role, { description: 'Remaining roles of the key.' }),
  isPaged: false,
  access: [{ requires: onKey('update_key') }],
  errors: ['unkey/data/key_not_found', 'unkey/data/role_not_found'],
  audit: ['authorization.disconnect_role_and_key'],
  hasCreditsAlias: false,
  idempotent: true,
  example: { request: { keyId: 'key_8fJ2mQw4Z', roles: ['Editor'] }, response: [] },
});
