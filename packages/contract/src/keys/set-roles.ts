import Type from 'typebox';
import { operation } from '../operation.ts';
import { keyId } from '../schemas/key.ts';
import { role, roleName } from '../schemas/role.ts';
import { onKey } from './key-access.ts';

export const setRoles = operation({
  id: 'keys.setRoles',
  method: 'POST',
  mode: 'write',
  summary: "Replace a key's roles",
  description: `Afterwards the key has exactly the listed roles; an empty list takes all away. Roles are never made in passing:
one that does not exist is refused with 404, and then nothing changes.`,
  input: Type.Object(
    {
      keyId,
      roles: Type.Array(roleName, {
        maxItems: 100,
        description: 'Names of all roles that the key shall have. Ids are not accepted. Empty: none.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(role, { description: 'The roles that the key has now.' }),
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
