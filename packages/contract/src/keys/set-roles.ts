import Type from 'typebox';
import { largeBodyBytes, operation } from '../operation.ts';
import { keyId } from '../schemas/key.ts';
import { role, roleName } from '../schemas/role.ts';
import { onKey } from './key-access.ts';

export const setRoles = operation({
  id: 'keys.setRoles',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Set roles of a key',
  description: `Replaces the key's roles; an empty list removes all of them. Roles are never created implicitly: if one does not exist,
the response is 404 and nothing changes.`,
  input: Type.Object(
    {
      keyId,
      roles: Type.Array(roleName, {
        maxItems: 100,
        description: 'Names of all roles of the key. Ids are not accepted. Empty: none.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(role, { description: 'Roles of the key.' }),
  isPaged: false,
  access: [{ requires: onKey('update_key') }],
  errors: ['unkey/data/key_not_found', 'unkey/data/role_not_found'],
  audit: ['authorization.disconnect_role_and_key', 'authorization.connect_role_and_key'],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { keyId: 'key_8fJ2mQw4Z', roles: ['Editor'] },
    response: [{ id: 'role_9iOp3Lk6J', name: 'Editor' }],
  },
});
